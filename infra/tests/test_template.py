"""The rules for the templates that cfn-lint and checkov do not know."""

import json
import re
from pathlib import Path

import cfnlint
import pytest
from samcli.yamlhelper import yaml_parse

from infra import ROOT


def read(name):
    """Returns a template as plain data, with the long forms of CloudFormation's functions."""
    return yaml_parse((ROOT / "infra" / name).read_text(encoding="utf-8"))


TEMPLATE = read("template.yaml")
DATA = Path(cfnlint.__file__).parent / "data"
ROLES = {"NumbersWebhookRole": "numbers-webhook", "DeployHookRole": "deploy-hook"}
# Lambda itself does these in a function's name.
LAMBDAS_OWN = {"logs:CreateLogStream", "logs:PutLogEvents", "kms:Decrypt"}
# X-Ray knows no narrower resource than all.
MANAGED = {"arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"}
# The rest of a name that begins with the stage's own.
STAGE_NAME = re.compile(r"^[^*]*\$\{(StackName|Stack)\}[/-][A-Za-z-]*\*$")
# The ends of names that hold no stage's name.
UNNAMED = (
    ":secret:ClientSecret-*",  # CloudFormation names these after their logical ids.
    "HubSpotCredential-*",
    "CodeDeployDefault.*",  # AWS's own configurations.
    "::/apis/*",  # API Gateway's and Route 53's ARNs hold ids.
    "::/domainnames/*",
    "::/tags/*",
    ":::change/*",
    ":stack/aws-sam-cli-managed-default/*",  # where sam looks up its bucket
)
# AWS's list of actions and their resources, as cfn-lint ships it.
SERVICES = json.loads((DATA / "AdditionalSpecs" / "Policies.json").read_text(encoding="utf-8"))
# It names resources for these two, which AWS's services do not ask for: pipeline-role.yaml says where.
NO_RESOURCE = {"logs:CreateLogGroup", "sns:Unsubscribe"}
# checkov wants a key everywhere, but does not know one that a parameter may leave empty.
KEYS = {
    "AWS::DynamoDB::Table": "SSESpecification",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Serverless::Function": "KmsKeyArn",
}
# Reads of the same resources, which AWS's handlers come to need; but not of rows, lines and values.
READS = re.compile(r":(List|Describe)\*$|^(?!dynamodb|logs|secretsmanager|s3)\w+:Get\*$")
SECRET = re.compile(r"(?i)(secret|credential|token|password|key)s?$")


def of_type(template, kind):
    """Returns the properties of a type's resources by logical id."""
    resources = template["Resources"].items()
    return {name: one.get("Properties", {}) for name, one in resources if one["Type"] == kind}


def parts(part):
    """Yields a part of a template and everything in it."""
    yield part
    for child in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from parts(child)


def texts(part):
    """Returns every text in a part of a template."""
    return [one for one in parts(part) if isinstance(one, str)]


def statements(role):
    """Returns the statements of a role's own policies, those behind a condition too."""
    return [one for one in parts(role.get("Policies", [])) if isinstance(one, dict) and "Effect" in one]


FUNCTIONS = of_type(TEMPLATE, "AWS::Serverless::Function")
KEYED = [(kind, name) for kind in KEYS for name in of_type(TEMPLATE, kind)]
ALL_ROLES = [
    pytest.param(role, id=name)
    for file in ("template.yaml", "pipeline-role.yaml")
    for name, role in of_type(read(file), "AWS::IAM::Role").items()
]


def called(function):
    """Returns the actions that a function's code calls, of the services whose SDKs it links."""
    manifest = (ROOT / "functions" / function / "Cargo.toml").read_text(encoding="utf-8")
    files = [
        file
        for crate in (function, "channel-connection")
        for file in (ROOT / "functions" / crate / "src").rglob("*.rs")
    ]
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    methods = {name.replace("_", "") for name in re.findall(r"\.\s*(\w+)\(\s*\)", code)}
    if "invoke" in methods:
        methods.add("invokefunction")  # IAM's own name for it
    sdks = re.findall(r"^aws-sdk-(\w+)", manifest, re.MULTILINE)
    return {f"{sdk}:{name}" for sdk in sdks for name in methods & SERVICES[sdk]["Actions"].keys()}


