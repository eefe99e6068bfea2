"""The runbook's procedures: its own blocks of shell, run on the local stack."""

import json
import os
import re
import subprocess

import pytest

from infra import QUICK_BUILDS, ROOT
from infra.local.local_aws import STACK, TOOLS
from infra.local.progress import wait_until
from infra.local.simulated_hubspot import CLIENT_SECRET, CREDENTIAL
from infra.local.stack import PORTAL, SAMPLE_NUMBERS, USER
from infra.tests.test_documents import FENCE
from infra.tests.test_stack import rows

RUNBOOK = (ROOT / "infra" / "RUNBOOK.md").read_text(encoding="utf-8")


def blocks(heading):
    """Returns the blocks of shell under a heading."""
    section = re.split(rf"^#+ {heading}$", RUNBOOK, flags=re.MULTILINE)[1]
    return [
        block
        for kind, block in FENCE.findall(re.split(r"^#+ ", section, flags=re.MULTILINE)[0])
        if kind == "sh"
    ]


def bash(stack, script, answer=""):
    """Runs a block in the runbook's shell, and returns what it prints."""
    set_up = blocks("Runbook")[0].replace("channel-connection-prod", STACK)
    path = os.pathsep.join([str(TOOLS), str(QUICK_BUILDS), os.environ["PATH"]])
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{set_up}\n{script}"],
        cwd=ROOT,
        env=stack.aws.env | {"PATH": path},
        input=answer,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def exported(stack):
    return rows(stack.channelctl("numbers", "export").stdout)


def test_lost_numbers_are_restored(stack):
    procedure = blocks("Restore a portal, or the table")
    # The local AWS restores a table as it is now, whatever time is asked for.
    bash(stack, procedure[0])
    assert stack.channelctl("numbers", "remove", "--portal", PORTAL, "--all", "--yes").returncode == 0
    assert exported(stack) == []
    table = "TABLE=$(output NumbersTable)\n"
    bash(stack, table + procedure[1])
    assert exported(stack) == rows(SAMPLE_NUMBERS.read_text(encoding="utf-8"))
    bash(stack, f'{table} aws dynamodb delete-table --table-name "$TABLE-restored"')


@pytest.fixture
def put_secret(stack):
    """Stores the client secrets; at the end there is only HubSpot's again."""

    def put(**fields):
        stack.aws.put_secret(stack.outputs["ClientSecretArn"], fields)

    yield put
    put(**CLIENT_SECRET)


def test_rotated_secret_drops_no_request(stack, put_secret):
    put_secret(clientSecret="the-new-secret", previousClientSecret=CLIENT_SECRET["clientSecret"])

    def verified():
        # HubSpot itself signs with the previous secret still.
        assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == 200
        return stack.channelctl("status").returncode == 0

    # An instance reads the secret again at a wrong signature.
    wait_until(verified, "the webhook accepts both secrets", seconds=90)


def test_wrong_secret_is_taken_back(stack, put_secret):
    put_secret(clientSecret="entered-wrongly", previousClientSecret=CLIENT_SECRET["clientSecret"])
    bash(stack, blocks("Rotate the client secret")[0])
    secrets = stack.aws.client("secretsmanager")
    stored = secrets.get_secret_value(SecretId=stack.outputs["ClientSecretArn"])["SecretString"]
    assert json.loads(stored) == CLIENT_SECRET


def test_emergency_call_holds_the_app(stack):
    call = blocks("The app must go, now")[1].replace("https://api.hubapi.com", stack.hubspot.url)
    bash(stack, call, answer=f"{CREDENTIAL['developerApiKey']}\n")
    assert stack.hubspot.current() == (stack.outputs["WebhookUrl"], False)


def test_stack_without_credential_is_deleted(stack):
    emptied = blocks("A stack is stuck")[-1]
    arn = stack.outputs["HubSpotCredentialArn"]
    try:
        bash(stack, emptied.partition("channelctl delete")[0])
        stack.aws.delete()
    finally:
        stack.aws.put_secret(arn, CREDENTIAL)
    assert stack.hubspot.current() == (stack.outputs["WebhookUrl"], True)


def test_uninstalled_stack_can_be_installed_again(stack, tmp_path):
    stack.deploy(OnDelete="retain")
    assert stack.channelctl("unregister", "--yes").returncode == 0
    assert stack.hubspot.settings() is None
    backup = tmp_path / "backup.json"
    backup.write_text(stack.channelctl("numbers", "export", "--json").stdout, encoding="utf-8")
    numbers = exported(stack)
    stack.aws.delete()
    assert stack.hubspot.settings() is None
    stack.deploy()
    assert exported(stack) == []
    assert stack.channelctl("numbers", "import", backup, "--yes").returncode == 0
    assert exported(stack) == numbers
