"""`channelctl explain` under one fault at a time, on the local stack."""

import json
from contextlib import contextmanager

import pytest

from infra.local.progress import wait_until
from infra.local.simulated_hubspot import CLIENT_SECRET
from infra.local.stack import PORTAL, USER

NUMBER, OTHER_PORTAL = "+4930901820", 62516


def key(portal=PORTAL):
    return {"portalId": {"N": str(portal)}, "number": {"S": NUMBER}}


@contextmanager
def nothing(_):
    yield


@contextmanager
def other_portal(stack):
    """Another portal's row in place of the number's own."""
    client, table = stack.aws.client("dynamodb"), stack.outputs["NumbersTable"]
    client.delete_item(TableName=table, Key=key())
    client.put_item(TableName=table, Item=key(OTHER_PORTAL))
    yield
    client.delete_item(TableName=table, Key=key(OTHER_PORTAL))


@contextmanager
def other_client_secret(stack):
    """A secret that HubSpot does not sign with."""

    def use(content, status):
        stack.aws.put_secret(stack.outputs["ClientSecretArn"], content)
        # The webhook reads a new secret after wrong signatures.
        wait_until(
            lambda: stack.channelctl("call", "--portal", PORTAL).returncode == 0, "the webhook has the secret"
        )
        assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == status

    use({"clientSecret": "of-another-app"}, 401)
    try:
        yield
    finally:
        use(CLIENT_SECRET, 200)


@pytest.mark.parametrize(
    ("fault", "cause", "verdict"),
    [
        pytest.param(nothing, None, f" {NUMBER}.", id="none"),
        pytest.param(other_portal, "inOtherPortal", "is another portal's", id="other portal"),
        pytest.param(other_client_secret, "requestsRefused", "with 401", id="client secret"),
    ],
)
def test_explain_names_the_fault(stack, fault, cause, verdict):
    client, table = stack.aws.client("dynamodb"), stack.outputs["NumbersTable"]
    client.put_item(TableName=table, Item=key())
    # Whatever was refused before is mended.
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == 200
    command = ("explain", "--portal", PORTAL, "--user", USER, "--number", NUMBER)
    with fault(stack):
        text, document = stack.channelctl(*command), stack.channelctl(*command, "--json")
    client.delete_item(TableName=table, Key=key())
    print(text.stdout)
    assert text.returncode == document.returncode == (3 if cause else 0), text.stderr
    assert verdict in text.stdout.split("\n\n")[0].replace("\n", " "), text.stdout
    lines = text.stdout.splitlines()
    # A command, or code to run in the browser, is not broken.
    assert all(len(line) <= 80 or ": channelctl " in line or " " not in line.strip() for line in lines)
    reasons = json.loads(document.stdout)["reasons"]
    assert [one["cause"] for one in reasons if one["severity"] == "error"] == [cause] * bool(cause), (
        text.stdout
    )
