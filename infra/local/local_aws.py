"""The local AWS, which is ministack, and the stack in it."""

import json
import os
import platform
import shutil
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra import QUICK_BUILDS, ROOT
from infra.local.processes import LOOPBACK
from infra.local.progress import StackError, run
from infra.package import FUNCTIONS, package

REGION = "us-east-1"
STACK = "channel-connection-local"
TOOLS = Path(sys.executable).parent
AwsError = (BotoCoreError, ClientError)
CONFIG = Config(
    # Above the hook's 90 s; no retry of a call that may have taken effect.
    read_timeout=100,
    retries={"total_max_attempts": 1},
    # The user's proxy knows nothing of this machine's ports.
    proxies={},
)


class LocalAws:
    """One ministack, known by its port, and by its host if containers call it."""

    def __init__(self, port, folder, host=LOOPBACK):
        self.endpoint = f"http://{host}:{port}"
        self.host, self.port = host, port
        self.folder = folder
        self.env = environment(self.endpoint) | {"TMPDIR": str(folder / "tmp")}

    def start(self, processes):
        """Starts ministack; the functions run as processes of its group."""
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        (self.folder / "tmp").mkdir()
        settings = {"BIND_HOST": self.host, "GATEWAY_PORT": str(self.port), "IOT_MTLS_ENABLED": "0"}
        processes.start("local-aws", [str(TOOLS / "ministack")], self.env | settings)
        processes.wait_for_port("local-aws", self.port, self.host)

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - ministack asks for none
            config=CONFIG,
        )

    def create_secret(self, name, content):
        response = self.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(content))
        return response["ARN"]

    def deploy(self, template, parameters):
        """Deploys the template, and returns the stack's outputs."""
        parameters = parameters | {"Architecture": architecture()}
        command = [
            *(str(TOOLS / "sam"), "deploy", "--template-file", str(template), "--stack-name", STACK),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--region", REGION),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        ]
        try:
            run(command, self.folder / "deploy.log", self.env)
        except StackError as error:
            raise StackError(f"The deploy failed.\n\n{self.failures()}\n\n{error}") from None
        return self.outputs()

    def describe(self):
        return self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]

    def outputs(self):
        return {output["OutputKey"]: output["OutputValue"] for output in self.describe()["Outputs"]}

    def delete(self):
        """Deletes the stack, and waits until it is gone."""
        client = self.client("cloudformation")
        client.delete_stack(StackName=STACK)
        client.get_waiter("stack_delete_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )

    def invoke(self, function, event):
        """Invokes a function and returns its response; an error names its logs."""
        response = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        body = json.loads(response["Payload"].read() or "null")
        if "FunctionError" in response:
            reason = body.get("errorMessage", body) if isinstance(body, dict) else body
            logs = os.path.relpath(self.folder / "local-aws.log")
            raise StackError(f"The function failed: {reason}. See {logs}")
        return body

    def put_secret(self, secret, content):
        self.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=json.dumps(content))

    def log_lines(self, since=0):
        """Yields every line that the functions logged since a time, in milliseconds."""
        logs = self.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            found = logs.filter_log_events(logGroupName=group["logGroupName"], startTime=since)
            yield from (event["message"] for event in found["events"])

    def failures(self):
        """Returns why resources failed in the last operation on the stack, in CloudFormation's words."""
        reasons = []
        try:
            events = self.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
        except ClientError:
            return "There is no stack."
        for event in events:
            name, status = event["LogicalResourceId"], event["ResourceStatus"]
            if name == STACK and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
                break
            # The stack's own reason only names its resources.
            if name != STACK and status.endswith("_FAILED"):
                reasons.insert(0, f"{name}: {event.get('ResourceStatusReason', 'no reason given')}")
        return "\n".join(reasons)


def environment(endpoint):
    """Returns this process's variables, but for the user's AWS and proxy those of the local AWS."""
    users = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(users)}
    return kept | {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Functions inherit this; without it they would call the real AWS.
        "AWS_ENDPOINT_URL": endpoint,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_CHECK_FOR_UPDATES": "0",
        "SAM_CLI_POLL_DELAY": "0.1",
    }


def architecture():
    """Returns this machine's processor, as AWS names it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def lay_out(folder, deploy_id, moved=(), upgraded=False):
    """Copies the template and the quick builds of the functions to where `sam deploy` finds them.

    The template names the optimised builds; a copy keeps one kind from being deployed for the other.
    `moved` replaces texts of the template; an upgraded function has a byte more behind its end.
    """
    tail = b"\n" if upgraded else b""
    for function in FUNCTIONS:
        package(QUICK_BUILDS / function, folder / "target" / "lambda" / function, tail, level=1)
    (folder / "infra").mkdir(exist_ok=True)
    template = (ROOT / "infra" / "template.yaml").read_text(encoding="utf-8")
    # The local AWS shows SAM the parameters' defaults only, and SAM makes a version of this one.
    declared = "  DeployId:\n    Type: String\n"
    for old, new in (*moved, (declared, f'{declared}    Default: "{deploy_id}"\n')):
        template = template.replace(old, new)
    place = folder / "infra" / "template.yaml"
    place.write_text(template, encoding="utf-8")
    return place
