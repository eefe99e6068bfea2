"""A script that reads only `--json`: imports, verifies, releases, and finds each fault's reason."""

import json

import jsonschema
import pytest

from infra import ROOT
from infra.local.progress import wait_until
from infra.local.stack import SAMPLE_NUMBERS
from infra.tests.test_check import damaged_client_secret, overwritten_settings, revoked_credential

SCHEMAS = ROOT / "infra/channelctl/schema/snapshots"


def valid(text, schema, name):
    """Returns a document that has its shape."""
    document = json.loads(text)
    definitions = json.loads((SCHEMAS / f"{schema}.snap.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, definitions | {"$ref": f"#/$defs/{name}"})
    return document


@pytest.fixture
def script(stack):
    """Runs a command, and returns its exit code and document."""

    def run(name, *arguments, schema="stack"):
        ran = stack.channelctl("--json", *arguments)
        if ran.returncode:
            error = valid(ran.stderr.splitlines()[-1], "stack", "error")["error"]
            assert error["kind"] in ("findings", "failed"), error
        return ran.returncode, valid(ran.stdout, schema, name)

    return run


def test_script_imports_verifies_and_releases(stack, script):
    assert script("registration", "hold", "--yes")[0] == 0
    removed = ("numbers", "remove", "--portal", "62515", "--all", "--yes")
    assert script("remove", *removed, schema="numbers")[0] == 0
    imported = ("numbers", "import", SAMPLE_NUMBERS, "--yes")
    code, document = script("import", *imported, schema="numbers")
    assert (code, document["badRows"], document["plan"]["add"]) == (0, [], 5)
    wait_until(
        lambda: script("registration", "verify")[1]["result"]["lastProbe"]["verified"],
        "the webhook is verified",
        seconds=60,
    )
    code, status = script("status", "status")
    assert (code, status["isReady"], status["numbers"]["numbers"]) == (0, False, 5)
    assert status["next"].endswith("release")
    code, document = script("registration", "release", "--dry-run")
    assert (code, document["allowed"], document["plan"]["isReady"]) == (0, True, True)
    code, document = script("registration", "release", "--yes")
    assert (code, document["result"]["isReady"]) == (0, True)
    assert stack.hubspot.current() == (stack.outputs["WebhookUrl"], True)


@pytest.mark.parametrize(
    ("fault", "check", "fix"),
    [
        (overwritten_settings, "registration", "register"),
        (revoked_credential, "credential", "secrets set"),
        (damaged_client_secret, "client secret", "secrets set"),
    ],
    ids=["overwritten settings", "revoked credential", "damaged client secret"],
)
def test_script_finds_the_reason_of_a_fault(stack, script, fault, check, fix):
    with fault(stack):
        code, document = script("doctor", "doctor")
    errors = [one for one in document["findings"] if one["severity"] == "error"]
    assert (code, errors[0]["check"]) == (3, check), errors
    assert errors[0]["fix"].endswith(fix)
