"""The local stack, brought up once for all tests and restored for each."""

import pytest
from botocore.exceptions import ClientError

from infra import ROOT
from infra.local.processes import Processes, free_port
from infra.local.stack import Stack


@pytest.fixture(scope="session")
def running_stack(pytestconfig):
    """The stack, up until the last test has ended."""
    terminal = pytestconfig.pluginmanager.getplugin("capturemanager")
    folder = ROOT / ".local" / "test"
    with Processes(folder) as processes:
        stack = Stack(folder, free_port(), free_port())
        with terminal.global_and_fixture_disabled():
            print()
            stack.bring_up(processes)
        stack.fresh_outputs = stack.outputs
        yield stack


@pytest.fixture
def stack(running_stack):
    """The stack as `make run` brings it up, whatever the tests before did to it."""
    running_stack.hubspot.ask("/simulator/standing-fault", "PUT")
    if not is_fresh(running_stack):
        running_stack.deploy()
        running_stack.load_numbers()
        running_stack.fresh_outputs = running_stack.outputs
    url = running_stack.outputs["WebhookUrl"]
    if running_stack.hubspot.current() != (url, True):
        running_stack.hubspot.register(url, True)
    return running_stack


def is_fresh(stack):
    """Tells whether the stack is there, well, and under the URL that it was brought up with."""
    try:
        outputs, status = stack.aws.outputs(), stack.aws.describe()["StackStatus"]
    except ClientError:
        return False
    same = (outputs[name] == stack.fresh_outputs[name] for name in ("NumbersTable", "WebhookUrl"))
    return status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and all(same)
