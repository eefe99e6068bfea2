"""channelctl, as everybody runs it: the quick build of it."""

import json
import os
import subprocess

from infra import QUICK_BUILDS

PROGRAM = str(QUICK_BUILDS / "channelctl")


def channelctl(*arguments, **environment):
    """Runs it with nobody to ask, and returns what it printed and its exit code."""
    command = [PROGRAM, *(str(argument) for argument in arguments)]
    settings = os.environ | environment
    return subprocess.run(
        command, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def load(table, file):
    """Makes a numbers table what a file says."""
    succeed(channelctl("numbers", "import", file, "--replace", "--yes", "--table", table))


def fresh(file, *fit, response_url=None, **environment):
    """Returns a sample event that fits a stack, which channelctl's options name."""
    function = "numbers" if b'"requestContext"' in file.read_bytes() else "hook"
    if response_url and function == "hook":
        fit += ("--response-url", response_url)
    return json.loads(succeed(channelctl("event", function, file, *fit, **environment)).stdout)


def succeed(ran):
    """Returns what ran, unless it failed."""
    if ran.returncode != 0:
        raise OSError(ran.stderr.strip())
    return ran
