"""The stages, as infra/samconfig.toml has them."""

import os
import shlex
from dataclasses import dataclass

import tomlkit
from samcli.yamlhelper import yaml_parse
from tomlkit.exceptions import TOMLKitError

from infra import ROOT
from infra.local.progress import Trouble

FILE = ROOT / "infra" / "samconfig.toml"
SHOWN = FILE.relative_to(ROOT)


@dataclass(frozen=True)
class Stage:
    """One stage: its name, its stack, its region if it names one, and its parameters."""

    name: str
    stack: str
    region: str | None
    parameters: dict


def read(name):
    """Reads a stage."""
    try:
        stages = tomlkit.parse(FILE.read_text(encoding="utf-8"))
    except TOMLKitError as error:
        raise Trouble(f"{SHOWN} is not TOML: {error}") from None
    known = [key for key in stages if key != "version"]
    if name not in known:
        raise Trouble(f"There is no stage {name!r} in {SHOWN}. There are: {', '.join(known)}.")
    deploy = stages[name].get("deploy", {}).get("parameters", {})
    if "stack_name" not in deploy:
        raise Trouble(f"Set stack_name for {name} in {SHOWN}, under [{name}.deploy.parameters].")
    parameters = given(name, deploy.get("parameter_overrides", []))
    return Stage(name, str(deploy["stack_name"]), deploy.get("region"), defaults() | parameters)


def given(name, overrides):
    """Returns the parameters that are given; PARAMETERS of the environment count more than the file."""
    parameters = pairs(overrides) | pairs(words(os.environ.get("PARAMETERS", "")))
    # An empty one is to be filled in, or left to the template.
    parameters = {key: value for key, value in parameters.items() if value}
    if unknown := parameters.keys() - declared().keys():
        raise Trouble(
            f"infra/template.yaml has no parameter {', '.join(sorted(unknown))}. infra/README.md lists them."
        )
    if "Architecture" in parameters:
        raise Trouble(
            "Leave Architecture to make: what is built is deployed. make deploy ARCHITECTURE=x86_64"
        )
    if "AppId" not in parameters:
        raise Trouble(f"Set AppId for {name} in {SHOWN}: the id of your app in HubSpot.")
    return parameters


def declared():
    """Returns the template's parameters."""
    return yaml_parse((ROOT / "infra" / "template.yaml").read_text(encoding="utf-8"))["Parameters"]


def defaults():
    """Returns what the template gives a parameter that is not named.

    CloudFormation would give it the value of the deploy before: what was said once would stay.
    """
    return {name: str(one["Default"]) for name, one in declared().items() if "Default" in one}


def words(text):
    """Splits a text as a shell would."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Trouble(f"PARAMETERS={text} cannot be read: {error}.") from None


def pairs(texts):
    """Splits NAME=VALUE texts."""
    for text in texts:
        if "=" not in text:
            raise Trouble(f"A parameter must be NAME=VALUE, not {text!r}.")
    return dict(str(text).split("=", 1) for text in texts)
