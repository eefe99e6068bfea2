"""A stack that is deployed, compared, and deleted."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import WaiterError

from infra import ROOT
from infra.local.local_aws import failures
from infra.local.progress import Trouble, complain
from infra.stages.account import outputs_of
from infra.stages.configuration import FILE

SAM = str(Path(sys.executable).parent / "sam")
# A stack in one of these can only be deleted.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
NEVER_CREATED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")


def announce(stage, account):
    """Says which stack is meant, before anything is built."""
    print(f"{stage.name}: {account.describe()}", flush=True)


def confirm(stage, account):
    """Says what is going to be deployed where, whether that can be, and asks before prod."""
    announce(stage, account)
    if (account.find() or {}).get("StackStatus") in NEVER_CREATED:
        raise Trouble(
            f"The first deploy of {stage.stack} failed, and AWS updates no such stack; its events say why."
            f" Delete it, then deploy again: make delete STAGE={stage.name}"
        )
    if stage.name == "prod":
        ask("Deploy?")


def deploy(stage, account):
    """Deploys the stack, and says what HubSpot holds then and what to do next."""
    with going_on(stage):
        done = sam(stage, account, new_deploy_id(), "--no-confirm-changeset")
    if not done:
        raise Trouble(
            "The deploy failed; CloudFormation's reasons stand above. What HubSpot holds:"
            f" make status STAGE={stage.name}"
        )
    outputs = account.outputs()
    print(f"\nwebhook       {outputs['WebhookUrl']}\nregistration  {outputs['Registration']}")
    if "not set yet" in outputs["Registration"]:
        print(f"next          make secrets STAGE={stage.name}, then make deploy STAGE={stage.name}")
    else:
        print(f"next          make status STAGE={stage.name}")


def diff(stage, account):
    """Shows what a deploy would change, and changes nothing."""
    print(f"What a deploy would change in {account.describe()}:", flush=True)
    deploy_id = new_deploy_id()
    try:
        shown = sam(stage, account, deploy_id, "--no-execute-changeset")
    finally:
        clear_up(stage, account, deploy_id)
    if not shown:
        raise Trouble("It cannot be shown; the reasons stand above. Nothing was changed.")
    print("The change set is deleted again; nothing was changed.")


def change_sets(stage, account):
    """Returns the ids of the stack's change sets, none where there is no stack."""
    if account.find() is None:
        return []
    pages = account.client("cloudformation").get_paginator("list_change_sets")
    listed = (one for page in pages.paginate(StackName=stage.stack) for one in page["Summaries"])
    return [one["ChangeSetId"] for one in listed]


def clear_up(stage, account, deploy_id):
    """Deletes the change set of one deploy, and the stack if it was only made for that."""
    client = account.client("cloudformation")
    listed = change_sets(stage, account)
    own = [one for one in listed if is_for(client, one, deploy_id)]
    for change_set in own:
        client.delete_change_set(ChangeSetName=change_set)
    stack = account.find() or {}
    if stack.get("StackStatus") == "REVIEW_IN_PROGRESS" and own == listed:
        client.delete_stack(StackName=stack["StackId"])
        wait_until_gone(client, stack["StackId"])


def is_for(client, change_set, deploy_id):
    """Tells whether a change set is for one deploy, and not for one that somebody else began meanwhile."""
    parameters = client.describe_change_set(ChangeSetName=change_set).get("Parameters", [])
    given = {one["ParameterKey"]: one.get("ParameterValue") for one in parameters}
    return given.get("DeployId") == deploy_id


def delete(stage, account):
    """Deletes the stack after asking, and says what stays."""
    stack = account.stack()
    question = f"Delete {account.describe()}?"
    if stage.name == "prod":
        ask(question, "Type prod to delete it:", ("prod",))
    else:
        ask(question)
    client = account.client("cloudformation")
    client.delete_stack(StackName=stage.stack)
    print("deleting ...", flush=True)
    with going_on(stage):
        wait_until_gone(client, stack["StackId"])
    tell_what_stays(stage, outputs_of(stack).get("NumbersTable"))


def tell_what_stays(stage, table):
    """Says what a deleted stack leaves, and how to delete that too."""
    if table is None:
        print("Gone. It had no numbers.")
        return
    print(f"Gone. The numbers stay in the table {table}; to delete them too:")
    if stage.parameters.get("DeletionProtection") == "true":
        print(f"  aws dynamodb update-table --no-deletion-protection-enabled --table-name {table}")
    print(f"  aws dynamodb delete-table --table-name {table}")


def wait_until_gone(client, stack_id):
    """Waits until the stack is gone, an hour at most, or says why it is not."""
    try:
        # By its id a stack is told of when it is gone, too; by its name it would only be unknown.
        client.get_waiter("stack_delete_complete").wait(
            StackName=stack_id, WaiterConfig={"Delay": 5, "MaxAttempts": 720}
        )
    except WaiterError as error:
        reasons = "\n".join(failures(client, stack_id)) or error
        raise Trouble(f"The stack is not deleted.\n\n{reasons}") from None


@contextmanager
def going_on(stage):
    """Says, where somebody stops waiting, what becomes of what CloudFormation does."""
    try:
        yield
    except KeyboardInterrupt:
        complain(
            f"What CloudFormation has begun goes on by itself. How it stands: make status STAGE={stage.name}"
        )
        raise


def new_deploy_id():
    """Returns a number that grows with every deploy: the time."""
    return str(int(time.time()))


def sam(stage, account, deploy_id, *options):
    """Runs `sam deploy` with the stage's configuration; returns whether it ended well."""
    built = {"DeployId": deploy_id, "Architecture": os.environ["ARCHITECTURE"]}
    parameters = stage.parameters | built
    role = os.environ.get("CLOUDFORMATION_ROLE_ARN")
    command = [
        *(SAM, "deploy", "--config-file", str(FILE), "--config-env", stage.name),
        *("--template-file", os.environ.get("SAM_TEMPLATE", str(ROOT / "infra" / "template.yaml"))),
        *(("--region", account.session.region_name) if account.session.region_name else ()),
        *(("--role-arn", role) if role else ()),
        *("--no-fail-on-empty-changeset", *options),
        # In quotes, without which SAM takes no empty value.
        *("--parameter-overrides", *(f'{name}="{value}"' for name, value in parameters.items())),
    ]
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_CHECK_FOR_UPDATES": "0"}
    return subprocess.run(command, env=environment, check=False).returncode == 0


def ask(question, hint="[y/N]", answers=("y", "yes")):
    """Asks before going on, unless YES=1 says so already."""
    if os.environ.get("YES") == "1":
        return
    if not sys.stdin.isatty():
        raise Trouble(f"{question} Nobody is there to answer: set YES=1.")
    if input(f"{question} {hint} ").strip().lower() not in answers:
        raise Trouble("Nothing was done.")
