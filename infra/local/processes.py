"""Processes of the local stack: each leads a group of its own, and none is left behind."""

import fcntl
import os
import signal
import socket
import subprocess
from contextlib import suppress

from infra.local.progress import StackError, tail, wait_until

LOOPBACK = "127.0.0.1"
# Signals that end a program, besides Ctrl-C.
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Processes:
    """Starts processes and records them in a folder, so that a later run can stop leftovers."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(folder / "lock", os.O_CREAT | os.O_WRONLY)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"Another terminal has this stack up already ({os.path.relpath(folder)}): stop it there"
                " with Ctrl-C. A second stack needs a checkout of its own, such as git worktree makes."
            ) from None
        for file in folder.glob("*.pid"):
            stop_leftover(file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        os.close(self.lock)

    def start(self, name, command, env):
        """Starts a process whose output goes to the folder's NAME.log."""
        with open(self.folder / f"{name}.log", "wb") as output:
            process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running[name] = process
        (self.folder / f"{name}.pid").write_text(f"{process.pid} {command[0]}", encoding="utf-8")
        return process

    def wait_for_port(self, name, port, host=LOOPBACK, seconds=60):
        """Waits until a process listens on a port of this machine."""
        process, log = self.running[name], self.folder / f"{name}.log"

        def listens():
            if process.poll() is not None:
                raise StackError(f"{name} ended before it was up:\n\n{tail(log)}")
            return is_taken(port, host)

        wait_until(listens, f"{name} listens on port {port}; see {os.path.relpath(log)}", seconds)

    def watch(self):
        """Returns only by an exception: Ctrl-C, or a process that ended by itself."""
        ended, _ = os.wait()
        name = next(name for name, process in self.running.items() if process.pid == ended)
        raise StackError(f"{name} ended by itself; see {os.path.relpath(self.folder / name)}.log")

    def stop(self):
        """Stops every process, the last one first, undisturbed by signals."""
        previous = {kind: signal.signal(kind, signal.SIG_IGN) for kind in (signal.SIGINT, *ENDINGS)}
        try:
            while self.running:
                name, process = self.running.popitem()
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=5)
                # Its group may outlive the leader.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                (self.folder / f"{name}.pid").unlink()
        finally:
            for kind, handler in previous.items():
                signal.signal(kind, handler)


def stop_leftover(file):
    """Stops a process that an earlier run recorded, unless its pid is another program's by now."""
    pid, command = file.read_text(encoding="utf-8").split(" ", 1)
    if command in command_line(pid):
        print(f"Stopping {file.stem}, which an earlier run left.", flush=True)
        os.killpg(int(pid), signal.SIGKILL)
        wait_until(lambda: command not in command_line(pid), f"{file.stem} has ended")
    file.unlink()


def command_line(pid):
    """Returns the command line of a process, empty if there is none."""
    shown = ["ps", "-o", "command=", "-p", pid]
    return subprocess.run(shown, capture_output=True, text=True, check=False).stdout


def is_taken(port, host=LOOPBACK):
    """Tells whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def free_port(host=LOOPBACK):
    """Returns a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
