"""The local AWS: ministack, the stack in it, and what AWS's own users would do with them."""

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
from infra.local.progress import CommandFailed, Trouble, run
from infra.package import package

REGION = "us-east-1"
STACK = "channel-connection-local"
FUNCTIONS = ("numbers-webhook", "deploy-hook")
TOOLS = Path(sys.executable).parent
# With a read timeout above the hook's 90 s, and no second try of what may have been done.
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=100, connect_timeout=5)


class LocalAws:
    """One ministack, known by its port, and by its host where containers are to reach it."""

    def __init__(self, port, folder, host=LOOPBACK):
        self.endpoint = f"http://{host}:{port}"
        self.host, self.port = host, port
        self.folder = folder
        leave_users_account(self.endpoint)
        os.environ["TMPDIR"] = str(folder / "tmp")

    def start(self, processes):
        """Starts ministack; its functions run as processes of its group."""
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        (self.folder / "tmp").mkdir()
        settings = {"BIND_HOST": self.host, "GATEWAY_PORT": str(self.port), "IOT_MTLS_ENABLED": "0"}
        process = processes.start("local-aws", [str(TOOLS / "ministack")], os.environ | settings)
        processes.wait_for_port("local-aws", process, self.port, self.host)

    def client(self, service):
        """Returns a client of one service."""
        return boto3.client(service)

    def create_secret(self, name, content):
        """Keeps a secret and returns its ARN."""
        answer = self.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(content))
        return answer["ARN"]

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
            run(command, self.folder / "deploy.log")
        except CommandFailed as failure:
            reasons = "\n".join(self.failures()) or failure.last_lines
            raise Trouble(f"The deploy failed.\n\n{reasons}\n\n{failure}") from None
        return self.outputs()

    def resources(self):
        """Returns the stack's resources, as logical id to type and physical id."""
        listed = self.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        return {one["LogicalResourceId"]: (one["ResourceType"], one["PhysicalResourceId"]) for one in listed}

    def live(self):
        """Returns which version of the webhook HubSpot's requests go to, and the hash of its code."""
        function = self.outputs()["NumbersWebhookFunction"]
        alias = self.client("lambda").get_function_configuration(FunctionName=function, Qualifier="live")
        return alias["Version"], alias["CodeSha256"]

    def inventory(self):
        """Lists what there is in the account, of the kinds that the template makes."""
        listings = (
            ("lambda", "list_functions", "Functions", "FunctionName"),
            ("apigatewayv2", "get_apis", "Items", "ApiId"),
            ("logs", "describe_log_groups", "logGroups", "logGroupName"),
            ("iam", "list_roles", "Roles", "RoleName"),
            ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
            ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
            ("secretsmanager", "list_secrets", "SecretList", "Name"),
            ("dynamodb", "list_tables", "TableNames", None),
        )
        found = set()
        for service, operation, field, name in listings:
            listed = getattr(self.client(service), operation)()[field]
            found |= {(service, one if name is None else one[name]) for one in listed}
        return found

    def state(self):
        """Returns the stack's state, as CloudFormation names it."""
        return self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]

    def failures(self):
        """Returns why resources of the stack failed; nothing where there is no stack."""
        try:
            return failures(self.client("cloudformation"), STACK)
        except ClientError:
            return []

    def outputs(self):
        """Returns what the stack says of itself."""
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def delete(self):
        """Deletes the stack, and waits until it is gone."""
        client = self.client("cloudformation")
        client.delete_stack(StackName=STACK)
        client.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})

    def logs(self):
        """Returns everything that the functions logged, as one text."""
        client = self.client("logs")
        groups = client.describe_log_groups()["logGroups"]
        events = (client.filter_log_events(logGroupName=group["logGroupName"])["events"] for group in groups)
        return "\n".join(event["message"] for group in events for event in group)

    def invoke(self, function, event):
        """Invokes a function and returns what it answered."""
        return invoke(boto3, function, event, os.path.relpath(self.folder / "local-aws.log"))


def invoke(session, function, event, logs):
    """Invokes a function and returns what it answered; if it failed, its logs may say why."""
    client = session.client("lambda", config=ONCE)
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    said = json.loads(answer["Payload"].read() or "null")
    if "FunctionError" in answer:
        reason = said.get("errorMessage", said) if isinstance(said, dict) else said
        raise Trouble(f"The function failed: {reason}. See {logs}")
    return said


def failures(client, stack):
    """Returns why resources failed in what was last done to a stack, in CloudFormation's words."""
    reasons = []
    for event in client.describe_stack_events(StackName=stack)["StackEvents"]:
        status, is_stack = event["ResourceStatus"], event.get("PhysicalResourceId") == event["StackId"]
        if is_stack and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
            break
        # The stack's own reason only names them.
        if not is_stack and status.endswith("_FAILED"):
            reason = event.get("ResourceStatusReason", "no reason given")
            reasons.insert(0, f"{event['LogicalResourceId']}: {reason}")
    return reasons


def leave_users_account(endpoint):
    """Points this process, and every one it starts, at the local AWS and at nothing else."""
    for name, value in environment(endpoint).items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def environment(endpoint):
    """Returns the variables that lead to the local AWS; None stands for what must not be set."""
    # A proxy of the user's knows nothing of this machine's ports.
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    users = {name for name in os.environ if name.startswith("AWS_") or name.upper() in proxies}
    return dict.fromkeys(users) | {
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
    }


def architecture():
    """This machine's processor, as AWS names it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def lay_out(folder, deploy_id, moved=(), upgraded=False):
    """Puts the template and the quick builds of the functions where `sam deploy` finds them.

    `moved` lists texts of the template and what stands in their place, to try another URL; an
    upgraded function is the same program with a byte behind its end.

    The template names its functions by where `make build` puts the optimised builds. A copy of it,
    with the quick builds beside it in the same way, keeps one from being deployed for the other.
    """
    for function in FUNCTIONS:
        package(
            QUICK_BUILDS / function, folder / "target" / "lambda" / function, tail=b"\n" if upgraded else b""
        )
    (folder / "infra").mkdir(exist_ok=True)
    template = (ROOT / "infra" / "template.yaml").read_text(encoding="utf-8")
    # The local AWS shows SAM the parameters' defaults only, and SAM makes a version of this one.
    declared = "  DeployId:\n    Type: String\n"
    for old, new in (*moved, (declared, f'{declared}    Default: "{deploy_id}"\n')):
        template = template.replace(old, new)
    place = folder / "infra" / "template.yaml"
    place.write_text(template, encoding="utf-8")
    return place


AwsError = (BotoCoreError, ClientError)
