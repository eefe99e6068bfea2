"""Completes a release's folder: templates for the functions in it, notes, and the sums of all files.

    python -m infra.release FOLDER

The functions lie in it as FUNCTION-ARCHITECTURE.zip. Running it again, over more files, is fine.
"""

import hashlib
import re
import sys
from pathlib import Path

from infra import ROOT
from infra.package import FUNCTIONS

ARCHITECTURES = ("arm64", "x86_64")
SUMS = "SHA256SUMS"
BOTH = "AllowedValues: [arm64, x86_64]\n    Default: arm64\n"


def version():
    """Returns the version of everything here, which Cargo.toml has."""
    found = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)
    return f"v{found[1]}"


def template(architecture, named):
    """Returns the template for packaged functions, which lie beside it."""
    text = (ROOT / "infra" / "template.yaml").read_text(encoding="utf-8")
    replaced = {
        BOTH: f"AllowedValues: [{architecture}]\n    Default: {architecture}\n",
        "    Default: unknown\n": f"    Default: {named}\n",
    }
    for function in FUNCTIONS:
        replaced[f"../target/lambda/{function}/bootstrap.zip"] = f"{function}-{architecture}.zip"
    for old, new in replaced.items():
        if text.count(old) != 1:
            raise ValueError(f"infra/template.yaml must have this once: {old}")
        text = text.replace(old, new)
    return text


def notes(named):
    """Returns the changelog's section of a version."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"^## \[{re.escape(named[1:])}\].*?\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if not section:
        raise ValueError(f"CHANGELOG.md has no section of {named[1:]}.")
    return section[1].strip() + "\n"


def complete(folder, named):
    """Writes templates and sums beside the functions that are in the folder."""
    for architecture in ARCHITECTURES:
        if all((folder / f"{function}-{architecture}.zip").exists() for function in FUNCTIONS):
            text = template(architecture, named)
            (folder / f"template-{architecture}.yaml").write_text(text, encoding="utf-8")
    files = sorted(file for file in folder.iterdir() if file.name != SUMS)
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")


def main(folder):
    """Completes the folder, and shows the sums."""
    folder, named = Path(folder), version()
    (folder / "NOTES.md").write_text(notes(named), encoding="utf-8")
    complete(folder, named)
    print(f"{folder} is {named}:\n{(folder / SUMS).read_text(encoding='utf-8')}", end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
