"""The simulated HubSpot, over HTTP."""

import json
import os
import subprocess
import urllib.error
import urllib.request

from infra import QUICK_BUILDS
from infra.local.processes import LOOPBACK

APP_ID = 1234567
# Known to everyone: they open nothing but this machine's own simulator.
SECRETS = {
    "HUBSPOT_CLIENT_SECRET": "local-client-secret",
    "HUBSPOT_DEVELOPER_API_KEY": "local-developer-api-key",
    "HUBSPOT_ACCESS_TOKEN": "local-access-token",
    "HUBSPOT_OAUTH_CLIENT_ID": "local-oauth-client-id",
    "HUBSPOT_OAUTH_CLIENT_SECRET": "local-oauth-client-secret",
}
# The same, as the stack keeps them.
CLIENT_SECRET = {"clientSecret": SECRETS["HUBSPOT_CLIENT_SECRET"]}
CREDENTIAL = {"developerApiKey": SECRETS["HUBSPOT_DEVELOPER_API_KEY"]}


class SimulatedHubSpot:
    """One simulator, known by its port, and by its host if containers call it."""

    program = str(QUICK_BUILDS / "hubspot-simulator")

    def __init__(self, port, host=LOOPBACK):
        self.host, self.port = host, port
        self.url = f"http://{host}:{port}"

    def start(self, processes):
        command = [self.program, "--listen", f"{self.host}:{self.port}", "--app-id", str(APP_ID)]
        processes.start("hubspot-simulator", command, os.environ | SECRETS)
        processes.wait_for_port("hubspot-simulator", self.port, self.host)

    def parameters(self, aws):
        """Returns the parameters of a stack that uses this HubSpot; keeps its secrets in an AWS."""
        return {
            "AppId": APP_ID,
            "ClientSecretArn": aws.create_secret("channel-connection/client-secret", CLIENT_SECRET),
            "HubSpotCredentialArn": aws.create_secret("channel-connection/hubspot-credential", CREDENTIAL),
            "HubSpotApiUrl": f"{self.url}/",
            "AllowLocalUrls": "true",
        }

    def event(self, *arguments):
        """Returns a sample event, freshly signed."""
        command = [self.program, "event", *map(str, arguments)]
        return subprocess.check_output(command, env=os.environ | SECRETS, text=True, timeout=60)

    def settings(self):
        """Returns the registered settings, None if there are none."""
        return self.ask("/simulator")["settings"]

    def current(self):
        """Returns the registered URL and isReady, both None if nothing is registered."""
        settings = self.settings() or {}
        return settings.get("url"), settings.get("isReady")

    def register(self, url, is_ready):
        """Registers a URL as another stack or a person would."""
        self.write("PATCH" if self.settings() else "POST", {"url": url, "isReady": is_ready})

    def write(self, method, settings=None):
        path = f"/crm/extensions/calling/2026-03/{APP_ID}/settings/channel-connection"
        self.ask(f"{path}?hapikey={SECRETS['HUBSPOT_DEVELOPER_API_KEY']}", method, settings)

    def violations(self):
        """Returns where any call so far violated HubSpot's specification."""
        return [violation for call in self.ask("/simulator")["calls"] for violation in call["violations"]]

    def call(self, portal_id, user_id, fault=None):
        """Opens the list of numbers as a user; returns request and response."""
        body = {"portalId": portal_id, "userId": user_id, "fault": fault}
        return self.ask("/simulator/call", "POST", body)

    def ask(self, path, method="GET", body=None):
        """Sends a request and returns the JSON of its response."""
        data = None if method in ("GET", "DELETE") else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        # The user's proxy knows nothing of this machine's ports.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                return json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            raise OSError(json.load(error)["message"]) from None
