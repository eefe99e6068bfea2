"""A function that publishes a version in every deploy also changes in every deploy.

Of one that has not changed Lambda publishes no version, and the deploy fails:
https://github.com/aws/serverless-application-model/issues/1497

python -m infra.checks.versions [TEMPLATE]
"""

import sys
from pathlib import Path

from infra import ROOT
from infra.checks.template import of_type, read, report, texts


def main(path=ROOT / "infra" / "template.yaml"):
    """Prints every departure, and returns the exit code."""
    functions = of_type(read(Path(path)), "AWS::Serverless::Function")
    return report(
        [
            f"{function}: neither its description nor its variables change with {published['Ref']}"
            for function, properties in functions
            if (published := properties.get("AutoPublishCodeSha256"))
            and not changes(properties, published["Ref"])
        ]
    )


def changes(properties, parameter):
    """Tells whether what a version holds of a function changes with a parameter."""
    held = texts([properties.get("Description"), properties.get("Environment")])
    return any(text == parameter or f"${{{parameter}}}" in text for text in held)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
