"""The test of the documents: their links, and their commands, typed into a terminal as they stand.

`make run` is up in one terminal; the other is the reader's. docs_walk.py says in which order the
reader goes; a command that nothing runs, and for which it gives no reason, fails the test.
"""

import sys

from infra import ROOT
from infra.local.checks import check
from infra.local.command_line import run
from infra.local.docs_walk import ANSWERS, FOLLOWED, LEFT_OUT, MEANT, WALK
from infra.local.documents import DOCUMENTS, broken_links, commands, missing_names
from infra.local.processes import free_port
from infra.local.terminal import Terminal


def test():
    """Goes through the documents; returns whether all holds."""
    folder = ROOT / ".local" / "docs-test"
    folder.mkdir(parents=True, exist_ok=True)
    aws, hubspot, picker = free_port(), free_port(), free_port()
    first = Terminal(folder / "first.sh", {})
    second = Terminal(
        folder / "second.sh", {"HUBSPOT": f"http://127.0.0.1:{hubspot}", "HUBSPOT_PORT": str(picker)}
    )
    try:
        first.follow(f"make run AWS_PORT={aws} HUBSPOT_PORT={hubspot}", "Ctrl-C stops everything")
        reader = Reader(second)
        passed = check(links(), reader.walk(), reader.left())
        first.interrupt()
    finally:
        second.close()
        first.close()
    return 0 if passed else 1


def links():
    """Yields whether every link leads somewhere, and to what the documents say stands there."""
    missing, broken = missing_names(), broken_links()
    yield " ".join(["every function that the documents name stands in its file", *missing]), not missing
    yield " ".join(["every link of the documents leads to a file and a heading", *broken]), not broken


class Reader:
    """Somebody who does what the documents say, and remembers what was done."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.done = set()
        checked = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        self.left_out = LEFT_OUT.keys() | {line.strip() for line in checked}

    def walk(self):
        """Yields for each command of the walk whether it did what it should."""
        for section in WALK:
            for text in section.before:
                yield text, self.run(text)
            for command in commands(section.document):
                if command.heading == section.heading and self.shall_run(command, section):
                    yield str(command), self.run(command.text, command.printed)

    def shall_run(self, command, section):
        """Tells whether a command is to be run: not what is left out, nor what is mentioned again."""
        mentioned = "STAGE=" not in command.text and not section.again and self.has_run(command.text)
        return command.first_line not in self.left_out and not mentioned

    def has_run(self, text):
        """Tells whether a command was run, or one that says more."""
        return any(one == text or one.startswith(f"{text} ") for one in self.done)

    def run(self, text, printed=None):
        """Runs a command; it must end well, or print what a document says."""
        self.done.add(text)
        if text in FOLLOWED:
            self.terminal.follow(text, FOLLOWED[text])
            self.terminal.interrupt()
            return True
        for example, own in MEANT.items():
            text = text.replace(example, own)
        status, said = self.terminal.run(text, ANSWERS)
        for example, own in MEANT.items():
            said = said.replace(own, example)
        right = status == 0 if printed is None else said.split() == printed.split()
        if not right:
            print(f"exit code {status}\n{said}", flush=True)
        return right

    def left(self):
        """Yields the commands that nothing runs, and whether those left out are still there to be run."""
        every = [command for document in DOCUMENTS for command in commands(document)]
        for command in every:
            if command.first_line not in self.left_out and not self.has_run(command.text):
                yield f"{command}: run by nothing", False
        gone = (LEFT_OUT.keys() | FOLLOWED.keys()) - {command.first_line for command in every}
        yield " ".join(["what is left out stands in a document", *gone]), not gone


if __name__ == "__main__":
    sys.exit(run(test))
