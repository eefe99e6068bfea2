"""What AWS and HubSpot hold after stacks are updated, fail, and are deleted."""

import pytest

from infra.local.local_aws import STACK
from infra.local.progress import StackError
from infra.local.simulated_hubspot import SECRETS
from infra.local.stack import PORTAL, SAMPLE_NUMBERS, USER
from infra.tests.test_stack import ELSEWHERE, rows

URL = "${Api.ApiEndpoint}/"
ANOTHER_URL = [(f"{place}numbers", f"{place}phone-numbers") for place in (URL, "POST /", "POST/")]
# The route stays, so that no webhook answers under the URL.
DEAD_URL = [(f"{URL}numbers", f"{URL}nowhere")]
NO_HUBSPOT = "http://127.0.0.1:9/"


def live_version(aws):
    """Returns the webhook's version that gets HubSpot's requests, and the hash of its code."""
    function = aws.outputs()["NumbersWebhookFunction"]
    alias = aws.client("lambda").get_function_configuration(FunctionName=function, Qualifier="live")
    return alias["Version"], alias["CodeSha256"]


def kept_resources(aws):
    """Returns the stack's resources that no deploy may replace."""
    listed = aws.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in listed
        if one["ResourceType"] != "AWS::Lambda::Version"
    }


def inventory(aws):
    """Returns what there is in the account, of the kinds that the template creates."""
    listings = (
        ("lambda", "list_functions", "Functions", "FunctionName"),
        ("apigatewayv2", "get_apis", "Items", "ApiId"),
        ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        ("iam", "list_roles", "Roles", "RoleName"),
        ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
        ("secretsmanager", "list_secrets", "SecretList", "Name"),
        ("dynamodb", "list_tables", "TableNames", None),
    )
    return {
        (service, one[name] if name else one)
        for service, operation, field, name in listings
        for one in getattr(aws.client(service), operation)()[field]
    }


def test_deploy_replaces_only_the_webhooks_version(stack):
    settings, resources = stack.hubspot.settings(), kept_resources(stack.aws)
    version, code = live_version(stack.aws)
    stack.deploy(IsReady="keep")
    assert stack.hubspot.settings() == settings
    assert kept_resources(stack.aws) == resources
    again, same_code = live_version(stack.aws)
    assert (again != version, same_code) == (True, code)


def test_upgraded_function_answers_as_new_version(stack):
    version, code = live_version(stack.aws)
    stack.deploy(IsReady="keep", upgraded=True)
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == 200
    upgraded, upgraded_code = live_version(stack.aws)
    assert upgraded != version
    assert upgraded_code != code


def test_new_url_is_registered_and_stays_released(stack):
    stack.deploy(*ANOTHER_URL, IsReady="keep")
    assert stack.outputs["WebhookUrl"].endswith("/phone-numbers")
    assert stack.hubspot.current() == (stack.outputs["WebhookUrl"], True)
    assert stack.hubspot.call(PORTAL, USER)["response"]["status"] == 200


@pytest.mark.parametrize(
    ("moved", "parameters", "reason"),
    [
        (DEAD_URL, {}, "expected 200"),
        (ANOTHER_URL, {"HubSpotApiUrl": NO_HUBSPOT}, "HubSpot cannot be reached"),
    ],
    ids=["webhook does not answer", "HubSpot cannot be reached"],
)
def test_failed_deploy_rolls_back_and_stays_released(stack, moved, parameters, reason):
    current, live = stack.hubspot.current(), live_version(stack.aws)
    with pytest.raises(StackError, match=reason):
        stack.deploy(*moved, **parameters)
    assert stack.aws.describe()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.hubspot.current() == current
    assert live_version(stack.aws) == live


def test_logs_hold_no_number_name_or_secret(stack):
    stack.hubspot.call(PORTAL, USER)
    stack.hook("status")
    logged = "\n".join(stack.aws.log_lines())
    assert f'"portalId":{PORTAL}' in logged, "there are no logs to look at"
    sample = rows(SAMPLE_NUMBERS.read_text(encoding="utf-8"))
    texts = [text for row in sample for text in (row["number"].lstrip("+"), row["friendlyName"])]
    assert [text for text in (*texts, *SECRETS.values()) if text in logged] == []


@pytest.mark.parametrize(("on_delete", "is_ready"), [("retain", True), ("hold", False)])
def test_deleted_stack_keeps_its_settings(running_stack, on_delete, is_ready):
    running_stack.deploy(OnDelete=on_delete)
    url = running_stack.outputs["WebhookUrl"]
    running_stack.aws.delete()
    assert running_stack.hubspot.current() == (url, is_ready)


def test_deleted_stack_leaves_its_numbers_and_its_audit(stack):
    before = inventory(stack.aws)
    kept = {stack.outputs["NumbersTable"], stack.outputs["DeployHookLogs"]}
    stack.aws.delete()
    assert stack.hubspot.settings() is None
    left = inventory(stack.aws)
    deleted = {service for service, _ in before - left}
    assert deleted == {"lambda", "apigatewayv2", "logs", "iam", "cloudwatch"}
    assert {name for _, name in left & before if STACK in name} == kept


def test_deleted_stack_leaves_another_stacks_url(stack):
    stack.hubspot.register(ELSEWHERE, True)
    stack.aws.delete()
    assert stack.hubspot.current() == (ELSEWHERE, True)


def test_calls_of_hubspot_follow_its_specification(stack):
    before = len(stack.hubspot.violations())
    stack.deploy(IsReady="keep")
    for action in ("hold", "release", "unregister", "register", "status"):
        assert stack.hook(action)["done"], action
    assert stack.hubspot.violations()[before:] == []
