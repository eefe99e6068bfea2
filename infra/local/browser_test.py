"""The browser test of the simulator's page.

`chromium` says which browser it takes, `run` brings the stack up and goes through the page.
"""

import argparse
import os
import shutil
import subprocess
import sys

from infra import ROOT
from infra.local.command_line import run as run_command
from infra.local.processes import Processes, free_port
from infra.local.progress import Trouble
from infra.local.simulated_hubspot import APP_ID, SECRETS
from infra.local.stack import Stack

TESTS = ROOT / "infra" / "local" / "browser"
FETCHED = ROOT / ".local" / "browser"
PROGRAMS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def chromium():
    """Returns the system's Chromium, or the one that CHROMIUM names."""
    wanted = os.environ.get("CHROMIUM")
    for program in [wanted] if wanted else PROGRAMS:
        if found := shutil.which(program):
            return found
    raise Trouble(
        f"Missing: {wanted or 'Chromium'}. Debian, Ubuntu: apt install chromium;"
        " or name yours: CHROMIUM=/path/to/chrome"
    )


def find(_arguments):
    """Says which browser the test would take."""
    print(chromium())


def test(_arguments):
    """Brings the stack up on free ports, goes through its page as a user does, and takes it down."""
    folder, browser = ROOT / ".local" / "browser-test", chromium()
    processes = Processes(folder)
    try:
        stack = Stack(folder, free_port(), free_port())
        stack.bring_up(processes)
        # One after another: all of them change what the one simulated HubSpot holds.
        command = ["node", "--test", "--test-concurrency=1", "--test-timeout=300000"]
        command += ["--test-reporter=spec", *sorted(str(file) for file in TESTS.glob("*.test.js"))]
        return subprocess.run(command, env=environment(stack, browser), check=False).returncode
    finally:
        processes.stop()
        shutil.rmtree(folder / "tmp", ignore_errors=True)


def environment(stack, browser):
    """Says where the test finds everything."""
    return (
        os.environ
        | SECRETS
        | {
            "APP_ID": str(APP_ID),
            "AWS_ENDPOINT_URL": stack.aws.endpoint,
            "BROWSER_MODULES": str(FETCHED),
            "CHROMIUM": browser,
            "HOOK_FUNCTION": stack.outputs["DeployHookFunction"],
            "HUBSPOT_URL": stack.hubspot.url,
            "SCREENSHOT": str(FETCHED / "picker.png"),
            "SIMULATOR": stack.hubspot.program,
            "WEBHOOK_URL": stack.outputs["WebhookUrl"],
        }
    )


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("chromium", help=find.__doc__).set_defaults(command=find)
    commands.add_parser("run", help=test.__doc__).set_defaults(command=test)
    arguments = parser.parse_args()
    return run_command(arguments.command, arguments)


if __name__ == "__main__":
    sys.exit(main())
