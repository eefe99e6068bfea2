"""What the commands for a stage must do, as somebody at a terminal sees it; each said in a line."""

import os
import subprocess
import sys
import time

from infra.local.channelctl import PROGRAM
from infra.local.local_aws import architecture, lay_out
from infra.local.progress import step
from infra.local.registration_checks import ELSEWHERE


def stage_checks(stack):
    """Yields what is claimed, and whether it holds; nothing is deployed at the end."""
    parameters = stack.parameters | {"IsReady": "keep", "OnDelete": "remove"}
    yield from of_first_deploys(stack, parameters)
    yield from of_a_deployed_stage(stack, parameters)
    yield from of_what_is_refused(stack, parameters)


def of_first_deploys(stack, parameters):
    """A stage that was never deployed, one whose first deploy failed, and one without its secrets."""
    status, told = command(stack, "diff", "dev", parameters)
    yield "what a first deploy would make is shown", status == 0 and "Add" in told
    status, told = command(stack, "status", "dev", parameters)
    yield "a stage that is not deployed says how to", status == 1 and "make deploy STAGE=dev" in told
    stack.hubspot.register(ELSEWHERE, True)
    command(stack, "deploy", "dev", parameters)
    status, told = command(stack, "confirm", "dev", parameters)
    yield "after a first deploy that failed it says what to delete", status == 1 and "make delete" in told
    status, told = command(stack, "doctor", "dev", parameters)
    yield "and so does its doctor", status != 0 and "make delete STAGE=dev, then make deploy" in told
    status, told = command(stack, "logs", "dev", parameters)
    yield "where it has no outputs it says what to do", status == 1 and "make status STAGE=dev" in told
    status, told = command(stack, "delete", "dev", parameters)
    yield "and it is deleted", status == 0 and "Gone." in told
    secrets = ("ClientSecretArn", "HubSpotCredentialArn")
    without = {name: value for name, value in parameters.items() if name not in secrets}
    status, told = command(stack, "deploy", "dev", without)
    yield "without its secrets a stage asks for them", status == 0 and "make secrets STAGE=dev" in told
    status, told = command(stack, "invoke", "dev", parameters, EVENT="known-portal")
    yield "and nothing is signed for it until then", status == 1 and "make secrets STAGE=dev" in told


def of_a_deployed_stage(stack, parameters):
    """The commands in the order in which somebody needs them, until the stage is deleted."""
    stack.hubspot.register(ELSEWHERE, False)
    status, told = command(stack, "deploy", "dev", parameters | {"HubSpotApiVersion": "2026-09"})
    yield "a deployed stage says what HubSpot holds", status == 0 and "with isReady=false" in told
    status, told = command(stack, "status", "dev", parameters)
    yield "its status names the next step", status == 0 and "channelctl --stage dev release" in told
    status, told = command(stack, "release", "dev", parameters)
    yield "it is released", status == 0 and stack.hubspot.settings()["isReady"]
    status, told = command(stack, "hold", "dev", parameters)
    yield "it is held", status == 0 and not stack.hubspot.settings()["isReady"]
    status, told = command(stack, "invoke", "dev", parameters, EVENT="unknown-portal")
    yield "it answers a sample event that is signed for it", status == 0 and '"statusCode": 200' in told
    command(stack, "deploy", "dev", parameters)
    status, told = command(stack, "status", "dev", parameters)
    yield "what is not named again has its default again", status == 0 and "API 2026-03" in told
    former = change_sets_and_outputs(stack)
    status, told = command(stack, "diff", "dev", parameters)
    yield "what a deploy would change is shown", status == 0 and "Modify" in told
    yield "and not done, and nobody else's change set is gone", change_sets_and_outputs(stack) == former
    status, told = command(stack, "delete", "dev", parameters, YES="")
    yield "without an answer nothing is deleted", status == 1 and "set YES=1" in told
    status, told = command(stack, "delete", "dev", parameters)
    yield "once deleted, it says what stays", status == 0 and "delete-table" in told


def change_sets_and_outputs(stack):
    """Returns what a deploy of the stage dev would leave or change."""
    name, client = {"StackName": "channel-connection-dev"}, stack.aws.client("cloudformation")
    change_sets = client.list_change_sets(**name)["Summaries"]
    return [one["ChangeSetId"] for one in change_sets], client.describe_stacks(**name)["Stacks"][0]["Outputs"]


def of_what_is_refused(stack, parameters):
    """What can be wrong with a stage, told before anything is built."""
    status, told = command(stack, "confirm", "qa", parameters)
    yield "a stage that is none is told from those there are", status == 1 and "dev, staging, prod" in told
    status, told = command(stack, "confirm", "dev", {"AppId": ""})
    yield "a stage without its AppId says where to set it", status == 1 and "infra/samconfig.toml" in told
    status, told = command(stack, "confirm", "dev", parameters | {"Architecture": "x86_64"})
    yield (
        "what is built is deployed, whatever a parameter says",
        status == 1 and "ARCHITECTURE=x86_64" in told,
    )
    status, told = command(stack, "confirm", "dev", {}, PARAMETERS="IsReady='false")
    yield "parameters that cannot be read are said to be so", status == 1 and "PARAMETERS" in told
    status, told = command(stack, "confirm", "dev", parameters | {"Isready": "false"})
    yield "a parameter that there is none of is not ignored", status == 1 and "Isready" in told
    signed_out = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    status, told = command(stack, "confirm", "dev", parameters, **signed_out)
    yield "without credentials it says how to sign in", status == 1 and "aws sso login" in told


def command(stack, name, stage, parameters, **environment):
    """Runs a command for a stage on the local AWS; returns its status and all that it said."""
    settings = {
        "PARAMETERS": " ".join(f"{key}={value}" for key, value in parameters.items()),
        "ARCHITECTURE": architecture(),
        "YES": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if name in ("deploy", "diff"):
        settings["SAM_TEMPLATE"] = str(lay_out(stack.folder / "cloud", time.time_ns()))
    settings = os.environ | settings | environment
    settings = {key: value for key, value in settings.items() if value is not None}
    program = [sys.executable, "-m", "infra.stages.stage", name, stage]
    if name in ("status", "doctor", "release", "hold"):
        program = [PROGRAM, "--stage", stage, name, *(["--yes"] if name in ("release", "hold") else [])]
    with step(name, stage):
        ran = subprocess.run(
            program, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    return ran.returncode, ran.stdout + ran.stderr
