"""The whole stack on one machine: `run` keeps it up, `smoke` checks it and ends."""

import argparse
import json
import shutil
import sys
import time

from infra import ROOT
from infra.local import running_stack
from infra.local.channelctl import load
from infra.local.channelctl_checks import channelctl_checks
from infra.local.checks import check
from infra.local.command_line import run as run_command
from infra.local.local_aws import LocalAws, lay_out
from infra.local.processes import Processes, free_port, is_taken
from infra.local.progress import Trouble, step
from infra.local.registration_checks import registration_checks
from infra.local.sample_numbers import SAMPLE_NUMBERS
from infra.local.simulated_hubspot import SimulatedHubSpot
from infra.local.smoke import smoke_checks

PORTAL, USER = 62515, 4242

UP = """
The stack is up. In another terminal:

  look at the numbers  {hubspot}/ in a browser, as HubSpot's user sees them
  change a number      target/debug/channelctl --local numbers put --portal {portal} --name "Night shift"
  operate it           target/debug/channelctl --local status
  call as a user       curl -s {hubspot}/simulator/call -H 'content-type: application/json' \\
                         -d '{{"portalId":{portal},"userId":{user}}}'
  what HubSpot holds   curl -s {hubspot}/simulator
  a sample event       make invoke EVENT=known-portal
  the hook             make invoke EVENT=status
  the local AWS        {aws} (any AWS tool, with --endpoint-url)
  logs                 {logs}

Ctrl-C stops everything.
"""


class Stack:
    """The local AWS, the simulated HubSpot and the stack between them."""

    def __init__(self, folder, aws_port, hubspot_port):
        for port, variable in ((aws_port, "AWS_PORT"), (hubspot_port, "HUBSPOT_PORT")):
            if is_taken(port):
                raise Trouble(
                    f"Port {port} is taken by another program."
                    f" Choose another: make run {variable}={port + 10}"
                )
        self.folder = folder
        self.aws = LocalAws(aws_port, folder)
        self.hubspot = SimulatedHubSpot(hubspot_port)
        self.outputs, self.parameters, self.before, self.deploy_id = {}, {}, set(), 0

    def bring_up(self, processes):
        """Starts everything, deploys, and loads the sample numbers."""
        with step("local AWS", self.aws.endpoint):
            self.aws.start(processes)
        with step("HubSpot", f"{self.hubspot.url} (simulated)"):
            self.hubspot.start(processes)
        self.parameters = {"IsReady": "true"} | self.hubspot.parameters(self.aws)
        self.before = self.aws.inventory()
        self.deploy()
        with step("numbers", str(SAMPLE_NUMBERS.relative_to(ROOT))):
            load(self.outputs["NumbersTable"], SAMPLE_NUMBERS)

    def deploy(self, *moved, upgraded=False, **changed):
        """Deploys the template, with some parameters or texts of it other than before."""
        details = [new for _, new in moved[:1]] + [f"{name}={value}" for name, value in changed.items()]
        with step("deploy", " ".join(["infra/template.yaml", *details])):
            self.deploy_id = max(int(time.time()), self.deploy_id + 1)
            template = lay_out(self.folder / "cloud", self.deploy_id, moved, upgraded)
            self.outputs = self.aws.deploy(template, self.parameters | changed | {"DeployId": self.deploy_id})

    def show(self):
        """Lets HubSpot call, and prints what is registered and what was answered."""
        answered = self.hubspot.call(PORTAL, USER)
        print(f"\nRegistered with HubSpot:\n{json.dumps(self.hubspot.settings(), indent=2)}")
        print(f"\nPortal {PORTAL}, user {USER}, answered in {answered['milliseconds']} ms:")
        print(json.dumps(answered["answer"], indent=2), flush=True)


def run(arguments):
    """Keeps the stack up until Ctrl-C."""
    folder = running_stack.FOLDER
    processes = Processes(folder)
    try:
        stack = Stack(folder, arguments.aws_port, arguments.hubspot_port)
        stack.bring_up(processes)
        stack.show()
        running_stack.tell(aws=stack.aws.port, hubspot=stack.hubspot.port)
        print(
            UP.format(
                hubspot=stack.hubspot.url,
                aws=stack.aws.endpoint,
                portal=PORTAL,
                user=USER,
                logs=f"{folder.relative_to(ROOT)}/*.log",
            ),
            flush=True,
        )
        processes.watch()
    finally:
        running_stack.forget()
        if processes.stop():
            print("Stopped.", flush=True)


def smoke(_arguments):
    """Brings the stack up on free ports, checks it, takes it down, and checks that it is gone."""
    folder = ROOT / ".local" / "smoke"
    processes = Processes(folder)
    try:
        stack = Stack(folder, free_port(), free_port())
        stack.bring_up(processes)
        stack.show()
        passed = check(
            smoke_checks(stack, PORTAL, USER),
            channelctl_checks(stack, PORTAL, USER),
            registration_checks(stack),
        )
    finally:
        processes.stop()
    shutil.rmtree(folder / "tmp", ignore_errors=True)
    return 0 if passed else 1


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run", help=run.__doc__)
    running.add_argument("--aws-port", type=int, required=True)
    running.add_argument("--hubspot-port", type=int, required=True)
    running.set_defaults(command=run)
    commands.add_parser("smoke", help=smoke.__doc__).set_defaults(command=smoke)
    arguments = parser.parse_args()
    return run_command(arguments.command, arguments)


if __name__ == "__main__":
    sys.exit(main())
