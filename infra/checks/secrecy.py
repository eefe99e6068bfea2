"""What the template keeps is under the key of one's own, if there is one; and no secret stands in it.

A log is kept where the template declares it: Lambda's own would have neither the key nor an end.

python -m infra.checks.secrecy [TEMPLATE]
"""

import re
import sys
from pathlib import Path

from infra import ROOT
from infra.checks.template import of_type, read, report, texts

# checkov wants a key; the parameter KmsKeyArn, which may be empty, is beyond it, and so skipped there.
KEYS = {
    "AWS::DynamoDB::Table": "SSESpecification",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Serverless::Function": "KmsKeyArn",
}
SECRET = re.compile(r"(?i)(secret|credential|token|password|key)s?$")


def main(path=ROOT / "infra" / "template.yaml"):
    """Prints every departure, and returns the exit code."""
    template = read(Path(path))
    departures = [*without_key(template), *in_plain_text(template)]
    return report(departures)


def without_key(template):
    """Yields what the parameter KmsKeyArn does not reach."""
    for kind, key in KEYS.items():
        for name, properties in of_type(template, kind):
            if "KmsKeyArn" not in texts(properties.get(key)):
                yield f"{name}: {key} does not follow KmsKeyArn"
    groups = [{"Ref": name} for name, _ in of_type(template, "AWS::Logs::LogGroup")]
    for name, properties in of_type(template, "AWS::Serverless::Function"):
        if properties.get("LoggingConfig", {}).get("LogGroup") not in groups:
            yield f"{name}: it logs into a group that nobody declares"


def in_plain_text(template):
    """Yields the secrets that stand in the template."""
    for name, parameter in template["Parameters"].items():
        if SECRET.search(name) and parameter.get("Default"):
            yield f"{name}: a secret is the default of a parameter"
    for name, properties in of_type(template, "AWS::SecretsManager::Secret"):
        if properties.get("SecretString") != "{}":
            yield f"{name}: it is not created empty"
    for name, properties in of_type(template, "AWS::Serverless::Function"):
        for variable, value in properties.get("Environment", {}).get("Variables", {}).items():
            if SECRET.search(variable) and isinstance(value, str) and value:
                yield f"{name}: the variable {variable} holds a secret"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
