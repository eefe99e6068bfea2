"""A stack that runs: how it stands, released, held, and its logs."""

import os
import subprocess
from datetime import datetime, timezone

from infra import ROOT
from infra.local.invoke import find, function_of, show
from infra.local.progress import Trouble
from infra.local.simulated_hubspot import fresh
from infra.stages.deploying import SAM, ask


def status(stage, account):
    """Prints how the stage stands, and fails on drift or a webhook that is not proved."""
    stack = account.stack()
    report = account.act({"action": "status"})
    probe, registered = report["lastProbe"], report["registered"]
    changed = stack.get("LastUpdatedTime", stack["CreationTime"]).astimezone(timezone.utc)
    lines = {
        "stack": f"{account.describe()}: {stack['StackStatus']}, {changed:%Y-%m-%d %H:%M} UTC",
        "webhook": report["expected"]["url"],
        "registered": registered["url"] if registered else "nothing" if report["done"] else "unknown",
        "isReady": {True: "true: every customer can select the app", False: "false", None: "unknown"}[
            report["ready"]
        ],
        "proof": proof(probe),
        "credential": f"{report['credential'] or 'none'}, API {report['apiVersion']}",
        "next": following(stage, report),
    }
    print("\n".join(f"{name:<11} {text}" for name, text in lines.items()))
    return 0 if report["drift"] is False and probe["proved"] else 1


def proof(probe):
    """Says what the webhook answered just now."""
    if not probe["proved"]:
        return f"NOT proved: {probe['reason']}"
    return f"proved in {probe['milliseconds']} ms, with {probe['numbers']} numbers"


def following(stage, report):
    """Says what to do next."""
    if not report["done"]:
        return report["outcome"]
    if report["drift"]:
        return f"make deploy STAGE={stage.name}: HubSpot does not hold this stage's URL"
    if not report["lastProbe"]["proved"]:
        return f"make logs STAGE={stage.name}"
    return "nothing" if report["ready"] else f"test it in HubSpot, then make release STAGE={stage.name}"


def release(stage, account):
    """Releases the app to every customer."""
    ask(f"Release to every customer: {account.describe()}?")
    act(stage, account, "release")


def hold(stage, account):
    """Hides the app from every customer; it asks nothing, because it is for emergencies."""
    print(f"holding {account.describe()}", flush=True)
    act(stage, account, "hold")


def act(stage, account, action):
    """Asks the hook for an action and prints what became of it."""
    why = os.environ.get("WHY") or f"make {action} by {os.environ.get('USER', 'nobody known')}"
    report = account.act({"action": action, "why": why})
    if not report["done"]:
        raise Trouble(report["outcome"])
    print(report["outcome"])
    print(f"next: make status STAGE={stage.name}")


def invoke(stage, account):
    """Sends the sample event EVENT, made fresh, to the stage's function, and prints its answer."""
    file, outputs = find(os.environ.get("EVENT", "")), account.outputs()
    secret = account.secret(outputs["ClientSecretArn"]).get("clientSecret", "")
    event = fresh(ROOT, file, outputs["WebhookUrl"], secret)
    if "RequestType" in event or "DeploymentId" in event:
        raise Trouble("Only AWS sends that event to a stage. Try an action: status, probe, register, ...")
    function = outputs[function_of(event)]
    print(f"{file.name} to {function}: {account.describe()}", flush=True)
    show(account.invoke(function, event))


def logs(stage, account):
    """Follows the logs of both functions until Ctrl-C."""
    outputs = account.outputs()
    groups = (outputs["NumbersWebhookLogs"], outputs["DeployHookLogs"])
    since = os.environ.get("SINCE", "10min ago")
    command = [SAM, "logs", "--tail", "--start-time", since]
    command += [option for group in groups for option in ("--cw-log-group", group)]
    if account.session.region_name:
        command += ["--region", account.session.region_name]
    print(
        f"{stage.stack}, since {since} ({datetime.now(timezone.utc):%H:%M:%S} UTC); Ctrl-C ends", flush=True
    )
    return subprocess.run(command, env=os.environ | {"SAM_CLI_TELEMETRY": "0"}, check=False).returncode
