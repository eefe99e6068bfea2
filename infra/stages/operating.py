"""A stack that runs: its functions invoked, its numbers shown, its logs followed."""

import os
from datetime import datetime, timezone

from infra.local.channelctl import fresh
from infra.local.invoke import find, function_of, show
from infra.local.processes import is_taken
from infra.local.progress import Trouble
from infra.local.simulated_hubspot import SimulatedHubSpot
from infra.stages.deploying import SAM

HIGHEST_PORT = 65_535


def invoke(stage, account):
    """Sends the sample event EVENT, made fresh, to the stage's function, and prints its answer."""
    file, outputs = find(os.environ.get("EVENT", "")), account.outputs()
    event = fresh(file, "--stage", stage.name)
    if "RequestType" in event or "DeploymentId" in event:
        raise Trouble("Only AWS sends that event to a stage. Try an action: status, probe, register, ...")
    function = outputs[function_of(event)]
    print(f"{file.name} to {function}: {account.describe()}", flush=True)
    show(account.invoke(function, event))


def picker(stage, account):
    """Serves the picker page for the stage's webhook until Ctrl-C; nothing is registered anywhere."""
    outputs = account.outputs()
    port = port_of(os.environ["HUBSPOT_PORT"])
    if is_taken(port):
        raise Trouble(f"Port {port} is taken. Choose another: make picker HUBSPOT_PORT={port + 10}")
    hubspot = SimulatedHubSpot(port)
    secret = account.secret(outputs["ClientSecretArn"]).get("clientSecret")
    if not secret:
        raise Trouble(f"The client secret is not set. Set it: make secrets STAGE={stage.name}")
    print(f"{account.describe()}; Ctrl-C ends", flush=True)
    hubspot.show(stage.parameters["AppId"], outputs["WebhookUrl"], secret)


def port_of(text):
    """Reads a port."""
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST_PORT:
        raise Trouble(f"HUBSPOT_PORT must be a port, 1 to {HIGHEST_PORT}, not {text!r}.")
    return int(text)


def logs(stage, account):
    """Follows the logs of both functions until Ctrl-C."""
    outputs = account.outputs()
    groups = (outputs["NumbersWebhookLogs"], outputs["DeployHookLogs"])
    since = os.environ.get("SINCE") or "10min ago"
    command = [SAM, "logs", "--tail", "--start-time", since]
    command += [option for group in groups for option in ("--cw-log-group", group)]
    if account.session.region_name:
        command += ["--region", account.session.region_name]
    print(
        f"{stage.stack}, since {since} ({datetime.now(timezone.utc):%H:%M:%S} UTC); Ctrl-C ends", flush=True
    )
    os.execve(SAM, command, os.environ | {"SAM_CLI_TELEMETRY": "0"})
