"""HubSpot's own Python clients, run against the simulated HubSpot and the webhook."""

import json
import time
from urllib.parse import urlsplit

import hubspot_sdk
import pytest
import urllib3
from hubspot import HubSpot
from hubspot.crm.extensions import calling
from hubspot.utils.signature import Signature

from infra.local.processes import LOOPBACK, Processes, free_port
from infra.local.simulated_hubspot import APP_ID, CREDENTIAL, SECRETS, SimulatedHubSpot
from infra.local.stack import PORTAL, USER

URL = "https://calls.example.com/numbers"
KEY, TOKEN = CREDENTIAL["developerApiKey"], SECRETS["HUBSPOT_ACCESS_TOKEN"]
SECRET = SECRETS["HUBSPOT_CLIENT_SECRET"]


class ApiClient:
    """hubspot-api-client, which calls v3."""

    errors = {
        401: calling.exceptions.UnauthorizedException,
        403: calling.exceptions.ForbiddenException,
        404: calling.exceptions.NotFoundException,
        409: calling.ApiException,
        429: calling.ApiException,
        503: calling.exceptions.ServiceException,
    }

    def __init__(self, simulator, retries=0, **credential):
        # As its README has it, apart from the methods: a write is retried too.
        retry = urllib3.Retry(
            total=retries, status_forcelist=(429, 503), allowed_methods=None, raise_on_status=False
        )
        api = HubSpot(host=simulator.url, retry=retry, **credential)
        self.api = api.crm.extensions.calling.channel_connection_settings_api

    def create(self, url, is_ready):
        request = calling.ChannelConnectionSettingsRequest(url=url, is_ready=is_ready)
        return self.api.create(APP_ID, request)

    def read(self):
        return self.api.get_by_id(APP_ID)

    def change(self, **change):
        return self.api.update(APP_ID, calling.ChannelConnectionSettingsPatchRequest(**change))

    def delete(self):
        self.api.archive(APP_ID)

    @staticmethod
    def body(error):
        return json.loads(error.body)


class Sdk:
    """hubspot-sdk, which calls 2026-03."""

    errors = {
        401: hubspot_sdk.AuthenticationError,
        403: hubspot_sdk.PermissionDeniedError,
        404: hubspot_sdk.NotFoundError,
        409: hubspot_sdk.ConflictError,
        429: hubspot_sdk.RateLimitError,
        503: hubspot_sdk.InternalServerError,
    }

    def __init__(self, simulator, retries=0, api_key=None, access_token=None):
        self.api = hubspot_sdk.HubSpot(
            base_url=simulator.url,
            developer_api_key=api_key,
            access_token=access_token,
            max_retries=retries,
            http_client=hubspot_sdk.DefaultHttpxClient(trust_env=False),
        ).crm.extensions.calling

    def create(self, url, is_ready):
        return self.api.create_channel_connection_settings(APP_ID, url=url, is_ready=is_ready)

    def read(self):
        return self.api.get_channel_connection_settings(APP_ID)

    def change(self, **change):
        return self.api.update_channel_connection_settings(APP_ID, **change)

    def delete(self):
        self.api.delete_channel_connection_settings(APP_ID)

    @staticmethod
    def body(error):
        return error.body


CLIENTS = [
    pytest.param(ApiClient, {"api_key": KEY}, id="hubspot-api-client with a key"),
    pytest.param(Sdk, {"api_key": KEY}, id="hubspot-sdk with a key"),
    pytest.param(Sdk, {"access_token": TOKEN}, id="hubspot-sdk with a token"),
]
every_client = pytest.mark.parametrize(("client", "credential"), CLIENTS)
both_clients = pytest.mark.parametrize("client", [ApiClient, Sdk])


@pytest.fixture
def simulator(tmp_path):
    """A simulated HubSpot without a stack; at the end, every call must have followed its specification."""
    with Processes(tmp_path) as processes:
        simulator = SimulatedHubSpot(free_port())
        simulator.start(processes)
        yield simulator
        assert simulator.violations() == []


def statuses(simulator):
    """Returns each call's status, or the status of the fault that it met."""
    calls = simulator.ask("/simulator")["calls"]
    return [call["status"] or call["fault"]["how"]["statusWithRetryAfter"][0] for call in calls]


@every_client
def test_clients_manage_the_settings(simulator, client, credential):
    hubspot = client(simulator, **credential)
    created = hubspot.create(URL, is_ready=False)
    assert (created.url, created.is_ready) == (URL, False)
    with pytest.raises(client.errors[409]):
        hubspot.create(URL, is_ready=True)
    changed = hubspot.change(is_ready=True)
    assert (changed.is_ready, changed.created_at) == (True, created.created_at)
    assert changed.updated_at > created.updated_at
    assert hubspot.read() == changed
    hubspot.delete()
    with pytest.raises(client.errors[404]):
        hubspot.read()


@both_clients
@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 503])
def test_errors_become_the_clients_own(simulator, client, status):
    fault = {"when": "before", "how": {"status": status}}
    simulator.ask("/simulator/faults", "POST", [fault])
    with pytest.raises(client.errors[status]) as caught:
        client(simulator, api_key=KEY).read()
    body = client.body(caught.value)
    assert body["status"] == "error"
    assert body["message"]
    assert body["correlationId"]
    # HubSpot's Node client retries by exactly this policy.
    policy = ("RATE_LIMIT", "TEN_SECONDLY_ROLLING") if status == 429 else (None, None)
    assert (body.get("errorType"), body.get("policyName")) == policy
    assert type(caught.value) is client.errors[status]


@both_clients
def test_clients_retry_what_passes(simulator, client):
    faults = [{"when": "before", "how": {"statusWithRetryAfter": [status, 0]}} for status in (429, 503)]
    simulator.ask("/simulator/faults", "POST", faults)
    client(simulator, retries=3, api_key=KEY).create(URL, is_ready=False)
    assert statuses(simulator) == [429, 503, 200]
    simulator.ask("/simulator/faults", "POST", faults)
    with pytest.raises(client.errors[503]):
        client(simulator, retries=1, api_key=KEY).read()


class TestSignature:
    def test_webhook_accepts_what_hubspots_helper_signed(self, stack):
        url = stack.outputs["WebhookUrl"]
        body = json.dumps({"appId": APP_ID, "portalId": PORTAL, "userId": USER})
        timestamp = str(time.time_ns() // 1_000_000)
        signature = Signature.get_signature(SECRET, body, "v3", url, "POST", timestamp)
        assert post(url, body, signature, timestamp) == 200
        assert post(url, body + " ", signature, timestamp) == 401

    def test_hubspots_helper_accepts_the_simulators_signature(self, stack):
        for fault, is_valid in [(None, True), ("tamperedBody", False), ("wrongSignature", False)]:
            request = stack.hubspot.call(PORTAL, USER, fault)["request"]
            assert is_valid == Signature.is_valid(
                signature=request["signature"],
                client_secret=SECRET,
                request_body=request["body"],
                http_uri=request["url"],
                http_method=request["method"],
                signature_version="v3",
                timestamp=request["timestamp"],
            ), fault


def post(url, body, signature, timestamp):
    """Sends a signed request to the local API Gateway, whose name not every machine resolves."""
    url = urlsplit(url)
    headers = {
        "host": url.netloc,
        "content-type": "application/json",
        "x-hubspot-signature-v3": signature,
        "x-hubspot-request-timestamp": timestamp,
    }
    address = f"http://{LOOPBACK}:{url.port}{url.path}"
    return urllib3.request("POST", address, body=body, headers=headers, timeout=30).status
