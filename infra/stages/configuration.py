"""The stages, as infra/samconfig.toml has them."""

import os
import shlex
from dataclasses import dataclass

import tomlkit

from infra import ROOT
from infra.local.progress import Trouble

FILE = ROOT / "infra" / "samconfig.toml"


@dataclass(frozen=True)
class Stage:
    """One stage: its name, its stack, its region if it names one, and its parameters."""

    name: str
    stack: str
    region: str | None
    parameters: dict


def read(name):
    """Reads a stage; PARAMETERS of the environment count more than the file."""
    stages = {
        key: value
        for key, value in tomlkit.parse(FILE.read_text(encoding="utf-8")).items()
        if key != "version"
    }
    if name not in stages:
        raise Trouble(
            f"There is no stage {name!r} in {FILE.relative_to(ROOT)}. There are: {', '.join(stages)}."
        )
    deploy = stages[name]["deploy"]["parameters"]
    parameters = pairs(deploy.get("parameter_overrides", []))
    parameters |= pairs(shlex.split(os.environ.get("PARAMETERS", "")))
    # An empty one is to be filled in, or left to the template.
    parameters = {key: value for key, value in parameters.items() if value}
    if "Architecture" in parameters:
        raise Trouble(
            "Leave Architecture to make: what is built is deployed. make deploy ARCHITECTURE=x86_64"
        )
    if "AppId" not in parameters:
        raise Trouble(f"Set AppId for {name} in {FILE.relative_to(ROOT)}: the id of your app in HubSpot.")
    return Stage(name, str(deploy["stack_name"]), deploy.get("region"), parameters)


def pairs(texts):
    """Splits NAME=VALUE texts."""
    for text in texts:
        if "=" not in text:
            raise Trouble(f"A parameter must be NAME=VALUE, not {text!r}.")
    return dict(str(text).split("=", 1) for text in texts)
