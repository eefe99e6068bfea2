"""The scheduled check under each fault, and the metrics that alarms watch."""

import json
import time
from collections import Counter
from contextlib import contextmanager
from functools import partial

import pytest

from infra.local.progress import wait_until
from infra.local.simulated_hubspot import CLIENT_SECRET, CREDENTIAL
from infra.local.stack import PORTAL, USER
from infra.tests.test_stack import ELSEWHERE

TABLE_PROPERTIES = ("TableName", "KeySchema", "AttributeDefinitions")


@contextmanager
def secret(output, content, usual, stack):
    """Another content of a secret."""
    stack.aws.put_secret(stack.outputs[output], content)
    try:
        yield
    finally:
        stack.aws.put_secret(stack.outputs[output], usual)


revoked_credential = partial(secret, "HubSpotCredentialArn", {"developerApiKey": "revoked"}, CREDENTIAL)
damaged_client_secret = partial(secret, "ClientSecretArn", "no object", CLIENT_SECRET)


@contextmanager
def registered(url, is_ready, stack):
    """Other settings in HubSpot; the next test restores them."""
    stack.hubspot.register(url or stack.outputs["WebhookUrl"], is_ready)
    yield


overwritten_settings = partial(registered, ELSEWHERE, True)


@contextmanager
def missing_table(stack):
    client = stack.aws.client("dynamodb")
    table = client.describe_table(TableName=stack.outputs["NumbersTable"])["Table"]
    client.update_table(TableName=table["TableName"], DeletionProtectionEnabled=False)
    client.delete_table(TableName=table["TableName"])
    try:
        yield
    finally:
        properties = {name: table[name] for name in TABLE_PROPERTIES}
        client.create_table(**properties, BillingMode="PAY_PER_REQUEST")
        stack.load_numbers()


@contextmanager
def missing_table_and_no_cache(stack):
    stack.deploy(MaxStaleSeconds=0)
    try:
        with missing_table(stack):
            yield
    finally:
        # SAM keeps the last value of a parameter that it is not given.
        stack.deploy(MaxStaleSeconds=600)


def metrics(stack, since):
    """Returns the sums of the metrics that the functions logged, by name and dimensions."""
    sums = Counter()
    for line in (json.loads(line) for line in stack.aws.log_lines(since) if '"_aws"' in line):
        for directive in line["_aws"]["CloudWatchMetrics"]:
            (dimensions,) = directive["Dimensions"]
            values = tuple(line[name] for name in dimensions if name != "function")
            for metric in directive["Metrics"]:
                sums[(metric["Name"], *values)] += line[metric["Name"]]
    return sums


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        pytest.param(partial(registered, None, True), set(), id="none"),
        pytest.param(partial(registered, None, False), set(), id="held"),
        pytest.param(revoked_credential, {"credential"}, id="credential revoked"),
        pytest.param(overwritten_settings, {"settings"}, id="settings overwritten"),
        pytest.param(damaged_client_secret, {"webhook"}, id="client secret damaged"),
        pytest.param(missing_table_and_no_cache, {"webhook"}, id="table gone"),
    ],
)
def test_check_finds_the_fault_and_nothing_else(stack, fault, found):
    with fault(stack):
        current, since = stack.hubspot.current(), int(time.time() * 1000)
        for _ in range(2):
            findings = stack.hook("check")["findings"]
        assert {name for name, reason in findings.items() if reason} == found, findings
        assert stack.hubspot.current() == current
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
        # A function's lines follow its response.
        wait_until(lambda: metrics(stack, since)[metric], f"{metric} is logged", seconds=20)
