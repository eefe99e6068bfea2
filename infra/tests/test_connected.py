"""`channelctl numbers connected`, with a portal's token, on the local stack."""

import json
import subprocess

import pytest

from infra.local.local_aws import STACK
from infra.local.simulated_hubspot import APP_ID
from infra.local.stack import CHANNELCTL, PORTAL, USER

OF_PORTAL = "portals-own"


def account(number):
    return {"active": True, "deliveryIdentifier": {"type": "HS_PHONE_NUMBER", "value": number}}


@pytest.fixture
def connected(stack):
    """Asks about a portal with these channel accounts."""
    status = {"userId": str(USER), "connected": True, "provider": {"type": "THIRD_PARTY", "appId": APP_ID}}
    portal = {"accessToken": "local-portal-token", "connectionStatuses": [status], "channelAccounts": []}

    def ask(accounts, credential=OF_PORTAL):
        changed = portal | {"accessToken": OF_PORTAL, "channelAccounts": accounts}
        stack.hubspot.ask("/simulator/portal", "PUT", changed)
        return subprocess.run(
            [CHANNELCTL, "--stack", STACK, "numbers", "connected", "--portal", str(PORTAL), "--json"],
            env=stack.aws.env,
            input=credential,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    yield ask
    stack.hubspot.ask("/simulator/portal", "PUT", portal)


@pytest.mark.parametrize(
    ("accounts", "found"),
    [
        pytest.param([], (None, None), id="none shown"),
        pytest.param([account("an-inbox")], (None, None), id="no phone number"),
        pytest.param(
            [account("+18001231234"), account("+15550100"), *[account("an-inbox")] * 100],
            (["+18001231234"], ["+15550100"]),
            id="two pages",
        ),
    ],
)
def test_connected_numbers_are_compared(connected, accounts, found):
    ran = connected(accounts)
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert (document["connected"], document["notInTable"]) == found
    assert document["users"] == [str(USER)]


def test_refused_token_is_never_shown(connected):
    ran = connected([], credential="another-one")
    assert ran.returncode == 1
    assert "401" in ran.stderr
    assert "another-one" not in ran.stderr + ran.stdout
