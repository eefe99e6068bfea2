"""The whole stack on one machine: `make run` keeps it up, the tests bring up one of their own."""

import argparse
import json
import signal
import subprocess
import sys
import time

from infra import QUICK_BUILDS, ROOT
from infra.local.local_aws import STACK, AwsError, LocalAws, lay_out
from infra.local.processes import ENDINGS, LOOPBACK, Processes, is_taken
from infra.local.progress import StackError, step
from infra.local.simulated_hubspot import SECRETS, SimulatedHubSpot

CHANNELCTL = str(QUICK_BUILDS / "channelctl")
SAMPLE_NUMBERS = ROOT / "infra" / "local" / "sample-numbers.csv"
PORTAL, USER = 62515, 4242
# Where channelctl finds the ports of the stack that `make run` keeps up, for --local.
FOLDER = ROOT / ".local" / "run"
PORTS = FOLDER / "stack.json"

UP = """
The stack is up. In another terminal:

  look at the numbers  {hubspot}/ in a browser, as HubSpot's user sees them
  change a number      target/debug/channelctl --local numbers set --portal {portal} --name "Night shift"
  operate it           target/debug/channelctl --local status
  call as a user       curl -s {hubspot}/simulator/call -H 'content-type: application/json' \\
                         -d '{{"portalId":{portal},"userId":{user}}}'
  what HubSpot has     curl -s {hubspot}/simulator
  a sample event       HUBSPOT_CLIENT_SECRET={secret} \\
                         target/debug/hubspot-simulator event numbers --url {url} |
                         curl -sd @- {aws}/2015-03-31/functions/{function}/invocations
  the local AWS        {aws} (any AWS tool, with --endpoint-url)
  logs                 {logs}

Ctrl-C stops everything.
"""


class Stack:
    """The local AWS, the simulated HubSpot and the stack between them."""

    def __init__(self, folder, aws_port, hubspot_port, host=LOOPBACK):
        self.folder = folder
        self.aws = LocalAws(aws_port, folder, host)
        self.hubspot = SimulatedHubSpot(hubspot_port, host)
        self.outputs, self.parameters, self.deploy_id = {}, {}, 0

    def bring_up(self, processes):
        """Starts everything, deploys, and loads the sample numbers."""
        self.start(processes)
        self.deploy()
        self.load_numbers()

    def start(self, processes):
        with step("local AWS", self.aws.endpoint):
            self.aws.start(processes)
        with step("HubSpot", f"{self.hubspot.url} (simulated)"):
            self.hubspot.start(processes)
        self.parameters = {"IsReady": "true"} | self.hubspot.parameters(self.aws)

    def deploy(self, *moved, upgraded=False, **changed):
        """Deploys the template, with some of its parameters or texts changed."""
        details = [new for _, new in moved[:1]] + [f"{name}={value}" for name, value in changed.items()]
        with step("deploy", " ".join(["infra/template.yaml", *details])):
            self.deploy_id = max(int(time.time()), self.deploy_id + 1)
            template = lay_out(self.folder / "cloud", self.deploy_id, moved, upgraded)
            self.outputs = self.aws.deploy(template, self.parameters | changed | {"DeployId": self.deploy_id})

    def load_numbers(self):
        """Replaces the numbers with the sample numbers."""
        with step("numbers", str(SAMPLE_NUMBERS.relative_to(ROOT))):
            options = ("--replace", "--yes", "--table", self.outputs["NumbersTable"])
            loaded = self.run_channelctl("numbers", "import", SAMPLE_NUMBERS, *options)
            if loaded.returncode != 0:
                raise StackError(loaded.stderr.strip())

    def channelctl(self, *arguments):
        return self.run_channelctl("--stack", STACK, *arguments)

    def run_channelctl(self, *arguments):
        """Runs channelctl with nobody to ask."""
        return subprocess.run(
            [CHANNELCTL, *map(str, arguments)],
            env=self.aws.env | SECRETS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def hook(self, action):
        """Asks the deploy-hook for an action, and returns its report."""
        return self.aws.invoke(self.outputs["DeployHookFunction"], {"action": action})

    def show(self):
        """Lets HubSpot call, and prints what is registered and what was answered."""
        answered = self.hubspot.call(PORTAL, USER)
        print(f"\nRegistered with HubSpot:\n{json.dumps(self.hubspot.settings(), indent=2)}")
        print(f"\nPortal {PORTAL}, user {USER}, answered in {answered['milliseconds']} ms:")
        print(json.dumps(answered["response"], indent=2))
        print(
            UP.format(
                hubspot=self.hubspot.url,
                aws=self.aws.endpoint,
                function=self.outputs["NumbersWebhookFunction"],
                portal=PORTAL,
                user=USER,
                secret=SECRETS["HUBSPOT_CLIENT_SECRET"],
                url=self.outputs["WebhookUrl"],
                logs=f"{self.folder.relative_to(ROOT)}/*.log",
            ),
            flush=True,
        )


def run(aws_port, hubspot_port, only_check):
    """Keeps the stack up until Ctrl-C, or only checks whether it could be."""
    with Processes(FOLDER) as processes:
        check_ports(AWS_PORT=aws_port, HUBSPOT_PORT=hubspot_port)
        if only_check:
            return
        stack = Stack(FOLDER, aws_port, hubspot_port)
        try:
            stack.bring_up(processes)
            PORTS.write_text(json.dumps({"aws": aws_port, "hubspot": hubspot_port}), encoding="utf-8")
            stack.show()
            processes.watch()
        finally:
            PORTS.unlink(missing_ok=True)
            print("\nStopping.", flush=True)


def check_ports(**ports):
    """Fails if a port is taken or given twice, and names free ones."""
    if len(set(ports.values())) < len(ports):
        raise StackError(f"Expected different ports for {' and '.join(ports)}, got the same.")
    taken = [port for port in ports.values() if is_taken(port)]
    if taken:
        others = {
            name: next(one for one in range(port, port + 1000, 10) if not is_taken(one))
            for name, port in ports.items()
        }
        raise StackError(
            f"Already taken: port {' and '.join(map(str, taken))}, maybe by the stack of another checkout."
            f" Take free ones: make run {' '.join(f'{name}={port}' for name, port in others.items())}"
        )


def port(text):
    """Reads a port from the command line."""
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, got {text}")
    return int(text)


def main():
    """Reads the command line; an error ends the run with a line rather than a trace."""
    parser = argparse.ArgumentParser(description=__doc__, usage="make run [AWS_PORT=N] [HUBSPOT_PORT=N]")
    parser.add_argument("--aws-port", type=port, required=True)
    parser.add_argument("--hubspot-port", type=port, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    for ending in ENDINGS:
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        run(arguments.aws_port, arguments.hubspot_port, arguments.check)
    except KeyboardInterrupt:
        pass  # The way to end it.
    except (StackError, OSError, *AwsError) as error:
        return f"\n{error}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
