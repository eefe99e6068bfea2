"""The stack from outside: HubSpot's requests, the deploy-hook's actions and channelctl."""

import csv
import json

import pytest

from infra.local.stack import PORTAL, SAMPLE_NUMBERS, USER

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


def test_hook_reports_no_drift(stack):
    report = stack.hook("status")
    assert (report["done"], report["drift"], report["ready"]) == (True, False, True)


def test_hook_holds_and_releases(stack):
    assert stack.hook("hold")["ready"] is False
    assert stack.hubspot.holds() == (stack.outputs["WebhookUrl"], False)
    assert stack.hook("release")["ready"] is True
    assert stack.hubspot.holds() == (stack.outputs["WebhookUrl"], True)


class TestChannelctl:
    def test_status_of_released_stack_needs_nothing(self, stack):
        ran = stack.channelctl("status")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "isReady      true" in ran.stdout
        assert "next         nothing" in ran.stdout

    def test_status_counts_numbers_and_portals(self, stack):
        status = json.loads(stack.channelctl("status", "--json").stdout)
        assert status["numbers"] == {"numbers": 5, "portals": 1, "atLeast": False}
        assert status["version"]["live"] > 0
        assert status["drift"] is False

    def test_doctor_finds_nothing_wrong(self, stack):
        ran = stack.channelctl("doctor")
        assert ran.returncode == 0, ran.stdout + ran.stderr

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
        assert stack.hubspot.holds() == (stack.outputs["WebhookUrl"], True)

    def test_holds_and_releases(self, stack):
        assert stack.channelctl("hold", "--yes").returncode == 0
        assert stack.hubspot.settings()["isReady"] is False
        assert stack.channelctl("release", "--dry-run").returncode == 0
        assert stack.hubspot.settings()["isReady"] is False
        assert stack.channelctl("release", "--yes").returncode == 0
        assert stack.hubspot.settings()["isReady"] is True

    def test_doctor_names_drift_and_its_fix(self, stack):
        stack.hubspot.register(ELSEWHERE, True)
        ran = stack.channelctl("doctor")
        assert ran.returncode == 3
        assert ELSEWHERE in ran.stdout
        assert "register" in ran.stdout
        assert stack.channelctl("register", "--is-ready", "true", "--yes").returncode == 0
        assert stack.hubspot.holds() == (stack.outputs["WebhookUrl"], True)

    def test_missing_stack_is_reported(self, stack):
        ran = stack.run_channelctl("--stack", "no-such-stack", "status")
        assert ran.returncode == 1
        assert "no-such-stack" in ran.stderr

    def test_exports_the_numbers_as_imported(self, stack):
        exported = stack.channelctl("numbers", "export").stdout
        assert rows(exported) == rows(SAMPLE_NUMBERS.read_text(encoding="utf-8"))
