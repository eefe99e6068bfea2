//! How CloudFormation left a stack, and what to do about it.

use crate::{
    doctor::finding::{Finding, doubtful, right, wrong},
    stack::Stack,
};

/// Says how CloudFormation left the stack.
pub fn examine(stack: &Stack) -> Finding {
    let about = "stack";
    let found = format!("{}: {}", stack.target.stack, stack.status);
    let again = || stack.command("deploy");
    match stack.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" => {
            let target = &stack.target;
            let command = "cloudformation continue-update-rollback --stack-name";
            let go_on = target.aws_command(&format!("{command} {}", target.stack));
            wrong(
                about,
                found,
                Some(format!("fix what its events name, then {go_on}")),
            )
        }
        // A change set was looked at, and nothing deployed yet.
        "REVIEW_IN_PROGRESS" => doubtful(about, found, Some(again())),
        status if is_in_progress(status) => {
            doubtful(about, found, Some("wait until the deploy is done".into()))
        }
        status if was_never_created(status) => {
            let why = "the first deploy failed, and AWS updates no such stack";
            let fix = format!("{}, then {}: {why}", stack.command("delete"), again());
            wrong(about, found, Some(fix))
        }
        "DELETE_FAILED" => wrong(about, found, Some(stack.command("delete"))),
        status if status.ends_with("_FAILED") => wrong(about, found, Some(again())),
        status if status.contains("ROLLBACK") => {
            let why = "the last deploy failed; its events say why";
            doubtful(about, found, Some(format!("{}: {why}", again())))
        }
        _ => right(about, &found),
    }
}

/// Tells whether a stack's first deploy failed, after which it can only be deleted.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>
pub fn was_never_created(status: &str) -> bool {
    ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"].contains(&status)
}

/// Tells whether CloudFormation still works on a stack; one that only has a change set waits.
pub fn is_in_progress(status: &str) -> bool {
    status != "REVIEW_IN_PROGRESS" && status.ends_with("_IN_PROGRESS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::tests::assert_found;

    #[test]
    fn a_stack_that_stands_is_right_and_one_that_was_rolled_back_is_deployed_again() {
        assert_found(
            &examine(&Stack::in_state("UPDATE_COMPLETE")),
            "UPDATE_COMPLETE",
            None,
        );
        assert_found(
            &examine(&Stack::in_state("UPDATE_ROLLBACK_COMPLETE")),
            "UPDATE_ROLLBACK_COMPLETE",
            Some("channelctl --stage dev deploy: the last deploy failed; its events say why"),
        );
        assert_found(
            &examine(&Stack::in_state("UPDATE_ROLLBACK_FAILED")),
            "UPDATE_ROLLBACK_FAILED",
            Some(
                "fix what its events name, then aws cloudformation continue-update-rollback \
                 --stack-name calls-dev --region eu-west-1",
            ),
        );
    }

    #[test]
    fn a_deploy_that_goes_on_is_waited_for_and_one_that_failed_is_made_again() {
        for status in ["CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"] {
            let fix = Some("wait until the deploy is done");
            assert_found(&examine(&Stack::in_state(status)), status, fix);
        }
        for status in ["UPDATE_FAILED", "REVIEW_IN_PROGRESS"] {
            let fix = Some("channelctl --stage dev deploy");
            assert_found(&examine(&Stack::in_state(status)), status, fix);
        }
        let failed = examine(&Stack::in_state("DELETE_FAILED"));
        assert_found(
            &failed,
            "DELETE_FAILED",
            Some("channelctl --stage dev delete"),
        );
    }

    #[test]
    fn a_stack_whose_first_deploy_failed_is_deleted_first() {
        let fix = "channelctl --stage dev delete, then channelctl --stage dev deploy: the first deploy failed, and AWS updates no such stack";
        for status in ["CREATE_FAILED", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE"] {
            assert_found(&examine(&Stack::in_state(status)), status, Some(fix));
        }
    }
}
