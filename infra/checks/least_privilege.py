"""Each function's role grants what its code calls, and nothing else.

python -m infra.checks.least_privilege [TEMPLATE [FUNCTIONS]]
"""

import sys
from pathlib import Path

from infra import ROOT
from infra.checks.calls import called
from infra.checks.template import of_type, read, report, statements, texts

ROLES = {"NumbersWebhookRole": "numbers-webhook", "DeployHookRole": "deploy-hook"}
# What Lambda does in a function's name, so that no code shows it.
OF_LAMBDA = {
    "logs:CreateLogStream",  # where the function's lines go
    "logs:PutLogEvents",
    "kms:Decrypt",  # the function's variables, and secrets and rows under a key of one's own
}


def main(path=ROOT / "infra" / "template.yaml", functions=ROOT / "functions"):
    """Prints every departure, and returns the exit code."""
    template = read(Path(path))
    roles = dict(of_type(template, "AWS::IAM::Role"))
    departures = list(without_role(template))
    for role, function in ROLES.items():
        departures += differences(role, granted(roles[role]), called(function, Path(functions)))
    return report(departures)


def without_role(template):
    """Yields the functions that have other rights than those of the roles that are looked at."""
    for function, properties in of_type(template, "AWS::Serverless::Function"):
        code = properties["CodeUri"].split("/")
        role = properties.get("Role", {}).get("Fn::GetAtt", "").removesuffix(".Arn")
        if ROLES.get(role) not in code or "Policies" in properties:
            yield f"{function}: its rights are not those of its own role"


def granted(properties):
    """Returns the actions that a role's own policies grant."""
    allowed = [one for one in statements(properties) if one["Effect"] == "Allow"]
    return {action for statement in allowed for action in texts(statement["Action"])}


def differences(role, grants, calls):
    """Yields where grants and calls differ."""
    for action in sorted(calls - grants):
        yield f"{role}: {action} is called, and not granted"
    for action in sorted(grants - calls - OF_LAMBDA):
        yield f"{role}: {action} is granted, and not called"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
