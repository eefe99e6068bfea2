"""An operator's work on the local AWS, from a stage's first deploy to its delete, by channelctl alone."""

import json
import os
import subprocess

import pytest

from infra import ROOT
from infra.local.local_aws import TOOLS
from infra.local.simulated_hubspot import CLIENT_SECRET, CREDENTIAL
from infra.local.stack import CHANNELCTL, PORTAL, SAMPLE_NUMBERS, USER

ELSEWHERE = "https://other.example.com/numbers"
STACK = "channel-connection-dev"
DOMAIN = "numbers.localhost"


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

    tools = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"

    def channelctl(*arguments, answer="", without_errors=False):
        ran = subprocess.run(
            [CHANNELCTL, "--local", "--stage", "dev", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PATH": tools, "SAM_CLI_POLL_DELAY": "0.1"},
            input=answer,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        return ran.returncode, ran.stdout if without_errors else ran.stdout + ran.stderr

    yield channelctl
    if state(stack) is not None:
        status, printed = channelctl("delete", "--yes")
        assert status == 0, printed


def state(stack):
    """Returns the state of the stage's stack, None if there is none."""
    client = stack.aws.client("cloudformation")
    stacks = client.get_paginator("describe_stacks").paginate().build_full_result()["Stacks"]
    return next((one["StackStatus"] for one in stacks if one["StackName"] == STACK), None)


def change_sets(stack):
    listed = stack.aws.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    return [one["ChangeSetId"] for one in listed]


def given_secrets(stack):
    """Names the local stack's own secrets, so that the first deploy registers."""
    names = ("ClientSecretArn", "HubSpotCredentialArn")
    return [part for name in names for part in ("--parameter", f"{name}={stack.parameters[name]}")]


def test_first_diff_leaves_no_stack(stack, stage):
    status, printed = stage("status")
    assert (status, "channelctl --local --stage dev deploy" in printed) == (1, True), printed
    status, printed = stage("diff")
    assert (status, "+ Add" in printed) == (0, True), printed
    assert state(stack) is None


def test_failed_first_deploy_is_deleted(stack, stage):
    stack.hubspot.register(ELSEWHERE, True)
    status, printed = stage("deploy", *given_secrets(stack))
    assert (status, "channelctl --local --stage dev doctor" in printed) == (1, True), printed
    for command in (("deploy", "--check"), ("doctor",)):
        status, printed = stage(*command)
        assert status in (1, 3), printed
        assert "channelctl --local --stage dev delete" in printed
    status, printed = stage("logs")
    assert (status, "has no output" in printed) == (1, True), printed
    status, printed = stage("delete", "--yes")
    assert (status, "Deleted." in printed) == (0, True), printed
    assert state(stack) is None
    assert stack.hubspot.holds() == (ELSEWHERE, True)


@pytest.fixture
def succeed(stage):
    """Runs channelctl for the stage dev, which must succeed; returns what it prints."""

    def run(*arguments, **options):
        code, printed = stage(*arguments, **options)
        assert code == 0, f"{arguments}: {printed}"
        return printed

    return run


@pytest.fixture
def status(succeed):
    return lambda: json.loads(succeed("status", "--json", without_errors=True))


def test_operators_monday(stack, stage, succeed, status):
    # A second stage.
    assert "channelctl --local --stage dev secrets set" in succeed("deploy")
    secrets = CLIENT_SECRET | {"hubSpotCredential": CREDENTIAL}
    printed = succeed("secrets", "set", answer=json.dumps(secrets))
    assert "channelctl --local --stage dev deploy" in printed
    assert CLIENT_SECRET["clientSecret"] not in printed
    assert "channelctl --local --stage dev status" in succeed("deploy")
    succeed("numbers", "import", str(SAMPLE_NUMBERS), "--yes")
    assert status()["next"] == "channelctl --local --stage dev release"
    succeed("release", "--yes")
    url = status()["url"]
    assert stack.hubspot.holds() == (url, True)

    # Rotate the client secret: the previous one stays accepted.
    printed = succeed("secrets", "set", answer='{"clientSecret": "rotated"}')
    assert "the previous one stays accepted" in printed
    succeed("verify")
    assert "the previous one stays accepted" in succeed(
        "secrets", "set", answer='{"clientSecret": "rotated"}'
    )
    succeed("secrets", "set", answer=json.dumps(CLIENT_SECRET))
    assert "no longer accepted" in succeed("secrets", "end-rotation")

    # Somebody else overwrote the settings.
    stack.hubspot.register(ELSEWHERE, True)
    code, printed = stage("doctor")
    assert (code, "channelctl --local --stage dev register" in printed) == (3, True), printed
    succeed("register", "--is-ready", "true", "--yes")
    assert stack.hubspot.holds() == (url, True)

    # Uninstall.
    succeed("hold", "--yes", "--reason", "uninstall")
    assert stack.hubspot.holds() == (url, False)
    code, printed = stage("delete")
    assert (code, "nobody to ask" in printed) == (4, True), printed
    assert "aws dynamodb delete-table" in succeed("delete", "--yes")
    assert (stack.hubspot.settings(), state(stack)) == (None, None)


def test_alarm_is_read(stack, stage, succeed, status):
    succeed("deploy", *given_secrets(stack), "--parameter", "IsReady=true")
    assert (status()["alarms"], status()["findings"]) == ([], [])
    cloudwatch = stack.aws.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"{STACK}-DeployHookAlarm")["MetricAlarms"]
    (alarm,) = [one["AlarmName"] for one in alarms]
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="an invocation failed")
    for command, advice in (("status", alarm), ("doctor", "channelctl --local --stage dev logs")):
        code, printed = stage(command)
        assert (code, alarm in printed, advice in printed) == (3, True, True), printed
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="all is well")
    assert status()["alarms"] == []


