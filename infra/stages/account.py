"""The AWS account that a stage is in, and the stage's stack there."""

import json
import os

import boto3
from botocore.exceptions import ClientError

from infra.local.local_aws import ONCE
from infra.local.progress import Trouble


class Account:
    """The account that the caller's credentials open, in the stage's region."""

    def __init__(self, stage):
        self.stage = stage
        # boto3 itself reads AWS_DEFAULT_REGION only.
        self.session = boto3.Session(region_name=stage.region or os.environ.get("AWS_REGION"))

    def client(self, service):
        """Returns a client of one service."""
        return self.session.client(service, config=ONCE)

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
        """Returns the stack's outputs by name."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack().get("Outputs", [])}

    def secret(self, arn):
        """Returns what a secret holds."""
        return json.loads(self.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])

    def invoke(self, function, event):
        """Invokes a function, and returns its answer."""
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        said = json.loads(answer["Payload"].read() or "null")
        if "FunctionError" in answer:
            reason = said.get("errorMessage", said)
            raise Trouble(f"The function failed: {reason}. See make logs STAGE={self.stage.name}")
        return said
