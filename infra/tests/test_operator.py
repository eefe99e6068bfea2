"""An operator's work on the local AWS, from a stage's first deploy to its delete, by channelctl alone."""

import json
import os
import subprocess

import jsonschema
import pytest

from infra import ROOT
from infra.local.local_aws import TOOLS
from infra.local.simulated_hubspot import CLIENT_SECRET, CREDENTIAL
from infra.local.stack import CHANNELCTL, PORTAL, SAMPLE_NUMBERS, USER
from infra.tests.test_stack import ELSEWHERE

STACK = "channel-connection-dev"
DOMAIN = "numbers.localhost"
SCHEMA = json.loads((ROOT / "infra/channelctl/schema/snapshots/stack.snap.json").read_text(encoding="utf-8"))


@pytest.fixture
def stage(stack, tmp_path):
    """Runs channelctl for the stage dev, in a checkout whose `make run` is the test's stack."""
    running = tmp_path / ".local" / "run"
    running.mkdir(parents=True)
    (tmp_path / "infra").mkdir()
    for name in ("samconfig.toml", "template.yaml"):
        (tmp_path / "infra" / name).symlink_to(ROOT / "infra" / name)
    (running / "cloud").symlink_to(stack.folder / "cloud")
    ports = {"aws": stack.aws.port, "hubspot": stack.hubspot.port}
    (running / "stack.json").write_text(json.dumps(ports), encoding="utf-8")
    # The simulated HubSpot has one app, and an app one URL.
    assert stack.channelctl("unregister", "--yes").returncode == 0
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"

    def channelctl(*arguments, code=0, typed=""):
        ran = subprocess.run(
            [CHANNELCTL, "--local", "--stage", "dev", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PATH": path, "SAM_CLI_POLL_DELAY": "0.1"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert ran.returncode == code, f"{arguments}: {ran.stdout}{ran.stderr}"
        return ran.stdout if "--json" in arguments else ran.stdout + ran.stderr

    yield channelctl
    if state(stack) is not None:
        channelctl("delete", "--yes")


@pytest.fixture
def document(stage):
    """Runs a command with `--json`, and returns the document, which has its shape."""

    def run(shape, *arguments):
        printed = json.loads(stage(*arguments, "--json"))
        jsonschema.validate(printed, SCHEMA | {"$ref": f"#/$defs/{shape}"})
        return printed

    return run


@pytest.fixture
def status(document):
    return lambda: document("status", "status")


def state(stack):
    """Returns the state of the stage's stack, None if there is none."""
    client = stack.aws.client("cloudformation")
    stacks = client.get_paginator("describe_stacks").paginate().build_full_result()["Stacks"]
    return next((one["StackStatus"] for one in stacks if one["StackName"] == STACK), None)


def change_sets(stack):
    listed = stack.aws.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    return [one["ChangeSetId"] for one in listed]


def with_secrets(stack, **parameters):
    """Names the local stack's own secrets, so that the first deploy registers, and other parameters."""
    secrets = {name: stack.parameters[name] for name in ("ClientSecretArn", "HubSpotCredentialArn")}
    return [
        part for name, value in (secrets | parameters).items() for part in ("--parameter", f"{name}={value}")
    ]


def test_first_diff_leaves_no_stack(stack, stage):
    assert "channelctl --local --stage dev deploy" in stage("status", code=1)
    assert "+ Add" in stage("diff")
    assert state(stack) is None


def test_failed_first_deploy_is_deleted(stack, stage):
    stack.hubspot.register(ELSEWHERE, True)
    assert "channelctl --local --stage dev doctor" in stage("deploy", *with_secrets(stack), code=1)
    assert "channelctl --local --stage dev delete" in stage("deploy", "--check", code=1)
    assert "channelctl --local --stage dev delete" in stage("doctor", code=3)
    assert "has no output" in stage("logs", code=1)
    assert "Deleted." in stage("delete", "--yes")
    assert state(stack) is None
    assert stack.hubspot.current() == (ELSEWHERE, True)


def test_operators_monday(stack, stage, document, status):
    # A second stage.
    assert "channelctl --local --stage dev secrets set" in stage("deploy")
    secrets = CLIENT_SECRET | {"hubSpotCredential": CREDENTIAL}
    printed = stage("secrets", "set", typed=json.dumps(secrets))
    assert "channelctl --local --stage dev deploy" in printed
    assert CLIENT_SECRET["clientSecret"] not in printed
    assert "channelctl --local --stage dev status" in stage("deploy")
    stage("numbers", "import", str(SAMPLE_NUMBERS), "--yes")
    assert status()["next"] == "channelctl --local --stage dev release"
    assert document("registration", "release", "--dry-run")["plan"]["isReady"] is True
    assert document("registration", "release", "--yes")["result"]["isReady"] is True
    url = status()["url"]
    assert stack.hubspot.current() == (url, True)

    # Rotate the client secret: the previous one stays accepted.
    for _ in range(2):
        printed = stage("secrets", "set", typed='{"clientSecret": "rotated"}')
        assert "the previous one stays accepted" in printed
        stage("verify")
    stage("secrets", "set", typed=json.dumps(CLIENT_SECRET))
    assert "no longer accepted" in stage("secrets", "end-rotation")

    # Somebody else overwrote the settings.
    stack.hubspot.register(ELSEWHERE, True)
    assert "channelctl --local --stage dev register" in stage("doctor", code=3)
    stage("register", "--is-ready", "true", "--yes")
    assert stack.hubspot.current() == (url, True)

    # Uninstall.
    stage("hold", "--yes", "--reason", "uninstall")
    assert stack.hubspot.current() == (url, False)
    assert "asks on a terminal only" in stage("delete", code=4)
    assert "aws dynamodb delete-table" in stage("delete", "--yes")
    assert (stack.hubspot.settings(), state(stack)) == (None, None)


def test_alarm_is_read(stack, stage, status):
    stage("deploy", *with_secrets(stack, IsReady="true"))
    assert (status()["alarms"], status()["findings"]) == ([], [])
    cloudwatch = stack.aws.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"{STACK}-DeployHookAlarm")["MetricAlarms"]
    (alarm,) = [one["AlarmName"] for one in alarms]
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="an invocation failed")
    assert alarm in stage("status", code=3)
    printed = stage("doctor", code=3)
    assert alarm in printed
    assert "channelctl --local --stage dev logs" in printed
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="all is well")
    assert status()["alarms"] == []