def test_deploy_is_compared_and_rolled_back(stack, succeed, status):
    succeed("deploy", *given_secrets(stack), "--parameter", "HubSpotApiVersion=2026-09")
    assert status()["apiVersion"] == "2026-09"
    before = change_sets(stack)
    assert "* Modify" in succeed("diff", *given_secrets(stack))
    assert (change_sets(stack), state(stack)) == (before, "CREATE_COMPLETE")
    assert status()["apiVersion"] == "2026-09"
    # A parameter that is not named again has its default again.
    succeed("deploy", *given_secrets(stack))
    assert status()["apiVersion"] == "2026-03"


def test_url_moves_to_an_own_name(stack, succeed, status, tmp_path):
    succeed("deploy", *given_secrets(stack), "--parameter", "IsReady=true")
    before = status()["url"]
    assert stack.hubspot.holds() == (before, True)

    # The local AWS serves own names without TLS, on its port.
    template = tmp_path / "infra" / "template.yaml"
    text = template.read_text(encoding="utf-8")
    template.unlink()
    own = f"http://${{DomainName}}:{stack.aws.port}/numbers"
    template.write_text(text.replace("https://${DomainName}/numbers", own), encoding="utf-8")
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/own"
    moved = [f"DomainName={DOMAIN}", f"CertificateArn={certificate}", "IsReady=keep"]
    parameters = [part for parameter in moved for part in ("--parameter", parameter)]
    succeed("deploy", *given_secrets(stack), *parameters)
    url = status()["url"]
    assert url == f"http://{DOMAIN}:{stack.aws.port}/numbers"
    assert stack.hubspot.holds() == (url, True)
    succeed("call", "--portal", str(PORTAL))

    # HubSpot may call the previous URL for a while.
    stack.hubspot.register(before, True)
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == 200
    stack.hubspot.register(url, True)
    succeed("deploy", *given_secrets(stack), *parameters, "--parameter", "ExecuteApiEndpoint=disable")
    assert status()["url"] == url
    stack.hubspot.register(before, True)
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] != 200
