"""The scheduled check under each fault, and the metrics that alarms watch."""

import json
import time
from collections import Counter
from contextlib import contextmanager, nullcontext

import pytest

from infra.local.simulated_hubspot import SECRETS
from infra.local.stack import PORTAL, USER
from infra.tests.test_stack import ELSEWHERE

TABLE_PROPERTIES = ("TableName", "KeySchema", "AttributeDefinitions")


@contextmanager
def secret(stack, output, text, usual):
    """Another text in a secret."""
    secrets = stack.aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=stack.outputs[output], SecretString=text)
    yield
    secrets.put_secret_value(SecretId=stack.outputs[output], SecretString=json.dumps(usual))


def revoked_credential(stack):
    usual = {"developerApiKey": SECRETS["HUBSPOT_DEVELOPER_API_KEY"]}
    return secret(stack, "HubSpotCredentialArn", '{"developerApiKey": "revoked"}', usual)


def damaged_client_secret(stack):
    usual = {"clientSecret": SECRETS["HUBSPOT_CLIENT_SECRET"]}
    return secret(stack, "ClientSecretArn", "no JSON", usual)


@contextmanager
def overwritten_settings(stack):
    stack.hubspot.register(ELSEWHERE, True)
    yield


@contextmanager
def held_app(stack):
    stack.hubspot.register(stack.outputs["WebhookUrl"], False)
    yield


@contextmanager
def missing_table(stack):
    client = stack.aws.client("dynamodb")
    table = client.describe_table(TableName=stack.outputs["NumbersTable"])["Table"]
    client.delete_table(TableName=table["TableName"])
    yield
    properties = {name: table[name] for name in TABLE_PROPERTIES}
    client.create_table(**properties, BillingMode="PAY_PER_REQUEST")
    stack.load_numbers()


@contextmanager
def missing_table_and_no_cache(stack):
    stack.deploy(MaxStaleSeconds=0)
    with missing_table(stack):
        yield
    stack.deploy()


def metrics(stack, since):
    """Returns the sums of the metrics that the functions logged, by name and dimensions."""
    logs = stack.aws.client("logs")
    sums = Counter()
    for group in logs.describe_log_groups()["logGroups"]:
        lines = logs.filter_log_events(logGroupName=group["logGroupName"], startTime=since)["events"]
        for line in (json.loads(line["message"]) for line in lines if '"_aws"' in line["message"]):
            for directive in line["_aws"]["CloudWatchMetrics"]:
                (dimensions,) = directive["Dimensions"]
                values = tuple(line[name] for name in dimensions if name != "function")
                for metric in directive["Metrics"]:
                    sums[(metric["Name"], *values)] += line[metric["Name"]]
    return sums


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        pytest.param(nullcontext, set(), id="none"),
        pytest.param(held_app, set(), id="held"),
        pytest.param(revoked_credential, {"credential"}, id="credential revoked"),
        pytest.param(overwritten_settings, {"settings"}, id="settings overwritten"),
        pytest.param(damaged_client_secret, {"webhook"}, id="client secret damaged"),
        pytest.param(missing_table_and_no_cache, {"webhook"}, id="table gone"),
    ],
)
def test_check_finds_the_fault_and_nothing_else(stack, fault, found):
    with fault(stack):
        held, since = stack.hubspot.holds(), int(time.time() * 1000)
        for _ in range(2):
            findings = stack.hook("check")["findings"]
        assert {name for name, reason in findings.items() if reason} == found, findings
        assert stack.hubspot.holds() == held
        logged = metrics(stack, since)
    assert logged["CheckRuns",] == 2
    for name in findings:
        assert logged["CheckFailed", name] == 2 * (name in found), name


@pytest.mark.parametrize(
    ("fault", "metric"),
    [
        pytest.param(missing_table, ("StaleResponses",), id="table gone, cached"),
        pytest.param(missing_table_and_no_cache, ("Requests", "unavailable"), id="table gone"),
    ],
)
def test_fault_appears_in_the_alarms_metric(stack, fault, metric):
    stack.hubspot.call(PORTAL, USER)
    since = int(time.time() * 1000)
    with fault(stack):
        stack.hubspot.call(PORTAL, USER)
        assert metrics(stack, since)[metric] >= 1

