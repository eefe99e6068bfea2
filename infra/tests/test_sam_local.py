"""The functions in containers, as Lambda runs them: `sam local` with every sample event, and its API."""

import ipaddress
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from infra import ROOT
from infra.local.local_aws import TOOLS, architecture, lay_out
from infra.local.processes import Processes, free_port
from infra.local.stack import PORTAL, USER, Stack
from infra.tests.test_stack import NUMBERS
from infra.tests.test_template import TEMPLATE

# The first time, sam fetches the image that Lambda's functions run in.
pytestmark = pytest.mark.timeout(900)
EVENTS = ROOT / "events"
FOLDER = ROOT / ".local" / "sam-local"
TABLE = "numbers"
# sam local sets only variables that the template names. The local AWS has no CodeDeploy, and the
# function that the hook invokes shall run in a container too.
NAMED = '        AWS_ENDPOINT_URL: !If [IsLocal, "", !Ref AWS::NoValue]\n'
ALSO_NAMED = "".join(NAMED.replace("_URL:", f"_URL_{service}:") for service in ("LAMBDA", "CODEDEPLOY"))

# Status and numbers, as events/README.md lists them.
RESPONSES = {
    "known-portal": (200, NUMBERS),
    "base64-body": (200, NUMBERS),
    "rest-api-stage": (200, NUMBERS),
    "unknown-portal": (200, []),
    "unsigned": (401, None),
    "bad-signature": (401, None),
    "legacy-signature-only": (401, None),
    "malformed-body": (400, None),
    "missing-field": (400, None),
    "other-app": (403, None),
    "other-path": (404, None),
    "other-method": (405, None),
    "body-too-large": (413, None),
}
# isReady before the event, None if nothing is registered; the outcome; isReady after it.
OUTCOMES = {
    "create": (None, "SUCCESS", False),
    "update": (False, "SUCCESS", True),
    "delete": (True, "SUCCESS", None),
    "before-traffic": (True, "Succeeded", True),
    "check": (True, "done", True),
    "status": (True, "done", True),
    "verify": (True, "done", True),
    "hold": (True, "done", False),
    "release": (False, "done", True),
    "register": (None, "done", False),
    "unregister": (True, "done", None),
}


def names(function):
    return sorted(file.stem for file in (EVENTS / function).glob("*.json"))


class Outcome(BaseHTTPRequestHandler):
    """Takes the outcomes that CloudFormation (PUT) and CodeDeploy (POST) are told."""

    def do_PUT(self):
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_PUT


