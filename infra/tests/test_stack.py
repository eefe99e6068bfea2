"""The stack from outside: HubSpot's requests, the deploy-hook's actions and channelctl."""

import csv
import json

import pytest

from infra.local.stack import PORTAL, USER

NUMBERS = [
    {"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"},
    {"e164PhoneNumber": "+18001231235", "extension": "1", "friendlyName": "Front desk"},
    {"e164PhoneNumber": "+18001231236", "friendlyName": "Customer success Europe"},
    {"e164PhoneNumber": "+442079460123", "friendlyName": "London"},
]
ELSEWHERE = "https://other.example.com/numbers"


def rows(text):
    return list(csv.DictReader(text.splitlines()))


def test_signed_request_gets_the_portals_numbers(stack):
    answer = stack.hubspot.call(PORTAL, USER)["response"]
    assert answer == {"status": 200, "body": {"phoneNumbers": NUMBERS}, "violations": []}


def test_unknown_portal_gets_an_empty_list(stack):
    answer = stack.hubspot.call(PORTAL + 1, USER)["response"]
    assert (answer["status"], answer["body"]) == (200, {"phoneNumbers": []})


@pytest.mark.parametrize("fault", ["tamperedBody", "wrongSignature", "staleTimestamp"])
def test_request_that_is_not_hubspots_gets_401(stack, fault):
    assert stack.hubspot.call(PORTAL, USER, fault)["response"]["status"] == 401


class TestChannelctl:
    def test_status_of_released_stack_needs_nothing(self, stack):
        ran = stack.channelctl("status")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "isReady      true" in ran.stdout
        assert "next         nothing" in ran.stdout
        status = json.loads(stack.channelctl("status", "--json").stdout)
        assert status["numbers"] == {"numbers": 5, "portals": 1, "atLeast": False}
        assert status["version"]["live"] > 0
        assert status["drift"] is False

    def test_simulated_call_shows_what_hubspot_shows(self, stack):
        call = ("call", "--portal", PORTAL, "--user", USER)
        ran = stack.channelctl(*call)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "Customer success Europe " in ran.stdout
        answer = json.loads(stack.channelctl(*call, "--json").stdout)
        assert (answer["status"], answer["body"]["phoneNumbers"]) == (200, NUMBERS)

    @pytest.mark.parametrize("action", ["hold", "release", "unregister"])
    def test_changes_nothing_with_nobody_to_confirm(self, stack, action):
        ran = stack.channelctl(action)
        assert ran.returncode == 4
        assert "Nothing was changed" in ran.stderr
        assert stack.hubspot.current() == (stack.outputs["WebhookUrl"], True)
