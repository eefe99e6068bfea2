"""A stage on AWS: deploy it, give it its secrets, follow its logs, delete it.

    python -m infra.stages.stage COMMAND STAGE

Options come from the environment, as `make` passes them: YES=1 asks nothing, PARAMETERS are given to
the template besides those of infra/samconfig.toml.
"""

import sys

from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from infra.local.command_line import run
from infra.local.progress import Trouble
from infra.stages import configuration
from infra.stages.account import Account
from infra.stages.deploying import announce, confirm, delete, deploy, diff
from infra.stages.operating import invoke, logs, picker
from infra.stages.stage_secrets import ask_and_keep

COMMANDS = {
    "announce": announce,
    "confirm": confirm,
    "deploy": deploy,
    "diff": diff,
    "invoke": invoke,
    "logs": logs,
    "picker": picker,
    "secrets": ask_and_keep,
    "delete": delete,
}
SIGN_IN = "Sign in to AWS first (aws sso login, or aws configure), or name your profile in AWS_PROFILE."


def main(command, name):
    """Runs one command for one stage, and says what to do where AWS is not reached or refuses."""
    try:
        stage = configuration.read(name)
        return COMMANDS[command](stage, Account(stage))
    except NoCredentialsError:
        raise Trouble(f"There are no AWS credentials. {SIGN_IN}") from None
    except NoRegionError:
        raise Trouble(
            f"There is no AWS region. Set AWS_REGION, or region for {name} in infra/samconfig.toml."
        ) from None
    except ClientError as error:
        raise Trouble(explained(error)) from None


def explained(error):
    """Says what AWS refused, and what to do."""
    code = error.response["Error"]["Code"]
    said = error.response["Error"].get("Message", "")
    if code in (
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    ):
        return f"AWS does not accept your credentials ({code}). {SIGN_IN}"
    return f"AWS refused {error.operation_name}: {code}. {said}"


if __name__ == "__main__":
    sys.exit(run(main, *sys.argv[1:]))
