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


def fresh(file, url, client_secret, response_url=None):
    """Returns a sample event that fits a stack, signed with its client secret."""
    arguments = ["event", of(file), str(file), "--url", url]
    arguments += ["--response-url", response_url] if response_url and of(file) == "hook" else []
    return json.loads(succeed(channelctl(*arguments, HUBSPOT_CLIENT_SECRET=client_secret)).stdout)


def of(file):
    """Names the function that a sample event is for, as channelctl does."""
    return "numbers" if "requestContext" in json.loads(file.read_text(encoding="utf-8")) else "hook"


def succeed(ran):
    """Returns what ran, unless it failed."""
    if ran.returncode != 0:
        raise OSError(ran.stderr.strip())
    return ran
