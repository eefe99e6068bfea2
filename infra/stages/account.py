"""The AWS account that a stage is in, and the stage's stack there."""

import json
import os
from contextlib import suppress

import boto3
from botocore.exceptions import ClientError

from infra.local import local_aws
from infra.local.progress import Trouble


class Account:
    """The account that the caller's credentials open, in the stage's region."""

    def __init__(self, stage):
        self.stage = stage
        # boto3 itself reads AWS_DEFAULT_REGION only.
        self.session = boto3.Session(region_name=stage.region or os.environ.get("AWS_REGION"))

    def client(self, service):
        """Returns a client of one service."""
        return self.session.client(service)

    def describe(self):
        """Says which stack is meant, in which account and region."""
        number = self.client("sts").get_caller_identity()["Account"]
        return f"{self.stage.stack} in account {number}, {self.session.region_name or 'no region'}"

    def find(self):
        """Returns what CloudFormation says of the stack, or nothing where there is none."""
        try:
            return self.client("cloudformation").describe_stacks(StackName=self.stage.stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
        return None

    def stack(self):
        """Returns what CloudFormation says of the stack, which must be there."""
        if found := self.find():
            return found
        raise Trouble(f"There is no {self.describe()}. Deploy it first: make deploy STAGE={self.stage.name}")

    def outputs(self):
        """Returns the stack's outputs by name, which it has from its first deploy that succeeds."""
        stack = self.stack()
        if found := outputs_of(stack):
            return found
        raise Trouble(
            f"{self.stage.stack} has no outputs: it is {stack['StackStatus']}."
            f" What to do: make status STAGE={self.stage.name}"
        )

    def secret(self, arn):
        """Returns the texts that a secret holds by name, none where it is no JSON object."""
        text = self.client("secretsmanager").get_secret_value(SecretId=arn).get("SecretString", "")
        held = None
        with suppress(ValueError):
            held = json.loads(text)
        fields = held.items() if isinstance(held, dict) else ()
        return {name: text for name, text in fields if isinstance(text, str)}

    def invoke(self, function, event):
        """Invokes a function, and returns its answer."""
        return local_aws.invoke(self.session, function, event, f"make logs STAGE={self.stage.name}")


def outputs_of(stack):
    """Returns the outputs by name of what CloudFormation says of a stack."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
