"""What must hold of the stack from outside, each said in a line."""

from progress import Trouble
from simulated_hubspot import SECRETS

EXPECTED = [
    {"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"},
    {"e164PhoneNumber": "+18001231235", "extension": "1", "friendlyName": "Front desk"},
    {"e164PhoneNumber": "+18001231236", "friendlyName": "Customer success Europe"},
    {"e164PhoneNumber": "+442079460123", "friendlyName": "London"},
]


def check(stack, portal, user):
    """Checks everything and returns whether all of it holds; the stack is deleted on the way."""
    outcomes = [report(name, holds) for name, holds in checks(stack, portal, user)]
    passed = sum(outcomes)
    print(f"\n{passed} passed, {len(outcomes) - passed} failed", flush=True)
    return all(outcomes)


def report(name, holds):
    """Prints one outcome and returns it."""
    print(f"{'ok    ' if holds else 'FAILED'} {name}", flush=True)
    return holds


def checks(stack, portal, user):
    """Yields what is claimed, and whether it holds."""
    print(flush=True)
    answer = stack.hubspot.call(portal, user)["answer"]
    yield (
        "HubSpot's signed request is answered with the portal's numbers",
        (answer == {"status": 200, "body": {"phoneNumbers": EXPECTED}, "violations": []}),
    )
    unknown = stack.hubspot.call(portal + 1, user)["answer"]
    yield (
        "an unknown portal gets an empty list",
        ((unknown["status"], unknown["body"]) == (200, {"phoneNumbers": []})),
    )
    forged = stack.hubspot.call(portal, user, tampered=True)["answer"]
    yield "the same request with one byte changed gets 401", forged["status"] == 401

    settings = stack.hubspot.settings()
    yield (
        "HubSpot holds the stack's URL, ready as asked",
        ((settings["url"], settings["isReady"]) == (stack.outputs["WebhookUrl"], True)),
    )
    status = stack.aws.invoke(stack.outputs["DeployHookFunction"], {"action": "status"})
    yield "the hook's status sees no drift", status.get("drift") is False
    yield "no number, name or secret is in the functions' logs", not leaks(stack)

    stack.deploy(IsReady="keep")
    yield "another deploy leaves the registration as it was", stack.hubspot.settings() == settings
    failure = failing_deploy(stack, HubSpotApiUrl="http://127.0.0.1:9/")
    yield "a deploy that cannot reach HubSpot fails and says so", "HubSpot cannot be reached" in failure
    yield (
        "the stack rolls back, and the registration stands",
        ((stack.aws.state(), stack.hubspot.settings()) == ("UPDATE_ROLLBACK_COMPLETE", settings)),
    )

    stack.aws.delete()
    yield "the settings are gone with the stack", stack.hubspot.settings() is None


def failing_deploy(stack, **parameters):
    """Deploys what must fail, and returns what is said of it."""
    try:
        stack.deploy(**parameters)
    except Trouble as trouble:
        return str(trouble)
    return "the deploy did not fail"


def leaks(stack):
    """Returns what of the numbers, names and secrets stands in the functions' logs."""
    told = stack.aws.logs()
    if "answered" not in told:
        return ["there are no logs to look at"]
    marks = ["+1800", "Front desk", *SECRETS.values()]
    return [mark for mark in marks if mark in told]