class Containers:
    """The functions in containers, and on this machine all that they call."""

    def __init__(self, host):
        self.stack = Stack(FOLDER, free_port(host), free_port(host), host)
        self.outcomes = HTTPServer((host, 0), Outcome)
        self.outcomes.told = []
        self.ports = {"start-api": free_port(host), "start-lambda": free_port(host)}
        self.host = host
        self.url = self.at(self.ports["start-api"]) + "numbers"

    def at(self, port):
        """Returns the address of a port of this machine, as containers call it."""
        return f"http://{self.host}:{port}/"

    def start(self, processes):
        """Starts the local AWS, the simulated HubSpot, and both functions behind an API and behind Lambda."""
        threading.Thread(target=self.outcomes.serve_forever, daemon=True).start()
        self.stack.start(processes)
        self.stack.outputs = {"NumbersTable": TABLE}
        self.template = lay_out(FOLDER / "cloud", 0, [(NAMED, NAMED + ALSO_NAMED)])
        table = TEMPLATE["Resources"]["NumbersTable"]["Properties"]
        shape = {name: table[name] for name in ("BillingMode", "AttributeDefinitions", "KeySchema")}
        self.stack.aws.client("dynamodb").create_table(TableName=TABLE, **shape)
        self.stack.load_numbers()
        for command, port in self.ports.items():
            options = ("--host", self.host, "--port", str(port), "--warm-containers", "EAGER")
            processes.start(command, self.sam(command, self.url, *options), self.stack.aws.env)
            processes.wait_for_port(command, port, self.host, seconds=600)

    def sam(self, command, url, *options):
        """Returns a `sam local` command for a webhook under a URL."""
        variables = {
            "WEBHOOK_URL": url,
            "NUMBERS_TABLE": TABLE,
            "NUMBERS_WEBHOOK_VERSION": "NumbersWebhookFunction",
            "AWS_ENDPOINT_URL": self.stack.aws.endpoint,
            "AWS_ENDPOINT_URL_LAMBDA": self.at(self.ports["start-lambda"]),
            "AWS_ENDPOINT_URL_CODEDEPLOY": self.at(self.outcomes.server_port),
        }
        file = FOLDER / f"{command}.json"
        file.write_text(json.dumps({"Parameters": variables}), encoding="utf-8")
        parameters = self.stack.parameters | {"Architecture": architecture()}
        return [
            *(str(TOOLS / "sam"), "local", command, *options, "--skip-pull-image"),
            *("--template", str(self.template), "--env-vars", str(file)),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        ]

    def invoke(self, function, kind, file, *options, url=None):
        """Sends a sample event, freshly signed, to a container of its own; returns event and response."""
        url = url or self.url
        made = self.stack.hubspot.event(kind, file, "--url", url, *options)
        ran = subprocess.run(
            self.sam("invoke", url, function, "--event", "-"),
            env=self.stack.aws.env,
            input=made,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(made), json.loads(ran.stdout)


def docker(*arguments):
    """Asks the container engine; returns an empty text if there is none."""
    command = ["docker", *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    except FileNotFoundError:
        return ""


@pytest.fixture(scope="module")
def containers():
    """The functions in containers, up until the last test of this module has ended."""
    networks = json.loads(docker("network", "inspect", "bridge") or "[]")
    if not networks:
        pytest.skip("no container engine answers")
    config = networks[0]["IPAM"]["Config"][0]
    # Docker may leave the gateway out; it is the network's first address then.
    host = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    try:
        free_port(host)
    except OSError:
        pytest.skip(f"containers call {host}, which is not this machine: this needs Docker Engine on Linux")
    with Processes(FOLDER) as processes:
        remove_containers()
        running = Containers(host)
        try:
            running.start(processes)
            yield running
        finally:
            processes.stop()
            running.outcomes.shutdown()
            remove_containers()


def remove_containers():
    """Removes the containers of sam commands that were killed."""
    for line in docker("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Mounts}}").splitlines():
        container, _, mounts = line.partition(" ")
        if f"{FOLDER}/" in mounts:
            docker("rm", "--force", container)


@pytest.mark.parametrize("name", names("numbers-webhook"))
def test_webhook_answers_each_sample_event(containers, name):
    # The event that a REST API's function gets has lost the stage that HubSpot signs.
    url = containers.url.replace("/numbers", "/prod/numbers") if name == "rest-api-stage" else containers.url
    file = EVENTS / "numbers-webhook" / f"{name}.json"
    _, response = containers.invoke("NumbersWebhookFunction", "numbers", file, url=url)
    assert (response["statusCode"], json.loads(response["body"]).get("phoneNumbers")) == RESPONSES[name]


@pytest.mark.parametrize("name", names("deploy-hook"))
def test_hook_acts_on_each_sample_event(containers, name):
    before, outcome, after = OUTCOMES[name]
    hubspot, told = containers.stack.hubspot, containers.outcomes.told
    told.clear()
    if before is not None:
        hubspot.register(containers.url, before)
    elif hubspot.settings():
        hubspot.write("DELETE")
    file = EVENTS / "deploy-hook" / f"{name}.json"
    # Actions and CodeDeploy wait for no response URL.
    waits = "ResponseURL" in json.loads(file.read_text(encoding="utf-8"))
    options = ("--response-url", containers.at(containers.outcomes.server_port)) if waits else ()
    event, response = containers.invoke("DeployHookFunction", "hook", file, *options)
    if "action" in event:
        assert (response["action"], response["done"], told) == (event["action"], True, [])
    else:
        # CodeDeploy's API has other capitals than its event.
        [fields] = [{key[0].upper() + key[1:]: value for key, value in one.items()} for one in told]
        assert fields["Status"] == outcome
        shared = event.keys() & fields.keys()
        assert shared
        assert [event[key] for key in shared] == [fields[key] for key in shared]
    assert hubspot.current() == ((None, None) if after is None else (containers.url, after))
    assert hubspot.violations() == []


def test_api_answers_hubspot_and_nobody_else(containers):
    hubspot = containers.stack.hubspot
    hubspot.register(containers.url, True)
    answer = hubspot.call(PORTAL, USER)["response"]
    assert answer == {"status": 200, "body": {"phoneNumbers": NUMBERS}, "violations": []}
    assert hubspot.call(PORTAL, USER, "tamperedBody")["response"]["status"] == 401
