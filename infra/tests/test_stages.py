"""A stage on the local AWS, from its first deploy to its delete, by channelctl alone."""

import json
import os
import subprocess

import pytest

from infra import ROOT
from infra.local.local_aws import TOOLS
from infra.local.simulated_hubspot import CLIENT_SECRET, CREDENTIAL
from infra.local.stack import CHANNELCTL

ELSEWHERE = "https://other.example.com/numbers"
STACK = "channel-connection-dev"


@pytest.fixture
def stage(stack, tmp_path):
    """Runs channelctl for the stage dev, in a checkout whose `make run` is the test's stack."""
    running = tmp_path / ".local" / "run"
    running.mkdir(parents=True)
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    (running / "cloud").symlink_to(stack.folder / "cloud")
    ports = {"aws": stack.aws.port, "hubspot": stack.hubspot.port}
    (running / "stack.json").write_text(json.dumps(ports), encoding="utf-8")
    # The simulated HubSpot has one app, and an app one URL.
    assert stack.channelctl("unregister", "--yes").returncode == 0

    tools = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"

    def channelctl(*arguments, answer=""):
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
        return ran.returncode, ran.stdout + ran.stderr

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


def test_stage_is_deployed_operated_and_deleted(stack, stage):
    status, printed = stage("deploy")
    assert (status, "channelctl --local --stage dev secrets set" in printed) == (0, True), printed
    secrets = CLIENT_SECRET | {"hubSpotCredential": CREDENTIAL}
    status, printed = stage("secrets", "set", answer=json.dumps(secrets))
    assert (status, "channelctl --local --stage dev deploy" in printed) == (0, True), printed
    assert CLIENT_SECRET["clientSecret"] not in printed
    status, printed = stage("deploy", "--parameter", "HubSpotApiVersion=2026-09")
    assert (status, "channelctl --local --stage dev status" in printed) == (0, True), printed
    assert stack.hubspot.holds()[1] is False

    status, printed = stage("status")
    assert (status, "API 2026-09" in printed) == (0, True), printed
    assert "channelctl --local --stage dev release" in printed
    assert stage("release", "--yes")[0] == 0
    assert stack.hubspot.holds()[1] is True
    assert stage("verify")[0] == 0
    assert stage("hold", "--yes")[0] == 0
    assert stack.hubspot.holds()[1] is False

    before = change_sets(stack)
    status, printed = stage("diff")
    assert (status, "* Modify" in printed) == (0, True), printed
    assert (change_sets(stack), state(stack)) == (before, "UPDATE_COMPLETE")
    assert "API 2026-09" in stage("status")[1]
    # A parameter that is not named again has its default again.
    assert stage("deploy")[0] == 0
    assert "API 2026-03" in stage("status")[1]

    status, printed = stage("delete")
    assert (status, "nobody to ask" in printed) == (4, True), printed
    status, printed = stage("delete", "--yes")
    assert (status, "aws dynamodb delete-table" in printed) == (0, True), printed
    assert stack.hubspot.settings() is None
