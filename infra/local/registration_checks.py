"""What HubSpot must hold when stacks are created, moved, fail and go; each said in a line."""

from infra.local.progress import Trouble
from infra.local.sample_numbers import sample_rows
from infra.local.simulated_hubspot import SECRETS

ELSEWHERE = "https://other.example.com/numbers"
URL = "${Api.ApiEndpoint}/"
ROUTES = ("POST /", "POST/")
ANOTHER_URL = tuple((f"{place}numbers", f"{place}phone-numbers") for place in (URL, *ROUTES))
# The route stays where it is, so that nobody answers under the URL.
WHERE_NOBODY_ANSWERS = ((f"{URL}numbers", f"{URL}nowhere"),)


def registration_checks(stack):
    """Yields what is claimed, and whether it holds; the stack is gone at the end."""
    yield from of_a_new_url(stack)
    yield from of_failing_updates(stack)
    yield "no number, name or secret is in the functions' logs", leaks(stack) == []
    yield from of_deletes(stack)
    yield "every call of HubSpot was as its specification says", stack.hubspot.violations() == []


def of_a_new_url(stack):
    """A released stack moves to another URL, with `keep`."""
    stack.deploy(*ANOTHER_URL, IsReady="keep")
    url = stack.outputs["WebhookUrl"]
    moved = url.endswith("/phone-numbers") and held(stack) == (url, True)
    yield "a new URL is registered, and stays released", moved


def of_failing_updates(stack):
    """Two updates that fail, each of which must leave everything as it was."""
    settings, live = stack.hubspot.settings(), stack.aws.live()
    yield "a URL where nobody answers is refused", "not 200" in failure_of(stack, *WHERE_NOBODY_ANSWERS)
    yield "the stack rolls back, and HubSpot holds the former URL, released", stands(stack, settings)
    yield "and requests go to the former version", stack.aws.live() == live
    failure = failure_of(stack, *ANOTHER_URL, HubSpotApiUrl="http://127.0.0.1:9/")
    yield "a deploy that cannot reach HubSpot fails and says so", "HubSpot cannot be reached" in failure
    yield "the stack rolls back once more, and the registration stands", stands(stack, settings)


def leaks(stack):
    """Returns what of the numbers, names and secrets stands in the functions' logs."""
    told = stack.aws.logs()
    if not all(sign in told for sign in ("answered", "cannot be reached")):
        return ["there are no logs to look at"]
    numbers = [text for row in sample_rows() for text in (row["number"].lstrip("+"), row["friendlyName"])]
    return [mark for mark in (*numbers, *SECRETS.values()) if mark in told]


def of_deletes(stack):
    """Stacks that go, each in its own way."""
    table = ("dynamodb", stack.outputs["NumbersTable"])
    stack.aws.delete()
    yield "OnDelete=remove: the settings are gone with the stack", stack.hubspot.settings() is None
    left = stack.aws.inventory() - stack.before
    yield "and all that it leaves in the account is the numbers", left == {table}

    stack.deploy(OnDelete="retain")
    url = stack.outputs["WebhookUrl"]
    stack.aws.delete()
    yield "OnDelete=retain: the settings stay as they are", held(stack) == (url, True)

    stack.deploy(OnDelete="hold")
    url = stack.outputs["WebhookUrl"]
    stack.aws.delete()
    yield (
        "OnDelete=hold: the settings stay, and users can no longer select the app",
        held(stack) == (url, False),
    )

    stack.deploy()
    stack.hubspot.register(ELSEWHERE, True)
    stack.aws.delete()
    yield "another stack's URL is left alone", held(stack) == (ELSEWHERE, True)


def held(stack):
    """Returns the registered URL, and whether it is released."""
    settings = stack.hubspot.settings() or {}
    return settings.get("url"), settings.get("isReady")


def stands(stack, settings):
    """Tells whether a failed update left stack and settings as they were."""
    former = (settings["url"], settings["isReady"])
    return (stack.aws.state(), held(stack)) == ("UPDATE_ROLLBACK_COMPLETE", former)


def failure_of(stack, *moved, **parameters):
    """Deploys what must fail, and returns what is said of it."""
    try:
        stack.deploy(*moved, **parameters)
    except Trouble as trouble:
        return str(trouble)
    return "the deploy did not fail"
