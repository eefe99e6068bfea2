"""Invokes a function of the running local stack with a sample event, made fresh for it."""

import json
import os
import sys
from pathlib import Path

from infra import ROOT
from infra.local import running_stack
from infra.local.channelctl import fresh
from infra.local.command_line import run
from infra.local.local_aws import LocalAws
from infra.local.outcomes import Receiver
from infra.local.progress import Trouble

EVENTS = ROOT / "events"


def find(name):
    """Finds an event by its file, or by its name alone."""
    path = Path(name)
    found = [path] if path.is_file() else sorted(EVENTS.glob(f"*/{path.stem}.json"))
    if not found:
        known = ", ".join(sorted(file.stem for file in EVENTS.glob("*/*.json")))
        raise Trouble(f"There is no event {name!r}. There are: {known}")
    return found[0].resolve()


def invoke(name):
    """Invokes the function that the event is for, and prints what it answers."""
    file = find(name)
    aws = LocalAws(running_stack.ports()["aws"], running_stack.FOLDER)
    receiver = Receiver()
    event = fresh(file, "--local", response_url=receiver.url)
    try:
        show(aws.invoke(aws.outputs()[function_of(event)], event))
    finally:
        for outcome in receiver.told:
            print(f"CloudFormation is told:\n{json.dumps(outcome, indent=2)}")


def function_of(event):
    """Names the output that has the function an event is for."""
    return "NumbersWebhookFunction" if "requestContext" in event else "DeployHookFunction"


def show(answer):
    """Prints what a function answered."""
    if answer is not None:
        print(json.dumps(readable(answer), indent=2))


def readable(answer):
    """Shows a webhook's body as JSON rather than as text."""
    if isinstance(answer, dict) and isinstance(answer.get("body"), str):
        return answer | {"body": json.loads(answer["body"])}
    return answer


if __name__ == "__main__":
    sys.exit(run(invoke, os.environ.get("EVENT", "")))
