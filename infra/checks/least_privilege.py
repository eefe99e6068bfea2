"""Each function's role grants what its code calls, and nothing else; no policy grants everything.

python -m infra.checks.least_privilege [TEMPLATE]
"""

import re
import sys
from pathlib import Path

from infra.checks.template import listed, of_type, read, statements

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"
ROLES = {"NumbersWebhookRole": "numbers-webhook", "DeployHookRole": "deploy-hook"}
# The SDK's methods, and the actions that IAM knows them by.
ACTIONS = {
    "query": "dynamodb:Query",
    "get_secret_value": "secretsmanager:GetSecretValue",
    "invoke": "lambda:InvokeFunction",
    "put_lifecycle_event_hook_execution_status": "codedeploy:PutLifecycleEventHookExecutionStatus",
}
# What Lambda does in a function's name, so that no code shows it.
OF_LAMBDA = {
    "logs:CreateLogStream",  # where the function's lines go
    "logs:PutLogEvents",
    "kms:Decrypt",  # the function's variables, and secrets and rows under a key of one's own
}
# The library's adapters, by the cargo feature that lets a function call them.
ADAPTERS = {"dynamodb": ["numbers_table.rs"], "secrets-manager": ["secret_store.rs"]}
# A call of the SDK is a client's method, then settings of it, then `send`.
CALL = re.compile(r"\b(?:client|lambda|codedeploy|secrets_manager)\s*\.\s*(?!clone\b)([a-z_]+)\(")


def main(path=ROOT / "infra" / "template.yaml"):
    """Prints every departure, and returns whether there is none."""
    template = read(Path(path))
    departures = [*everything(template), *everybody(template["Resources"])]
    for role, function in ROLES.items():
        properties = dict(of_type(template, "AWS::IAM::Role"))[role]
        departures += differences(role, granted(properties), called(function))
    print("\n".join(departures))
    return 1 if departures else 0


def everything(template):
    """Yields what of any policy is a wildcard."""
    for role, properties in of_type(template, "AWS::IAM::Role"):
        for statement in statements(properties):
            for action in listed(statement["Action"]):
                if "*" in action:
                    yield f"{role}: the action {action} is a wildcard"
            for resource in listed(statement["Resource"]):
                if resource == "*" or (isinstance(resource, str) and resource.endswith(":*")):
                    yield f"{role}: the resource {resource} is a wildcard"


def everybody(part, place="Resources"):
    """Yields where anybody at all is let in."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in items:
        if name == "Principal" and value in ("*", {"AWS": "*"}):
            yield f"{place}: everybody is let in"
        yield from everybody(value, f"{place}.{name}")


def granted(properties):
    """Returns the actions that a role's own policies grant."""
    return {action for statement in statements(properties) for action in listed(statement["Action"])}


def called(function):
    """Returns the actions that a function's code calls, with what it uses of the library."""
    manifest = (FUNCTIONS / function / "Cargo.toml").read_text(encoding="utf-8")
    library = re.search(r"^channel-connection = .*features = \[(.*)\]", manifest, re.MULTILINE).group(1)
    files = list((FUNCTIONS / function / "src").rglob("*.rs"))
    files += [
        FUNCTIONS / "channel-connection" / "src" / file
        for feature, adapters in ADAPTERS.items()
        if f'"{feature}"' in library
        for file in adapters
    ]
    methods = {method for file in files for method in CALL.findall(file.read_text(encoding="utf-8"))}
    return {ACTIONS.get(method, f"unknown to this check: {method}") for method in methods}


def differences(role, grants, calls):
    """Yields where grants and calls differ."""
    for action in sorted(calls - grants):
        yield f"{role}: {action} is called, and not granted"
    for action in sorted(grants - calls - OF_LAMBDA):
        yield f"{role}: {action} is granted, and not called"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
