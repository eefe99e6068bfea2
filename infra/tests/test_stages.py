"""The commands for a stage, run in the order in which somebody needs them."""

from infra.local.local_aws import environment
from infra.local.stage_checks import stage_checks


def test_stage_commands_do_what_they_say(stack, monkeypatch):
    for name, value in environment(stack.aws.endpoint).items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    stack.aws.delete()
    assert [claim for claim, holds in stage_checks(stack) if not holds] == []
