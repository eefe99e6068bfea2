"""What must become of the sample events and of the API in containers; each said in a line."""

import json
import os

from infra.local.invoke import EVENTS
from infra.local.smoke import EXPECTED
from infra.local.stack import PORTAL, USER

WEBHOOK, HOOK = "NumbersWebhookFunction", "DeployHookFunction"

# As events/README.md says: the status, and the numbers.
ANSWERS = {
    "known-portal": (200, EXPECTED),
    "base64-body": (200, EXPECTED),
    "rest-api-stage": (200, EXPECTED),
    "unknown-portal": (200, []),
    "unsigned": (401, None),
    "bad-signature": (401, None),
    "older-signature-only": (401, None),
    "malformed-body": (400, None),
    "missing-field": (400, None),
    "other-app": (403, None),
    "other-path": (404, None),
    "other-method": (405, None),
    "body-too-large": (413, None),
}
# In an order that leaves each something to do: what is answered or told, and what isReady is then.
OUTCOMES = {
    "create": ("SUCCESS", False),
    "update": ("SUCCESS", True),
    "status": ("done", True),
    "probe": ("done", True),
    "hold": ("done", False),
    "release": ("done", True),
    "before-traffic": ("Succeeded", True),
    "remove": ("done", None),
    "register": ("done", False),
    "delete": ("SUCCESS", None),
}


def webhook_checks(containers):
    """Yields for each of the webhook's events whether it is answered as it should be."""
    for file, expected in events("numbers-webhook", ANSWERS):
        _, answer = containers.invoke(WEBHOOK, file)
        found = answer
        if isinstance(answer, dict) and "body" in answer:
            found = answer["statusCode"], json.loads(answer["body"]).get("phoneNumbers")
        yield from claim(file.stem, found, expected, containers.log(file))


def hook_checks(containers):
    """Yields for each of the hook's events whether it has the outcome that it should have."""
    for file, expected in events("deploy-hook", OUTCOMES):
        told = containers.receiver.told = []
        event, answer = containers.invoke(HOOK, file)
        found = said(event, answer, told), held(containers)
        yield from claim(file.stem, found, expected, containers.log(file))
    yield "every call of HubSpot was as its specification says", containers.hubspot.violations() == []


def api_checks(containers):
    """Yields whether the API answers HubSpot, and nobody else."""
    containers.hubspot.register(containers.url, True)
    log = containers.folder / "start-api.log"
    expected = {"status": 200, "body": {"phoneNumbers": EXPECTED}, "violations": []}
    answer = containers.hubspot.call(PORTAL, USER)["answer"]
    yield from claim("start-api, a signed request", answer, expected, log)
    forged = containers.hubspot.call(PORTAL, USER, "tamperedBody")["answer"]
    yield from claim("start-api, a forged one", forged["status"], 401, log)


def events(kind, expected):
    """Yields the events of a folder with what is expected; one of which nothing is comes last."""
    names = dict.fromkeys([*expected, *sorted(file.stem for file in (EVENTS / kind).glob("*.json"))])
    for name in names:
        yield EVENTS / kind / f"{name}.json", expected.get(name)


def said(event, answer, told):
    """Returns what outcome an event's sender was told; all that was told, if that is not one outcome."""
    if is_report(event, answer) and answer["done"] and answer["lastProbe"]["proved"] and not told:
        return "done"
    if answer is None and len(told) == 1 and is_meant(event, told[0]):
        return told[0]["Status"]
    return answer, told


def is_report(event, answer):
    """Tells whether an answer is the hook's report of the action that an event asks for."""
    return isinstance(answer, dict) and "action" in event and answer.get("action") == event["action"]


def is_meant(event, outcome):
    """Tells whether an outcome carries the ids of the event that waits for it."""
    shared = event.keys() & outcome.keys()
    return bool(shared) and all(event[name] == outcome[name] for name in shared)


def held(containers):
    """Returns isReady as HubSpot has it, None where nothing is registered."""
    settings = containers.hubspot.settings()
    if settings is None:
        return None
    return settings["isReady"] if settings["url"] == containers.url else settings


def claim(name, found, expected, log):
    """Yields a claim, and tells what was found instead if it does not hold."""
    yield name, found == expected
    if found != expected:
        print(f"       found {found!r}, not {expected!r}; see {os.path.relpath(log)}", flush=True)
