"""The faults that the checks must find: each a text of a file, and what stands in its place."""

import sys
from pathlib import Path
from typing import NamedTuple

STACK = "infra/template.yaml"
PIPELINE = "infra/pipeline-role.yaml"
TABLE_CODE = "functions/numbers-webhook/src/numbers_table.rs"
HOOK_CODE = "functions/deploy-hook/src/lifecycle.rs"
PYTHON = (sys.executable, "-m")
LEAST_PRIVILEGE = (*PYTHON, "infra.checks.least_privilege", STACK, "functions")
WILDCARDS = (*PYTHON, "infra.checks.wildcards", STACK, PIPELINE)
SECRECY = (*PYTHON, "infra.checks.secrecy", STACK)
VERSIONS = (*PYTHON, "infra.checks.versions", STACK)
CHECKOV = (
    str(Path(sys.executable).parent / "checkov"),
    *("--skip-download", "--quiet", "--compact", "--framework", "cloudformation", "-f", STACK),
)


class Fault(NamedTuple):
    """What is seeded: a text of a file, what stands in its place, and what a check must then say."""

    name: str
    file: str
    text: str
    replacement: str
    check: tuple
    said: str


QUERY = "                Action: dynamodb:Query\n"
TABLE = "Resource: !GetAtt NumbersTable.Arn"
READ = "                Action: secretsmanager:GetSecretValue\n                Resource: !If"
DECRYPT = "                - {Effect: Allow, Action: kms:Decrypt, Resource: !Ref KmsKeyArn}\n"
DELETE = DECRYPT.replace("kms:Decrypt", '"dynamodb:DeleteItem"')
BILLING = "      BillingMode: PAY_PER_REQUEST\n"
EVERYBODYS = """      ResourcePolicy:
        PolicyDocument:
          Statement: [{Effect: Allow, Principal: {AWS: ["*"]}, Action: dynamodb:Query, Resource: "*"}]
"""
SOURCE = "      SourceArn: !Sub arn:${AWS::Partition}:execute-api:"
ROLE = "      Role: !GetAtt NumbersWebhookRole.Arn\n"
FUNCTION = "  NumbersWebhookFunction:\n    Type"
POLICY = """  Extra:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: extra, Roles: [!Ref NumbersWebhookRole], PolicyDocument: {Statement: []}}
"""
X_RAY = "iam::aws:policy/AWSXRayDaemonWriteAccess"
KEY = "      KmsKeyId: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n"
TABLE_KEY = "        - {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !Ref KmsKeyArn}"
TABLES = ":dynamodb:${AWS::Region}:${AWS::AccountId}:table/${StackName}-*"
USE = "use aws_sdk_codedeploy::"
STOP = (
    "async fn stop(codedeploy: &Client) { let _ = codedeploy\n    .stop_deployment()\n    .send().await; }\n"
)
FAULTS = (
    Fault("a wildcard action", STACK, QUERY, QUERY.replace("Query", "*"), WILDCARDS, "action dynamodb:*"),
    Fault("a wildcard resource", STACK, TABLE, 'Resource: "*"', WILDCARDS, "resource *"),
    Fault(
        "a wildcard within a resource",
        STACK,
        TABLE,
        "Resource: !Sub arn:${AWS::Partition}:dynamodb:*:*:table/*",
        WILDCARDS,
        "table/* is a wildcard",
    ),
    Fault(
        "a managed policy", STACK, X_RAY, "iam::aws:policy/AdministratorAccess", WILDCARDS, "not on the list"
    ),
    Fault(
        "a policy beside the roles", STACK, FUNCTION, POLICY + FUNCTION, WILDCARDS, "Extra: AWS::IAM::Policy"
    ),
    Fault(
        "a wildcard in the pipeline", PIPELINE, "dynamodb:CreateTable", "dynamodb:*", WILDCARDS, "dynamodb:*"
    ),
    Fault("every table for the pipeline", PIPELINE, TABLES, ":dynamodb:*:*:table/*", WILDCARDS, "table/*"),
    Fault("a table for everybody", STACK, BILLING, BILLING + EVERYBODYS, WILDCARDS, "everybody is let in"),
    Fault(
        "a webhook that everybody may invoke",
        STACK,
        "Principal: apigateway.amazonaws.com",
        'Principal: "*"',
        WILDCARDS,
        "NumbersPermission.Properties: everybody",
    ),
    Fault(
        "a webhook that every API may invoke",
        STACK,
        SOURCE,
        SOURCE.replace("Source", "X"),
        CHECKOV,
        "CKV_AWS_364",
    ),
    Fault(
        "an action that nobody calls",
        STACK,
        QUERY,
        QUERY.replace("Query", "Scan"),
        LEAST_PRIVILEGE,
        "not called",
    ),
    Fault(
        "one behind a condition", STACK, DECRYPT, DELETE, LEAST_PRIVILEGE, "dynamodb:DeleteItem is granted"
    ),
    Fault(
        "an action that is not granted",
        STACK,
        READ,
        READ.replace("Get", "Put"),
        LEAST_PRIVILEGE,
        "not granted",
    ),
    Fault(
        "a call that is not granted",
        TABLE_CODE,
        '.call("Query"',
        '.call("Scan"',
        LEAST_PRIVILEGE,
        "dynamodb:Scan is called",
    ),
    Fault(
        "a call of the SDK's that is not granted",
        HOOK_CODE,
        USE,
        STOP + USE,
        LEAST_PRIVILEGE,
        "codedeploy:StopDeployment is called",
    ),
    Fault(
        "a function without its role",
        STACK,
        ROLE,
        "      Policies: [AmazonDynamoDBFullAccess]\n",
        LEAST_PRIVILEGE,
        "not those of its own role",
    ),
    Fault(
        "a table without one's own key",
        STACK,
        TABLE_KEY,
        "        - {SSEEnabled: true}",
        SECRECY,
        "NumbersTable",
    ),
    Fault("a secret without one's own key", STACK, KEY, "", SECRECY, "ClientSecret: KmsKeyId"),
    Fault(
        "a secret in plain text",
        STACK,
        'SecretString: "{}"',
        "SecretString: abc",
        SECRECY,
        "not created empty",
    ),
    Fault(
        "a secret as a default",
        STACK,
        "  AppId:\n    Type: String\n",
        "  ApiToken: {Type: String, Default: abc}\n  AppId:\n    Type: String\n",
        SECRECY,
        "ApiToken",
    ),
    Fault(
        "logs without an end",
        STACK,
        "      RetentionInDays: !Ref LogRetentionDays\n",
        "",
        CHECKOV,
        "CKV_AWS_66",
    ),
    Fault(
        "a log group that nobody declares",
        STACK,
        "        LogGroup: !Ref DeployHookLogs\n",
        "        LogGroup: /aws/lambda/deploy-hook\n",
        SECRECY,
        "nobody declares",
    ),
    Fault(
        "a table without backups",
        STACK,
        "PointInTimeRecoveryEnabled: true",
        "PointInTimeRecoveryEnabled: false",
        CHECKOV,
        "CKV_AWS_28",
    ),
    Fault(
        "an API without an access log",
        STACK,
        "      AccessLogSettings:",
        "      RouteSettings:",
        CHECKOV,
        "CKV_AWS_95",
    ),
    Fault(
        "a version that is not published",
        STACK,
        "      AutoPublishCodeSha256: !Ref DeployId\n",
        "",
        VERSIONS,
        "AutoPublishCodeSha256 is not DeployId",
    ),
    Fault(
        "a function that is the same in the next deploy",
        STACK,
        " Deploy ${DeployId}.",
        "",
        VERSIONS,
        "NumbersWebhookFunction: neither its description nor its variables change",
    ),
)
