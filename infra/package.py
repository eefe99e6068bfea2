"""Puts a built function into the zip that Lambda takes: the same bytes for the same program.

    python -m infra.package PROGRAM FOLDER MAX_MB

writes FOLDER/bootstrap.zip, says how large it is, and fails above MAX_MB millions of bytes.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

FUNCTIONS = ("numbers-webhook", "deploy-hook")
# The earliest time that a zip can hold: a file's own would make every build another one.
NO_TIME = (1980, 1, 1, 0, 0, 0)
EXECUTABLE = 0o100755 << 16


def package(program, folder, tail=b"", level=None):
    """Writes the zip and returns its path; a tail makes another build of the same program."""
    entry = zipfile.ZipInfo("bootstrap", NO_TIME)
    entry.create_system = 3  # Unix, wherever this runs, so that the mode below counts.
    entry.external_attr = EXECUTABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bootstrap.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, program.read_bytes() + tail, compresslevel=level)
    return path


def main(program, folder, largest):
    """Packages, and holds the size against the budget."""
    path = package(Path(program), Path(folder))
    size = path.stat().st_size / 1e6
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path}  {size:.2f} MB of {largest} MB  sha256 {digest}")
    if size > float(largest):
        print(f"{path} is larger than its budget of {largest} MB.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
