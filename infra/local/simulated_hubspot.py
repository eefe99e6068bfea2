"""The simulated HubSpot, over HTTP."""

import json
import os
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


class SimulatedHubSpot:
    """One simulator, known by its port, and by its host where containers are to reach it."""

    def __init__(self, port, host=LOOPBACK):
        self.host, self.port = host, port
        self.url = f"http://{host}:{port}"
        self.program = str(QUICK_BUILDS / "hubspot-simulator")
        self.env = os.environ | SECRETS

    def start(self, processes):
        """Starts the simulator."""
        command = [self.program, "--listen", f"{self.host}:{self.port}", "--app-id", str(APP_ID)]
        process = processes.start("hubspot-simulator", command, self.env)
        processes.wait_for_port("hubspot-simulator", process, self.port, self.host)

    def parameters(self, aws):
        """Returns what a stack must be told to come here; keeps its secrets in an AWS."""
        client_secret = {"clientSecret": SECRETS["HUBSPOT_CLIENT_SECRET"]}
        credential = {"developerApiKey": SECRETS["HUBSPOT_DEVELOPER_API_KEY"]}
        return {
            "AppId": APP_ID,
            "ClientSecretArn": aws.create_secret("channel-connection/client-secret", client_secret),
            "HubSpotCredentialArn": aws.create_secret("channel-connection/hubspot-credential", credential),
            "HubSpotApiUrl": f"{self.url}/",
            "AllowLocalUrls": "true",
        }

    def show(self, app_id, webhook_url, client_secret):
        """Becomes the picker page for a webhook that is deployed, until Ctrl-C."""
        listen = f"{self.host}:{self.port}"
        command = [self.program, "--listen", listen, "--app-id", str(app_id)]
        environment = os.environ | {"HUBSPOT_CLIENT_SECRET": client_secret}
        command += ["--webhook-url", webhook_url]
        os.execve(self.program, command, environment)

    def settings(self):
        """Returns the registered settings, None where there are none."""
        return self._ask("/simulator")["settings"]

    def register(self, url, is_ready):
        """Registers a URL as somebody else would, through HubSpot's own API."""
        path = f"/crm/extensions/calling/2026-03/{APP_ID}/settings/channel-connection"
        key = SECRETS["HUBSPOT_DEVELOPER_API_KEY"]
        method = "PATCH" if self.settings() else "POST"
        self._ask(f"{path}?hapikey={key}", {"url": url, "isReady": is_ready}, method)

    def violations(self):
        """Returns where any call so far departed from HubSpot's specification."""
        return [violation for call in self._ask("/simulator")["calls"] for violation in call["violations"]]

    def call(self, portal_id, user_id, misbehaviour=None):
        """Lets a user open the list of numbers; returns request and answer."""
        return self._ask(
            "/simulator/call", {"portalId": portal_id, "userId": user_id, "misbehaviour": misbehaviour}
        )

    def _ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        # A proxy of the user's knows nothing of this machine's ports.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise OSError(json.load(error)["message"]) from None
