"""A terminal with a shell in it, and somebody who answers what is asked there."""

import os
import re
import signal

import pexpect

from infra.local.progress import Trouble

# The shell's prompt, and how it is found again: it comes after whatever ends, even by Ctrl-C.
PROMPT = "<ended with ${FAILED:-0}>"
ENDED = r"<ended with (\d+)>"


class Terminal:
    """One interactive bash; variables and functions stay from one command to the next."""

    def __init__(self, script, settings):
        self.script = script
        # A `make` in it is not part of the one that runs this.
        users = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
        self.shell = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile", "--noediting"],
            env=users | settings | {"PS1": PROMPT, "PS2": "", "TERM": "dumb", "NO_COLOR": "1"},
            echo=False,
            encoding="utf-8",
            timeout=300,
            dimensions=(50, 250),
            # What runs in the background of a script passes on that it ignores Ctrl-C; no terminal does.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.shell.expect(ENDED)

    def run(self, text, answers):
        """Runs a command or a block; returns the first exit code that is not 0, and what was printed.

        `answers` are what is typed, by a part of what asks for it.
        """
        self._type(text)
        said = ""
        while True:
            met = self.shell.expect([ENDED, *(re.escape(prompt) for prompt in answers)])
            said += self.shell.before
            if met == 0:
                return int(self.shell.match[1]), said
            said += self.shell.after
            self.shell.sendline(list(answers.values())[met - 1])

    def follow(self, text, sign):
        """Runs what ends with Ctrl-C only, until it prints a sign; returns what it printed."""
        self._type(text)
        met = self.shell.expect([sign, ENDED])
        said = self.shell.before + self.shell.after
        if met == 1:
            raise Trouble(f"{text} ended by itself:\n{said}")
        return said

    def interrupt(self):
        """Presses Ctrl-C, and waits until the shell is back."""
        self.shell.sendintr()
        self.shell.expect(ENDED)

    def close(self):
        """Ends the shell, and what runs in it."""
        self.shell.close(force=True)

    def _type(self, text):
        # Sourced, so that a block keeps its variables; a trap sees a failure before the last line.
        self.script.write_text(text, encoding="utf-8")
        self.shell.sendline(f"FAILED=0; trap 'FAILED=$?' ERR; . {self.script}; trap - ERR")
