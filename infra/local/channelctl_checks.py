"""What channelctl must say and do of a stack that runs, each said in a line."""

import json

from infra.local.channelctl import channelctl
from infra.local.local_aws import STACK
from infra.local.registration_checks import ELSEWHERE
from infra.local.sample_numbers import rows, sample_rows


def channelctl_checks(stack, portal, user):
    """Yields what is claimed, and whether it holds; the stack stands as before at the end."""
    yield from of_looking(portal, user)
    yield from of_holding(stack)
    yield from of_drift(stack)
    yield (
        "what is not there is said to be so",
        holds(
            channelctl("--stack", "no-such-stack", "status"),
            1,
            "There is no stack no-such-stack",
            of="errors",
        ),
    )
    exported = rows(on_stack("numbers", "export").stdout)
    yield "numbers are exported as they were imported", exported == sample_rows()


def of_looking(portal, user):
    """What changes nothing: status, doctor, a simulated call."""
    ran = on_stack("status")
    yield (
        "status tells a released stack with nothing to do",
        holds(ran, 0, "isReady      true", "next         nothing"),
    )
    status = json.loads(on_stack("status", "--json").stdout)
    counted = {"numbers": 5, "portals": 1, "atLeast": False}
    yield (
        "it counts numbers and portals, and knows the version",
        (status["numbers"] == counted and status["version"].isdigit() and status["drift"] is False),
    )
    yield "doctor finds nothing wrong", holds(on_stack("doctor"), 0, "answers HubSpot, and nobody else")
    call = ("simulate", "call", "--portal", portal, "--user", user)
    yield (
        "a simulated call shows what HubSpot shows",
        holds(
            on_stack(*call),
            0,
            "Customer success Europe ",
            "lets no user select a number with an extension",
            "as HubSpot expects it",
        ),
    )
    answer = json.loads(on_stack(*call, "--json").stdout)
    yield "and its JSON has the answer", answer["status"] == 200 and len(answer["body"]["phoneNumbers"]) == 4


def of_holding(stack):
    """The app held and released again."""
    yield (
        "without a yes nothing is held",
        holds(on_stack("hold"), 4, "Nothing was changed", of="errors")
        and stack.hubspot.settings()["isReady"] is True,
    )
    on_stack("hold", "--yes")
    yield "after a hold users can no longer select the app", stack.hubspot.settings()["isReady"] is False
    yield (
        "a release is shown before it is done",
        holds(on_stack("release", "--dry-run"), 0, "After it") and not stack.hubspot.settings()["isReady"],
    )
    yield (
        "and is done",
        holds(on_stack("release", "--yes"), 0, "done") and stack.hubspot.settings()["isReady"],
    )


def of_drift(stack):
    """A URL that somebody else registered, and back."""
    stack.hubspot.register(ELSEWHERE, True)
    yield (
        "doctor names a URL that drifted, and the command that fixes it",
        holds(on_stack("doctor"), 3, f"HubSpot holds {ELSEWHERE}", "register"),
    )
    yield "which fixes it", holds(on_stack("register", "--is-ready", "true", "--yes"), 0, "done")
    yield "a verification calls the webhook", holds(on_stack("verify"), 0, "nobody else")


def on_stack(*arguments):
    """Runs channelctl for the local stack, by its name, as for any other."""
    return channelctl("--stack", STACK, *arguments)


def holds(ran, code, *texts, of="output"):
    """Whether a run ended with a code and said all of this; what it said otherwise is shown."""
    said = ran.stdout if of == "output" else ran.stderr
    right = ran.returncode == code and all(text in said for text in texts)
    if not right:
        print(f"exit code {ran.returncode}\n{ran.stdout}{ran.stderr}", flush=True)
    return right
