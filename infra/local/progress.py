"""Steps, commands and errors, as the person at the terminal sees them."""

import os
import subprocess
import time
from contextlib import contextmanager


class StackError(Exception):
    """An error that ends the run, worded for the person at the terminal."""


@contextmanager
def step(name, detail=""):
    """Announces a step, and prints how long it took."""
    started = time.monotonic()
    print(f"{name:<11} {detail}", flush=True)
    yield
    print(f"{'':<11} done in {time.monotonic() - started:.1f} s", flush=True)


def wait_until(condition, what, seconds=60):
    """Polls until a condition holds, and returns its value; fails after a deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise StackError(f"Waited {seconds} s in vain until {what}.")
        time.sleep(0.1)
    return value


def run(command, log, env, seconds=600):
    """Runs a command with its output in a file; an error shows the file's last lines."""
    options = {"env": env, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    with open(log, "wb") as output:
        try:
            subprocess.run(command, stdout=output, timeout=seconds, check=True, **options)
        except subprocess.SubprocessError:
            raise StackError(f"{tail(log)}\n\nThe whole output: {os.path.relpath(log)}") from None


def tail(log, lines=15):
    """Returns the last lines of a file."""
    with open(log, encoding="utf-8", errors="replace") as text:
        return "".join(text.readlines()[-lines:]).rstrip()