@pytest.mark.parametrize(("role", "function"), ROLES.items())
def test_role_grants_exactly_the_called_actions(role, function):
    policies = statements(of_type(TEMPLATE, "AWS::IAM::Role")[role])
    granted = {action for one in policies for action in texts(one["Action"])}
    assert {action.lower() for action in granted - LAMBDAS_OWN} == called(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_its_own_role_and_log(function):
    properties = FUNCTIONS[function]
    role = properties["Role"]["Fn::GetAtt"][0]
    assert f"/{ROLES[role]}/" in properties["CodeUri"]
    assert properties["LoggingConfig"]["LogGroup"]["Ref"] in of_type(TEMPLATE, "AWS::Logs::LogGroup")
    assert "Policies" not in properties


@pytest.mark.parametrize("role", ALL_ROLES)
def test_role_has_no_wildcard_that_can_be_narrower(role):
    assert set(texts(role.get("ManagedPolicyArns", []))) - {"IsTraced", "AWS::NoValue"} <= MANAGED
    for statement in statements(role):
        actions = set(texts(statement["Action"]))
        assert [action for action in actions if "*" in READS.sub("", action)] == []
        wide = [text for text in texts(statement["Resource"]) if "*" in text and not is_narrow(text)]
        assert wide == [] or (wide == ["*"] and all(map(has_no_resource, actions))), statement


def has_no_resource(action):
    """Tells whether AWS knows nothing narrower than all for an action."""
    service, _, name = action.partition(":")
    return action in NO_RESOURCE or "Resources" not in SERVICES[service]["Actions"][name.lower()]


def is_narrow(text):
    """Tells whether a resource leaves open only the end of a name."""
    return bool(STAGE_NAME.search(text)) or (text.count("*") == 1 and text.endswith(UNNAMED))


@pytest.mark.parametrize("file", ["template.yaml", "pipeline-role.yaml"])
def test_only_roles_grant_rights_and_not_to_everybody(file):
    template = read(file)
    beside = re.compile(r"AWS::IAM::(?!Role$|OIDCProvider$)|AWS::Serverless::Connector$")
    resources = template["Resources"].items()
    assert [name for name, one in resources if beside.match(one["Type"]) or "Connectors" in one] == []
    principals = [one["Principal"] for one in parts(template) if isinstance(one, dict) and "Principal" in one]
    assert [one for one in principals if "*" in texts(one)] == []


@pytest.mark.parametrize(("kind", "name"), KEYED, ids=[name for _, name in KEYED])
def test_stored_data_is_encrypted_with_the_given_key(kind, name):
    assert "KmsKeyArn" in texts(of_type(TEMPLATE, kind)[name].get(KEYS[kind], []))


def test_template_holds_no_secret():
    defaults = {name: one.get("Default") for name, one in TEMPLATE["Parameters"].items()}
    assert {name: text for name, text in defaults.items() if SECRET.search(name) and text} == {}
    created = of_type(TEMPLATE, "AWS::SecretsManager::Secret")
    assert [one["SecretString"] for one in created.values()] == ["{}", "{}"]


def test_variables_and_outputs_name_secrets_by_arn():
    functions = [TEMPLATE["Globals"]["Function"], *FUNCTIONS.values()]
    variables = [function["Environment"]["Variables"] for function in functions]
    for name, value in [pair for one in (*variables, TEMPLATE["Outputs"]) for pair in one.items()]:
        assert not SECRET.search(name), f"{name} may hold a secret"
        assert "{{resolve:" not in json.dumps(value), f"{name} holds a secret's value"


def test_every_deploy_publishes_a_version():
    (published,) = [one for one in FUNCTIONS.values() if "AutoPublishAlias" in one]
    assert published["AutoPublishCodeSha256"] == {"Ref": "DeployId"}


def test_alarms_notify_and_are_on_dashboard_and_in_runbook():
    alarms = of_type(TEMPLATE, "AWS::CloudWatch::Alarm")
    dashboard = "".join(texts(of_type(TEMPLATE, "AWS::CloudWatch::Dashboard")["Dashboard"]))
    runbook = (ROOT / "infra" / "RUNBOOK.md").read_text(encoding="utf-8")
    assert alarms
    for name, alarm in alarms.items():
        assert f"${{{name}.Arn}}" in dashboard
        # CodeDeploy alone watches the canary's.
        if name != "WebhookCanaryAlarm":
            assert {"AlarmTopic", "AlarmTopicArn"} <= set(texts(alarm["AlarmActions"])), name
        assert re.search(rf"^## .*\b{name}\b", runbook, re.MULTILINE), name
