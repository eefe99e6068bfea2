"""The two secrets of a stage, asked for and kept; nothing of them is shown or passed on."""

import json
import sys
from getpass import getpass

from infra.local.progress import Trouble

KINDS = {
    "1": ("developer API key", ("developerApiKey",)),
    "2": ("access token", ("accessToken",)),
    "3": ("OAuth client credentials", ("clientId", "clientSecret")),
}


def ask_and_keep(stage, account):
    """Asks for the secrets and keeps them; an empty answer leaves one as it is."""
    if not sys.stdin.isatty():
        raise Trouble("Secrets are asked for in a terminal, so that they stand in no history and no log.")
    outputs = account.outputs()
    print(f"Secrets of {account.describe()}. Nothing that you type is shown; Enter alone leaves it as it is.")
    secrets = account.client("secretsmanager")
    former = account.secret(outputs["ClientSecretArn"]).get("clientSecret", "")
    current = former if is_whole(former) else None
    kept = [keep_client_secret(secrets, outputs["ClientSecretArn"], current)]
    kept.append(keep_credential(secrets, outputs["HubSpotCredentialArn"]))
    if any(kept):
        # Until the client secret is set, a deploy registers nothing.
        print(f"next: make {'status' if current else 'deploy'} STAGE={stage.name}")


def keep_client_secret(secrets, arn, current):
    """Keeps the app's client secret; the one before stays accepted beside it."""
    new = getpass("Client secret (HubSpot: your app, Auth): ").strip()
    if not new:
        return False
    if not is_whole(new):
        raise Trouble("There is a space or a line end in it. Nothing was changed.")
    # A wrong one would push the one before out of the secret, at the next try.
    if getpass("Once more: ").strip() != new:
        raise Trouble("The two differ. Nothing was changed.")
    stored = {"clientSecret": new}
    if current and current != new:
        stored["previousClientSecret"] = current
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(stored))
    print("Kept." + (" The one before stays accepted as well." if len(stored) == 2 else ""))
    return True


def is_whole(secret):
    """Tells whether there is a secret without spaces and line ends; neither function takes another."""
    return secret.split() == [secret]


def keep_credential(secrets, arn):
    """Keeps what opens HubSpot's API."""
    choices = ", ".join(f"{number} {name}" for number, (name, _) in KINDS.items())
    while (kind := input(f"HubSpot credential ({choices}): ").strip()) not in KINDS:
        if not kind:
            return False
        print(f"Type {', '.join(KINDS)} or Enter.")
    name, fields = KINDS[kind]
    stored = {field: getpass(f"{name}, {field}: ").strip() for field in fields}
    if not all(stored.values()):
        print("Left as it is.")
        return False
    if not all(map(is_whole, stored.values())):
        raise Trouble("There is a space or a line end in it. The credential was not changed.")
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(stored))
    print("Kept.")
    return True
