"""How a command for the local stack begins and ends."""

import os
import signal
import sys

from infra import ROOT
from infra.local.local_aws import AwsError
from infra.local.progress import Trouble, complain


def run(parser):
    """Runs the command that was asked for; trouble ends it with a line rather than a trace."""
    arguments = parser.parse_args()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    os.chdir(ROOT)
    try:
        return arguments.command(arguments)
    except KeyboardInterrupt:
        return 130
    except (Trouble, OSError, *AwsError) as trouble:
        complain(trouble)
        return 1
