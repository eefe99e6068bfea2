"""What the person at the terminal sees while the stack comes up."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager


class Trouble(Exception):
    """Something that ends the run, told in words for the person at the terminal."""


class CommandFailed(Trouble):
    """A command that ended badly."""

    def __init__(self, log):
        super().__init__(f"All that it printed: {os.path.relpath(log)}")
        self.last_lines = tail(log)


@contextmanager
def step(name, detail=""):
    """Announces a step, and says how long it took."""
    started = time.monotonic()
    print(f"{name:<11} {detail}", flush=True)
    yield
    print(f"{'':<11} done in {time.monotonic() - started:.1f} s", flush=True)


def run(command, log):
    """Runs a command to its end, its output in a file; trouble shows the file's last lines."""
    started = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        while True:
            try:
                status = process.wait(timeout=5)
                break
            except subprocess.TimeoutExpired:
                print(f"{'':<11} {time.monotonic() - started:.0f} s ...", flush=True)
            except BaseException:
                process.terminate()
                process.wait()
                raise
    if status != 0:
        raise CommandFailed(log)


def tail(log, lines=15):
    """Returns the last lines of a file."""
    with open(log, encoding="utf-8", errors="replace") as text:
        return "".join(text.readlines()[-lines:]).rstrip()


def complain(trouble):
    """Prints what ended the run."""
    print(f"\n{trouble}", file=sys.stderr, flush=True)
