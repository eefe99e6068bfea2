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
        before, after = lines(contract(copy, copy)), lines(contract(document, copy))
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


def contract(document, copy):
    """Returns what a document says of the paths and components that a copy has, without prose."""
    everything = without_prose(document)
    components = everything.get("components", {})
    kept = {
        kind: {name: components.get(kind, {}).get(name) for name in names}
        for kind, names in copy["components"].items()
    }
    return kept | {"paths": {path: everything.get("paths", {}).get(path) for path in copy["paths"]}}


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


def lines(part):
    """Returns a part as lines that can be compared."""
    return json.dumps(part, indent=1, sort_keys=True).splitlines()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
