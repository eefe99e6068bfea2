"""Steps, commands and errors, as the person at the terminal sees them."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager


class Trouble(Exception):
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
            raise Trouble(f"Waited {seconds} s in vain until {what}.")
        time.sleep(0.1)
    return value


def run(command, log, env, seconds=600):
    """Runs a command with its output in a file; an error shows the file's last lines."""
    started = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while process.poll() is None and time.monotonic() - started < seconds:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                print(f"{'':<11} {time.monotonic() - started:.0f} s ...", flush=True)
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise Trouble(f"{tail(log)}\n\nThe whole output: {os.path.relpath(log)}")


def tail(log, lines=15):
    """Returns the last lines of a file."""
    with open(log, encoding="utf-8", errors="replace") as text:
        return "".join(text.readlines()[-lines:]).rstrip()


def complain(trouble):
    """Prints the error that ended the run."""
    print(f"\n{trouble}", file=sys.stderr, flush=True)
