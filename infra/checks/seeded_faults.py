"""The checks are worth something: each fault that is seeded makes one of them fail, and say so."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra import ROOT
from infra.checks.faults import FAULTS, PIPELINE, STACK


def main():
    """Seeds each fault into a copy of what is checked, and prints whether it was found."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("infra", "functions"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("target", "corpus", ".*"))
        sound = [unseeded(check, copy) for check in sorted({fault.check for fault in FAULTS})]
        found = [report(fault, copy) for fault in FAULTS]
    return 0 if all(sound + found) else 1


def unseeded(check, copy):
    """Says whether a check passes where nothing is seeded: else it would find anything."""
    passed, said = result(check, copy)
    if not passed:
        print(f"FAILED without a fault\n{said}", flush=True)
    return passed


def report(fault, copy):
    """Seeds one fault, and takes it out again."""
    file = copy / fault.file
    sound = file.read_text(encoding="utf-8")
    seeded = sound.replace(fault.text, fault.replacement, 1)
    file.write_text(seeded, encoding="utf-8")
    passed, said = result(fault.check, copy)
    file.write_text(sound, encoding="utf-8")
    found = seeded != sound and not passed and fault.said in said
    print(f"{'found ' if found else 'MISSED'} {fault.name}", flush=True)
    return found


def result(check, copy):
    """Runs a check on the copy, and returns whether it passed, and what it said."""
    command = [str(copy / part) if part in (STACK, PIPELINE, "functions") else part for part in check]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.returncode == 0, ran.stdout


if __name__ == "__main__":
    sys.exit(main())
