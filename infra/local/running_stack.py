"""Where the stack that `make run` keeps up is found by whoever has something for it."""

import json

from infra import ROOT
from infra.local.processes import is_taken
from infra.local.progress import Trouble

FOLDER = ROOT / ".local" / "run"
# channelctl reads it too, for --local.
FILE = FOLDER / "stack.json"


def tell(**ports):
    """Says that the stack is up, and on which ports."""
    FILE.write_text(json.dumps(ports), encoding="utf-8")


def forget():
    """Says that it is no longer up."""
    FILE.unlink(missing_ok=True)


def ports():
    """Returns the ports of the stack that is up, as aws and hubspot."""
    try:
        found = json.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = {}
    # One that was cut off has forgotten nothing.
    if not found or not is_taken(found["aws"]):
        raise Trouble("No local stack is up in this checkout. Start it in another terminal: make run")
    return found
