"""Any stage, rehearsed on the stack that `make run` keeps up: nothing of it reaches AWS or HubSpot.

    eval "$(make rehearse)"

signs a shell in to the local AWS, so that every command of infra/README.md can be tried there as it
stands. Commands for a stage come through here then, and get what is different on one machine.
"""

import json
import os
import shlex
import sys
import time
from pathlib import Path

from infra import ROOT
from infra.local.local_aws import architecture, environment, lay_out
from infra.local.processes import is_taken
from infra.local.progress import Trouble, complain
from infra.local.simulated_hubspot import APP_ID, SECRETS
from infra.stages import stage

FOLDER = "REHEARSAL"


def ports(folder):
    """Returns the ports of the stack that is up."""
    try:
        found = json.loads((folder / "stack.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = {}
    if not found or not is_taken(found["aws"]):
        raise Trouble("No local stack is up in this checkout. Start it in another terminal: make run")
    return found


def variables(folder):
    """Returns the variables of a shell in which every command goes to the local stack; None unsets one."""
    return environment(f"http://127.0.0.1:{ports(folder)['aws']}") | {FOLDER: str(folder)}


def sign_in():
    """Prints what a shell is to take over, and what is to be known there."""
    for name, value in variables(ROOT / ".local" / "run").items():
        print(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    told = (
        "Every command of this shell goes to the local stack now.",
        f"HubSpot's app is {APP_ID}; it holds one URL: channelctl --local remove makes room for a stage's.",
        f"make secrets: {SECRETS['HUBSPOT_CLIENT_SECRET']}, and as developer API key"
        f" {SECRETS['HUBSPOT_DEVELOPER_API_KEY']}.",
    )
    print("\n".join(f"echo {shlex.quote(line)}" for line in told))


def rehearse(command, name):
    """Runs a command for a stage, with the quick builds and the simulated HubSpot."""
    folder = Path(os.environ[FOLDER])
    different = {
        "AppId": APP_ID,
        "HubSpotApiUrl": f"http://127.0.0.1:{ports(folder)['hubspot']}/",
        "AllowLocalUrls": "true",
        "Architecture": architecture(),
        # The local AWS has no CodeDeploy.
        "Deployment": "AllAtOnce",
    }
    given = " ".join(f"{key}={value}" for key, value in different.items())
    os.environ["PARAMETERS"] = f"{given} {os.environ.get('PARAMETERS', '')}"
    os.environ["SAM_TEMPLATE"] = str(lay_out(ROOT, folder / "rehearsed", time.time_ns()))
    return stage.main(command, name)


def main(arguments):
    """Signs a shell in, or runs COMMAND STAGE there."""
    try:
        return rehearse(*arguments) if arguments else sign_in()
    except Trouble as trouble:
        complain(trouble)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
