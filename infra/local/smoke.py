"""What must hold of the stack from outside, each said in a line."""

EXPECTED = [
    {"e164PhoneNumber": "+18001231234", "friendlyName": "Sales"},
    {"e164PhoneNumber": "+18001231235", "extension": "1", "friendlyName": "Front desk"},
    {"e164PhoneNumber": "+18001231236", "friendlyName": "Customer success Europe"},
    {"e164PhoneNumber": "+442079460123", "friendlyName": "London"},
]


def smoke_checks(stack, portal, user):
    """Yields what is claimed, and whether it holds."""
    print(flush=True)
    answer = stack.hubspot.call(portal, user)["answer"]
    yield (
        "HubSpot's signed request is answered with the portal's numbers",
        (answer == {"status": 200, "body": {"phoneNumbers": EXPECTED}, "violations": []}),
    )
    unknown = stack.hubspot.call(portal + 1, user)["answer"]
    yield (
        "an unknown portal gets an empty list",
        ((unknown["status"], unknown["body"]) == (200, {"phoneNumbers": []})),
    )
    forged = stack.hubspot.call(portal, user, "tamperedBody")["answer"]
    yield "the same request with one byte changed gets 401", forged["status"] == 401

    settings = stack.hubspot.settings()
    yield (
        "HubSpot holds the stack's URL, ready as asked",
        ((settings["url"], settings["isReady"]) == (stack.outputs["WebhookUrl"], True)),
    )
    report = act(stack, "status")
    yield "the hook's status sees no drift", (report["drift"], report["ready"]) == (False, True)
    yield "the webhook answers HubSpot, and nobody else", report["lastProbe"]["proved"]
    yield "the hook holds the app back when asked to", act(stack, "hold")["ready"] is False
    yield "and releases it again", act(stack, "release")["ready"] is True


def act(stack, action):
    """Asks the hook for an action, and returns its report."""
    return stack.aws.invoke(stack.outputs["DeployHookFunction"], {"action": action})
