"""The actions that a function's code calls, with what it uses of the library."""

import json
import re
import subprocess
from pathlib import Path

from infra import ROOT

LIBRARY = "channel-connection"
SDK = "aws-sdk-"
# Where IAM knows an operation by another name than the SDK.
ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
MODULE = re.compile(r'^(?:#\[cfg\(feature = "(?P<feature>[^"]+)"\)\]\n)?pub mod (?P<name>\w+);', re.MULTILINE)
# The tests of a file stand at its foot.
NOT_DEPLOYED = re.compile(
    r"^#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n)*mod \w+ \{.*|^\s*//.*?$", re.MULTILINE | re.DOTALL
)


def called(function, folder):
    """Returns the actions that a function calls, through the SDKs that it depends on or by itself."""
    packages = {package["name"]: package for package in metadata()["packages"]}
    features = library_features(packages[function])
    crates = [*direct(packages[function]), *optional(packages[LIBRARY], features)]
    files = [deployed(file) for file in sources(folder, function, features)]
    of_sdks = {action for crate in crates for action in calls(packages[crate], "\n".join(files))}
    return of_sdks | {action for file in files for action in own_calls(file)}


def metadata():
    """Asks cargo what the workspace is made of, and where its sources are."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def library_features(package):
    """Returns the library's features that a function enables."""
    return next(
        one["features"] for one in package["dependencies"] if one["name"] == LIBRARY and one["kind"] is None
    )


def direct(package):
    """Returns the SDKs that a function depends on itself, its tests aside."""
    names = [one["name"] for one in package["dependencies"] if one["kind"] is None]
    return [name for name in names if name.startswith(SDK)]


def optional(library, features):
    """Returns the SDKs that the library depends on with these features."""
    enabled = [one.removeprefix("dep:") for feature in features for one in library["features"][feature]]
    return [name for name in enabled if name.startswith(SDK)]


def sources(folder, function, features):
    """Yields the function's files, and the library's that these features do not leave out."""
    yield from (folder / function / "src").rglob("*.rs")
    library = folder / LIBRARY / "src"
    for module in MODULE.finditer((library / "lib.rs").read_text(encoding="utf-8")):
        if module["feature"] is None or module["feature"] in features:
            yield library / f"{module['name']}.rs"
            yield from (library / module["name"]).rglob("*.rs")


def deployed(file):
    """Returns a file's code, without tests and comments."""
    return NOT_DEPLOYED.sub("", file.read_text(encoding="utf-8"))


def calls(package, code):
    """Yields the actions of the SDK's operations in the code: its clients' methods take no argument."""
    service = package["name"].removeprefix(SDK)
    for operation in operations(package):
        if re.search(rf"\.\s*{operation}\s*\(\s*\)|\b\w+\s*::\s*{operation}\b(?!\s*::)", code):
            name = f"{service}:{operation.title().replace('_', '')}"
            yield ACTIONS.get(name, name)


def own_calls(code):
    """Yields the actions that a file calls without an SDK: the service it names, and its operations."""
    for service in re.findall(r'\bsigned: "([^"]+)"', code):
        for operation in re.findall(r'\.call\(\s*"([^"]+)"', code):
            yield f"{service}:{operation}"


def operations(package):
    """Returns the operations of an SDK, one file each in its own sources."""
    files = (Path(package["manifest_path"]).parent / "src" / "client").glob("*.rs")
    found = [
        file.stem for file in files if re.search(rf"pub fn {file.stem}\(\s*&self", file.read_text("utf-8"))
    ]
    if not found:
        raise SystemExit(f"{package['name']} shows no operations: this check no longer knows its sources")
    return found
