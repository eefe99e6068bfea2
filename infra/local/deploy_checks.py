"""What deploys must leave behind them on AWS; each said in a line."""


def deploy_checks(stack, portal, user):
    """Yields what is claimed, and whether it holds."""
    settings, resources = stack.hubspot.settings(), kept(stack)
    former, _ = stack.aws.live()
    stack.deploy(IsReady="keep")
    yield "another deploy leaves the registration as it was", stack.hubspot.settings() == settings
    yield "and replaces nothing but the webhook's version", kept(stack) == resources
    version, code = stack.aws.live()
    yield "to which requests then go", version != former

    stack.deploy(IsReady="keep", upgraded=True)
    yield "an upgraded function answers", stack.hubspot.call(portal, user)["answer"]["status"] == 200
    upgraded, upgraded_code = stack.aws.live()
    yield "as a new version with its own code", version != upgraded and code != upgraded_code


def kept(stack):
    """Returns the stack's resources that no deploy may replace."""
    resources = stack.aws.resources()
    return {name: one for name, one in resources.items() if one[0] != "AWS::Lambda::Version"}