def test_deploy_is_compared_and_rolled_back(stack, stage, status):
    stage("deploy", *with_secrets(stack, HubSpotApiVersion="2026-09"))
    assert status()["apiVersion"] == "2026-09"
    before = change_sets(stack)
    assert "* Modify" in stage("diff", *with_secrets(stack))
    assert (change_sets(stack), state(stack)) == (before, "CREATE_COMPLETE")
    assert status()["apiVersion"] == "2026-09"
    # A parameter that is not named again has its default again.
    stage("deploy", *with_secrets(stack))
    assert status()["apiVersion"] == "2026-03"


def test_url_moves_to_an_own_name(stack, stage, status, tmp_path):
    stage("deploy", *with_secrets(stack, IsReady="true"))
    before = status()["url"]
    assert stack.hubspot.current() == (before, True)

    # The local AWS serves own names without TLS, on its port.
    template = tmp_path / "infra" / "template.yaml"
    text = template.read_text(encoding="utf-8")
    template.unlink()
    own = f"http://${{DomainName}}:{stack.aws.port}/numbers"
    template.write_text(text.replace("https://${DomainName}/numbers", own), encoding="utf-8")
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/own"
    moved = {"DomainName": DOMAIN, "CertificateArn": certificate, "IsReady": "keep"}
    stage("deploy", *with_secrets(stack, **moved))
    url = status()["url"]
    assert url == f"http://{DOMAIN}:{stack.aws.port}/numbers"
    assert stack.hubspot.current() == (url, True)
    stage("call", "--portal", str(PORTAL))

    # HubSpot may call the previous URL for a while.
    stack.hubspot.register(before, True)
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == 200
    stack.hubspot.register(url, True)
    stage("deploy", *with_secrets(stack, **moved, ExecuteApiEndpoint="disable"))
    assert status()["url"] == url
    stack.hubspot.register(before, True)
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] != 200
