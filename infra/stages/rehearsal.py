"""Any stage, rehearsed on the stack that `make run` keeps up: nothing of it reaches AWS or HubSpot.

    eval "$(make rehearse)"

signs a shell in to the local AWS, so that every command of infra/README.md can be tried there as it
stands. Commands for a stage come through here then, and get what is different on one machine.
"""

import os
import shlex
import sys
import time

from infra.local import running_stack
from infra.local.channelctl import PROGRAM
from infra.local.command_line import run
from infra.local.local_aws import TOOLS, architecture, environment, lay_out
from infra.local.processes import LOOPBACK, free_port
from infra.local.simulated_hubspot import APP_ID, SECRETS
from infra.stages import stage


def variables():
    """Returns the variables of a shell in which every command goes to the local stack; None unsets one."""
    programs = (os.environ["PATH"], str(TOOLS), os.path.dirname(PROGRAM))
    return environment(f"http://{LOOPBACK}:{running_stack.ports()['aws']}") | {
        "REHEARSAL": "1",
        "ARCHITECTURE": architecture(),
        # The usual one is that of the simulated HubSpot itself.
        "HUBSPOT_PORT": str(free_port()),
        "PATH": os.pathsep.join(programs),
    }


def sign_in():
    """Prints what a shell is to take over, and what is to be known there."""
    for name, value in variables().items():
        print(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    told = (
        "Every command of this shell goes to the local stack now; aws and channelctl are there too.",
        f"make secrets: the client secret is {SECRETS['HUBSPOT_CLIENT_SECRET']},"
        f" the developer API key {SECRETS['HUBSPOT_DEVELOPER_API_KEY']}.",
    )
    print("\n".join(f"echo {shlex.quote(line)}" for line in told))


def rehearse(command, name):
    """Runs a command for a stage, with the quick builds and the simulated HubSpot."""
    different = {
        "AppId": APP_ID,
        "HubSpotApiUrl": f"http://{LOOPBACK}:{running_stack.ports()['hubspot']}/",
        "AllowLocalUrls": "true",
        # The local AWS has no CodeDeploy.
        "Deployment": "AllAtOnce",
    }
    given = " ".join(f"{key}={value}" for key, value in different.items())
    os.environ["PARAMETERS"] = f"{given} {os.environ.get('PARAMETERS', '')}"
    if command in ("deploy", "diff"):
        os.environ["SAM_TEMPLATE"] = str(lay_out(running_stack.FOLDER / "rehearsed", time.time_ns()))
    return stage.main(command, name)


if __name__ == "__main__":
    sys.exit(run(rehearse if sys.argv[1:] else sign_in, *sys.argv[1:]))
