"""No policy grants everything, or lets everybody in; what cannot be narrower is listed here.

python -m infra.checks.wildcards [TEMPLATE...]
"""

import re
import sys
from pathlib import Path

from infra.checks.template import branches, of_type, read, report, statements, texts

INFRA = Path(__file__).resolve().parents[1]
# The rest of a name that begins with the stage's own.
OF_THE_STAGE = re.compile(r"^[^*]*\$\{(StackName|Stack)\}[/-][A-Za-z-]*\*$")
# The ends of other names that no stage's name is in, and why.
UNNAMED = (
    ":secret:ClientSecret-*",  # CloudFormation names these after their logical ids
    "HubSpotCredential-*",
    "CodeDeployDefault.*",  # AWS's own configurations
    "::/apis/*",  # API Gateway's ARNs have ids where others have names
    "::/domainnames/*",
    "::/tags/*",
    ":::change/*",  # as have Route 53's of changes
)
# What AWS knows nothing narrower for: the end of a deployment or a subscription, access logs, saved queries.
UNNARROWED = {
    "codedeploy:StopDeployment",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DeleteQueryDefinition",
    "logs:DescribeIndexPolicies",
    "logs:DescribeLogGroups",
    "logs:DescribeQueryDefinitions",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutQueryDefinition",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "sns:Unsubscribe",
}
# X-Ray knows no narrower resource than all.
MANAGED = {"arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"}
# What grants rights beside a role's own policies, where no check here would look.
ELSEWHERE = re.compile(r"AWS::IAM::(?!Role$|OIDCProvider$)|AWS::Serverless::Connector$")


def main(*paths):
    """Prints every departure, and returns the exit code."""
    templates = [Path(path) for path in paths] or sorted(INFRA.glob("*.yaml"))
    departures = [f"{path.name}: {what}" for path in templates for what in departed(read(path))]
    return report(departures)


def departed(template):
    """Yields what a template grants too widely."""
    for role, properties in of_type(template, "AWS::IAM::Role"):
        for statement in statements(properties):
            yield from (f"{role}: {what}" for what in too_wide(statement))
        for policy in branches(properties.get("ManagedPolicyArns", [])):
            if not set(texts(policy)) <= MANAGED:
                yield f"{role}: the managed policy {policy} is not on the list"
    yield from elsewhere(template["Resources"])
    yield from everybody(template["Resources"])


def too_wide(statement):
    """Yields the wildcards of one statement."""
    if statement["Effect"] != "Allow":
        return
    if "Action" not in statement or "Resource" not in statement:
        yield "a statement grants all but what it names"
        return
    actions = set(texts(statement["Action"]))
    yield from (f"the action {action} is a wildcard" for action in sorted(actions) if "*" in action)
    for text in texts(statement["Resource"]):
        if text == "*" and actions <= UNNARROWED:
            continue
        if "*" in text and not narrow(text):
            yield f"the resource {text} is a wildcard"


def narrow(text):
    """Says whether a text leaves open only what comes after a name."""
    return bool(OF_THE_STAGE.search(text)) or (text.count("*") == 1 and text.endswith(UNNAMED))


def elsewhere(resources):
    """Yields what grants rights beside a role's own policies."""
    for name, resource in resources.items():
        if ELSEWHERE.match(resource["Type"]):
            yield f"{name}: {resource['Type']} grants rights beside a role's own policies"
        if "Connectors" in resource:
            yield f"{name}: its connectors grant rights beside a role's own policies"


def everybody(part, place="Resources"):
    """Yields where anybody at all is let in."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in items:
        if name == "Principal" and "*" in texts(value):
            yield f"{place}: everybody is let in"
        yield from everybody(value, f"{place}.{name}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
