"""How a command begins and ends."""

import os
import signal
import sys

from infra import ROOT
from infra.local.local_aws import AwsError
from infra.local.processes import ENDINGS
from infra.local.progress import Trouble, complain


def run(command, *arguments):
    """Runs a command and returns its exit code; trouble ends it with a line rather than a trace."""
    for ending in ENDINGS:
        signal.signal(ending, end)
    os.chdir(ROOT)
    try:
        return command(*arguments) or 0
    except KeyboardInterrupt:
        return 130
    except EOFError:
        complain("The input ended before the answer: nothing more was done.")
    except (Trouble, OSError, *AwsError) as trouble:
        complain(trouble)
    return 1


def end(number, _frame):
    """Ends the program so that it clears up, which a second signal must not break off."""
    for ending in ENDINGS:
        signal.signal(ending, lambda *_: None)
    sys.exit(128 + number)
