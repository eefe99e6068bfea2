"""The functions in containers, as on Lambda: `check` sends every sample event, `start-api` serves."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress

from infra import ROOT
from infra.local import numbers_table
from infra.local.channelctl import fresh, load
from infra.local.checks import check
from infra.local.command_line import run as run_command
from infra.local.container_engine import engines_host, remove_containers
from infra.local.local_aws import TOOLS, LocalAws, architecture, lay_out
from infra.local.outcomes import Receiver
from infra.local.processes import Processes, free_port, is_taken
from infra.local.progress import Trouble, step
from infra.local.sam_checks import WEBHOOK, api_checks, hook_checks, webhook_checks
from infra.local.sample_numbers import SAMPLE_NUMBERS
from infra.local.simulated_hubspot import SECRETS, SimulatedHubSpot
from infra.local.stack import PORTAL, USER

TABLE = "numbers"
# The first time, sam fetches the image that Lambda's functions run in.
PATIENCE_SECONDS = 600

# sam local sets no variable that the template does not name, and these are two more for the copy that
# it reads: the local AWS has no CodeDeploy, and what the hook invokes shall run in a container too.
NAMED = '          AWS_ENDPOINT_URL: !If [IsLocal, "", !Ref AWS::NoValue]\n'
ALSO_NAMED = "".join(NAMED.replace("_URL:", f"_URL_{service}:") for service in ("LAMBDA", "CODEDEPLOY"))

UP = """
The webhook answers in a container. In another terminal:

  call as a user       curl -s {hubspot}/simulator/call -H 'content-type: application/json' \\
                         -d '{{"portalId":{portal},"userId":{user}}}'
  call as a stranger   curl -si {url} -d '{{}}'
  logs                 {logs}

Ctrl-C stops everything.
"""


class Containers:
    """The functions in containers, and all that they call on this machine."""

    def __init__(self, folder, host, api_port):
        self.folder, self.host = folder, host
        self.aws = LocalAws(free_port(host), folder, host)
        self.hubspot = SimulatedHubSpot(free_port(host), host)
        self.receiver = Receiver(host)
        self.ports = {"start-api": api_port, "start-lambda": free_port(host)}
        self.url = f"{self.at(api_port)}numbers"
        self.template, self.parameters = None, {}

    def at(self, port):
        """Returns where containers find a port of this machine."""
        return f"http://{self.host}:{port}/"

    def bring_up(self, processes):
        """Starts what the functions call, and the API."""
        with step("local AWS", self.aws.endpoint):
            self.aws.start(processes)
            self._fill_aws()
        with step("HubSpot", f"{self.hubspot.url} (simulated)"):
            self.hubspot.start(processes)
        with step("functions", "the quick builds"):
            self.template = lay_out(self.folder / "cloud", 0, [(NAMED, NAMED + ALSO_NAMED)])
        self.serve("start-api", processes)

    def serve(self, command, processes):
        """Keeps both functions in containers, behind API Gateway or Lambda as sam simulates them."""
        port = self.ports[command]
        with step("containers", f"sam local {command}, {self.at(port)}"):
            options = ("--host", self.host, "--port", str(port), "--warm-containers", "EAGER")
            process = processes.start(command, self._sam(command, *options), os.environ)
            processes.wait_for_port(command, process, port, self.host, PATIENCE_SECONDS)

    def invoke(self, function, file):
        """Sends a sample event, made fresh, to a container of its own; returns event and answer."""
        # What reaches a REST API's function has lost the stage that HubSpot signs.
        url = self.url.replace("/numbers", "/prod/numbers") if file.stem == "rest-api-stage" else self.url
        event = fresh(file, "--url", url, response_url=self.receiver.url, **SECRETS)
        command = self._sam("invoke", function, "--event", "-", url=url)
        with open(self.log(file), "wb") as log:
            ran = subprocess.run(
                command, input=json.dumps(event).encode(), stdout=subprocess.PIPE, stderr=log, check=False
            )
        try:
            return event, json.loads(ran.stdout)
        except ValueError:
            return event, ran.stdout.decode(errors="replace")

    def log(self, file):
        """Returns where the log of an event goes."""
        return self.folder / f"{file.stem}.log"

    def _fill_aws(self):
        numbers_table.create(self.aws.client("dynamodb"), TABLE)
        load(TABLE, SAMPLE_NUMBERS)
        self.parameters = {"Architecture": architecture()} | self.hubspot.parameters(self.aws)

    def _sam(self, command, *options, url=None):
        variables = {
            "WEBHOOK_URL": url or self.url,
            "NUMBERS_TABLE": TABLE,
            "NUMBERS_WEBHOOK_VERSION": WEBHOOK,
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "AWS_ENDPOINT_URL_LAMBDA": self.at(self.ports["start-lambda"]),
            "AWS_ENDPOINT_URL_CODEDEPLOY": self.receiver.url,
        }
        file = self.folder / f"{command}.json"
        file.write_text(json.dumps({"Parameters": variables}), encoding="utf-8")
        return [
            *(str(TOOLS / "sam"), "local", command, *options, "--skip-pull-image"),
            *("--template", str(self.template), "--env-vars", str(file)),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in self.parameters.items())),
        ]


@contextmanager
def cleared_up(folder):
    """Gives processes to start, and leaves behind neither them nor containers of theirs."""
    processes = Processes(folder)
    remove_containers(folder)
    try:
        yield processes
    finally:
        processes.stop()
        remove_containers(folder)
        shutil.rmtree(folder / "tmp", ignore_errors=True)


def check_all(_arguments):
    """Sends every sample event to a container, and calls the API in one."""
    folder, host = ROOT / ".local" / "sam-local", engines_host("sam-local")
    with cleared_up(folder) as processes:
        containers = Containers(folder, host, free_port(host))
        containers.bring_up(processes)
        containers.serve("start-lambda", processes)
        print(flush=True)
        passed = check(webhook_checks(containers), hook_checks(containers), api_checks(containers))
    return 0 if passed else 1


def start_api(arguments):
    """Keeps the API up, in containers, until Ctrl-C."""
    folder, host = ROOT / ".local" / "start-api", engines_host("start-api")
    if is_taken(arguments.port, host):
        another = f"make start-api API_PORT={arguments.port + 10}"
        raise Trouble(f"Port {arguments.port} is taken by another program. Choose another: {another}")
    with suppress(KeyboardInterrupt), cleared_up(folder) as processes:
        containers = Containers(folder, host, arguments.port)
        containers.bring_up(processes)
        containers.hubspot.register(containers.url, True)
        logs = f"{folder.relative_to(ROOT)}/*.log"
        hubspot = containers.hubspot.url
        print(UP.format(hubspot=hubspot, url=containers.url, portal=PORTAL, user=USER, logs=logs), flush=True)
        processes.watch()
    print("Stopped.", flush=True)
    return 0


def engine(arguments):
    """Tells whether containers can run, before minutes go into a build."""
    engines_host(arguments.goal)
    return 0


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("check", help=check_all.__doc__).set_defaults(command=check_all)
    serving = commands.add_parser("start-api", help=start_api.__doc__)
    serving.add_argument("--port", type=int, required=True)
    serving.set_defaults(command=start_api)
    asking = commands.add_parser("engine", help=engine.__doc__)
    asking.add_argument("goal")
    asking.set_defaults(command=engine)
    arguments = parser.parse_args()
    return run_command(arguments.command, arguments)


if __name__ == "__main__":
    sys.exit(main())
