"""Processes of the local stack: started in groups of their own, and none left behind."""

import fcntl
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

from infra.local.progress import Trouble, tail

LOOPBACK = "127.0.0.1"
# What ends a program, beside Ctrl-C.
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Processes:
    """Starts processes and remembers them in a folder, so that a later run can clear up."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(folder / "lock", os.O_CREAT | os.O_WRONLY)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble("The stack is up already in this checkout: stop it there with Ctrl-C.") from None
        self._stop_leftovers()

    def start(self, name, command, env):
        """Starts a process whose output goes to the folder's NAME.log."""
        log = self.folder / f"{name}.log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        (self.folder / f"{name}.pid").write_text(f"{process.pid} {command[0]}", encoding="utf-8")
        self.running.append((name, process))
        return process

    def wait_for_port(self, name, process, port, host=LOOPBACK, seconds=60):
        """Waits until a process listens on a port of this machine."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if process.poll() is not None:
                raise Trouble(f"{name} ended before it was up:\n\n{tail(self.folder / (name + '.log'))}")
            if is_taken(port, host):
                return
            time.sleep(0.1)
        raise Trouble(f"{name} was not up after {seconds} s; see {self.folder / (name + '.log')}")

    def watch(self):
        """Returns only by an exception: Ctrl-C, or a process that ended by itself."""
        while True:
            for name, process in self.running:
                if process.poll() is not None:
                    log = os.path.relpath(self.folder / f"{name}.log")
                    raise Trouble(f"{name} ended by itself; see {log}")
            time.sleep(0.5)

    def stop(self):
        """Stops every process, the last one first, and returns whether there was any."""
        had_any = bool(self.running)
        with undisturbed():
            while self.running:
                name, process = self.running.pop()
                stop_group(process.pid)
                process.wait()
                (self.folder / f"{name}.pid").unlink(missing_ok=True)
        return had_any

    def _stop_leftovers(self):
        for file in self.folder.glob("*.pid"):
            pid, command = file.read_text(encoding="utf-8").split(" ", 1)
            if command in command_line(pid):
                print(f"An earlier run left {file.stem} running: stopping it.", flush=True)
                stop_group(int(pid))
            file.unlink()


@contextmanager
def undisturbed():
    """Lets nothing end this program while it clears up, which must not take long."""
    former = {kind: signal.signal(kind, signal.SIG_IGN) for kind in (signal.SIGINT, *ENDINGS)}
    try:
        yield
    finally:
        for kind, handler in former.items():
            signal.signal(kind, handler)


def stop_group(leader, patience=5):
    """Ends a process group, with force if it does not end by itself."""
    for kind, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
        try:
            os.killpg(leader, kind)
        except ProcessLookupError:
            return
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and group_lives(leader):
            time.sleep(0.05)


def group_lives(leader):
    """Tells whether a process of the group still runs; one that has ended and waits to be reaped does not."""
    states = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=False).stdout
    return any(
        fields[0] == str(leader) and not fields[1].startswith("Z")
        for fields in (line.split() for line in states.splitlines())
        if len(fields) == 2
    )


def command_line(pid):
    """Returns the command line of a process, empty where there is none."""
    found = subprocess.run(["ps", "-o", "command=", "-p", pid], capture_output=True, text=True, check=False)
    return found.stdout


def is_taken(port, host=LOOPBACK):
    """Tells whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def free_port(host=LOOPBACK):
    """Returns a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
