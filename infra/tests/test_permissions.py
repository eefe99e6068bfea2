"""CloudFormation's role grants what AWS's own handlers of the template's resources call, and no more.

cfn-lint ships the published resource schemas, which list the permissions of each handler.
"""

import json
from fnmatch import fnmatchcase

import pytest

from infra.tests.test_template import DATA, TEMPLATE, parts, read, statements

SCHEMAS = DATA / "schemas"
# SAM makes these of a function with an alias.
SAM_TYPES = {"AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"}
NAMED = {one["Type"] for one in TEMPLATE["Resources"].values() if one["Type"].startswith("AWS::")}
TYPES = sorted(NAMED - {"AWS::Serverless::Function"} | SAM_TYPES)
# Handlers list all that any resource of their type may need; this stack's resources do without these.
NOT_NEEDED = {
    "the table has no replica, import, stream, time to live or policy, and CloudFormation touches no row": (
        *("dynamodb:*Replica", "dynamodb:*KinesisStreamingDestination"),
        *("dynamodb:ImportTable", "dynamodb:UpdateTimeToLive", "dynamodb:*ResourcePolicy"),
        *("dynamodb:UpdateContributorInsights", "dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan"),
        *("kinesis:*", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObjectMetadata", "s3:ListBucket"),
    ),
    "the functions have no network, file system, signing, scaling or provisioned concurrency of their own": (
        *("ec2:*", "elasticfilesystem:*", "s3files:*", "lambda:*CodeSigningConfig"),
        *("lambda:PutFunctionRecursionConfig", "lambda:PutFunctionScalingConfig"),
        *("lambda:PutRuntimeManagementConfig", "lambda:*ProvisionedConcurrencyConfig"),
        *("lambda:PassCapacityProvider", "lambda:AssociateRuntimeAlias"),
    ),
    "the artifacts are named without a version": ("s3:GetObjectVersion",),
    "the log groups have no policy, index, bearer token or delivery to Firehose and S3": (
        *("logs:PutDataProtectionPolicy", "logs:*IndexPolicy", "logs:PutBearerTokenAuthentication"),
        *("logs:PutLogGroupDeletionProtection", "logs:DeleteResourcePolicy"),
        *("firehose:*", "s3:REST.PUT.OBJECT"),
    ),
    "the topic has no data protection policy": ("sns:PutDataProtectionPolicy",),
    "the secrets are neither generated nor replicated": (
        *("secretsmanager:GetRandomPassword", "secretsmanager:*Replicat*"),
    ),
    "the key is named by its ARN, and AWS's services retire their own grants": (
        *("kms:ListAliases", "kms:RevokeGrant"),
    ),
    "the zone is named by its id": ("route53:ListHostedZones",),
    "CodeDeploy knows no machines": ("codedeploy:RegisterOnPremisesInstance",),
    "no pipeline takes a boundary off a role": ("iam:DeleteRolePermissionsBoundary",),
}
# What is granted although no handler lists it.
NOT_LISTED = {
    "CloudFormation runs SAM's transform, and invokes the hook": (
        *("cloudformation:CreateChangeSet", "lambda:InvokeFunction"),
    ),
    "API Gateway asks for these in the caller's name: for an access log, and for a domain name": (
        *("logs:*LogDeliver*", "apigateway:*Certificate*"),
    ),
    "the schema of a record set has handlers since 2026 only": ("route53:*",),
}


def actions(statement):
    """Returns a statement's actions."""
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


STATEMENTS = statements(read("pipeline-role.yaml")["Resources"]["CloudFormationRole"]["Properties"])
GRANTED = {action for statement in STATEMENTS for action in actions(statement)}


def called(kind):
    """Returns what CloudFormation's handlers of a resource type call for a stack."""
    index = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    schema = json.loads((SCHEMAS / "resources" / f"{index[kind]}.json").read_text(encoding="utf-8"))
    handlers = schema.get("handlers", {})
    return {
        action for name, handler in handlers.items() if name != "list" for action in handler["permissions"]
    }


def matches(action, patterns):
    """Tells whether a pattern covers an action, as IAM compares them."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


@pytest.mark.parametrize("kind", TYPES)
def test_role_grants_what_the_handlers_call(kind):
    excepted = [pattern for patterns in NOT_NEEDED.values() for pattern in patterns]
    missing = [action for action in called(kind) if not matches(action, GRANTED)]
    assert [action for action in missing if not matches(action, excepted)] == []


def test_handlers_call_what_the_role_grants():
    listed = {action for kind in TYPES for action in called(kind)}
    excepted = [pattern for patterns in NOT_LISTED.values() for pattern in patterns]
    unused = [granted for granted in GRANTED if not any(matches(action, [granted]) for action in listed)]
    assert [action for action in unused if not matches(action, excepted)] == []


def test_role_may_pass_the_roles_of_the_template_only():
    passed = [one["Resource"] for one in STATEMENTS if "iam:PassRole" in actions(one)]
    names = {text.rpartition("/")[2] for text in parts(passed) if isinstance(text, str)}
    roles = [name for name, one in TEMPLATE["Resources"].items() if one["Type"] == "AWS::IAM::Role"]
    assert names == {f"${{StackName}}-{role}-*" for role in roles}
