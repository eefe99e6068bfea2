"""Compares what HubSpot publishes of its API with the copies that the simulated HubSpot is checked against.

    python3 infra/contract.py [WHERE HUBSPOT PUBLISHES]

Prints a diff. Exit code: 0 no difference, 1 HubSpot's documents cannot be read, 3 a difference.
"""

import difflib
import json
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import urlopen

COPIES = Path(__file__).parent / "local" / "hubspot-simulator" / "openapi"
PUBLISHED = "https://raw.githubusercontent.com/HubSpot/HubSpot-public-api-spec-collection/main/PublicApiSpecs"
CALLING = "CRM/Calling Extensions/Rollouts/145891"
DOCUMENTS = {
    "calling-extensions-2026-03.json": f"{CALLING}/2026-03/callingExtensions.json",
    "calling-extensions-2026-09.json": f"{CALLING}/2026-09/callingExtensions.json",
    "calling-extensions-v3.json": f"{CALLING}/v3/callingExtensions.json",
    "oauth-2026-03.json": "Auth/Oauth/Rollouts/279897/2026-03/oauth.json",
}
# An operation lists the scopes that it takes; its scheme lists all that some operation takes.
PROSE = {"description", "example", "examples", "operationId", "scopes", "summary", "tags"}
# Their keys are names.
MAPS = {"properties", "paths", "schemas", "responses", "securitySchemes"}


def main(published=PUBLISHED):
    """Prints every difference, and returns the exit code."""
    different = False
    for name, path in DOCUMENTS.items():
        copy = json.loads((COPIES / name).read_text(encoding="utf-8"))
        try:
            document = fetch(f"{published}/{quote(path)}")
        except (URLError, ValueError) as error:
            print(f"{name}: {published}/{path} cannot be read: {error}", file=sys.stderr)
            return 1
        before, after = lines(contract(copy, copy["paths"])), lines(contract(document, copy["paths"]))
        for line in difflib.unified_diff(
            before, after, f"{name}, the copy", f"{name}, published", lineterm=""
        ):
            different = True
            print(line)
    return 3 if different else 0


def fetch(url):
    """Returns a document; an empty one where there is none any more."""
    try:
        with urlopen(url, timeout=30) as response:
            return json.load(response)
    except HTTPError as error:
        if error.code == 404:
            return {}
        raise


def contract(document, paths):
    """Returns what a document says of some paths, with everything that these refer to, and without prose."""
    everything = without_prose(document)
    kept = {"paths": {path: everything.get("paths", {}).get(path) for path in paths}}
    wanted = list(references(kept))
    while wanted:
        kind, name = wanted.pop()
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = everything.get("components", {}).get(kind, {}).get(name)
            wanted += references(kept[kind][name])
    return kept


def without_prose(part, keys_are_names=False):
    """Returns a part of a document without what nobody's program reads."""
    if isinstance(part, list):
        return [without_prose(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: without_prose(value, key in MAPS and not keys_are_names)
        for key, value in part.items()
        if keys_are_names or not (key in PROSE or key.startswith("x-"))
    }


def references(part):
    """Yields the components that a part refers to, by kind and name."""
    if isinstance(part, list):
        for one in part:
            yield from references(one)
    elif isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield tuple(part["$ref"].split("/")[-2:])
        for requirement in part.get("security", []):
            yield from (("securitySchemes", name) for name in requirement)
        for one in part.values():
            yield from references(one)


def lines(part):
    """Returns a part as lines that can be compared."""
    return json.dumps(part, indent=1, sort_keys=True).splitlines()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
