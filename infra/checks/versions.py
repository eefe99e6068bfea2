"""A function with an alias of its newest version publishes one in every deploy, and changes for it.

Lambda publishes no version of an unchanged function, and the deploy fails:
https://github.com/aws/serverless-application-model/issues/1497

python -m infra.checks.versions [TEMPLATE]
"""

import sys
from pathlib import Path

from infra import ROOT
from infra.checks.template import of_type, read, report, texts

# The parameter that is new in every deploy.
DEPLOY_ID = "DeployId"


def main(path=ROOT / "infra" / "template.yaml"):
    """Prints every departure, and returns the exit code."""
    functions = of_type(read(Path(path)), "AWS::Serverless::Function")
    return report([line for name, properties in functions for line in departures(name, properties)])


def departures(name, properties):
    """Yields what keeps a deploy from publishing a version."""
    if "AutoPublishAlias" not in properties:
        return
    if properties.get("AutoPublishCodeSha256") != {"Ref": DEPLOY_ID}:
        yield f"{name}: AutoPublishCodeSha256 is not {DEPLOY_ID}"
    held = texts([properties.get("Description"), properties.get("Environment")])
    if not any(text == DEPLOY_ID or f"${{{DEPLOY_ID}}}" in text for text in held):
        yield f"{name}: neither its description nor its variables change with {DEPLOY_ID}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
