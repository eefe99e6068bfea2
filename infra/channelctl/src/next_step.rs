//! What to do next with a stack.

use crate::{diagnosis, finding::Finding, hook::Report, stack::Stack, stack_state};

/// Names the one step that comes next: what fixes the first thing that is wrong, or the release.
///
/// What has more than one possible cause leads to doctor, which looks for it.
pub fn next_step(stack: &Stack, report: &Report) -> String {
    let fix = |finding: Finding| finding.fix().map(str::to_owned);
    let doctor = stack.command("doctor");
    let hubspot_was_asked = report.drift.is_some();
    if !(report.done && hubspot_was_asked) {
        return doctor;
    }
    fix(stack_state::examine(stack))
        .or_else(|| fix(diagnosis::registered_url(stack, report)))
        .or_else(|| (!report.last_probe.verified).then_some(doctor))
        .or_else(|| fix(diagnosis::release(stack, report)))
        .unwrap_or_else(|| "nothing".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::tests::{URL, report};

    fn next(status: &str, report: &Report) -> String {
        next_step(&Stack::in_state(status), report)
    }

    #[test]
    fn a_verified_url_is_released_then_nothing() {
        let held = report(Some((URL, false)));
        let release = "test it in HubSpot, then channelctl --stage dev release";
        assert_eq!(next("UPDATE_COMPLETE", &held), release);
        let released = report(Some((URL, true)));
        assert_eq!(next("UPDATE_COMPLETE", &released), "nothing");
    }

    #[test]
    fn the_stacks_state_comes_first() {
        for registered in [None, Some((URL, true))] {
            let going_on = next("UPDATE_IN_PROGRESS", &report(registered));
            assert_eq!(going_on, "wait until the deploy is done");
        }
    }

    #[test]
    fn a_missing_url_is_registered_first() {
        let mut report = report(None);
        report.last_probe.verified = false;
        let register = "channelctl --stage dev register";
        assert_eq!(next("UPDATE_COMPLETE", &report), register);
    }

    #[test]
    fn failed_unverified_or_unknown_leads_to_doctor() {
        let doctor = "channelctl --stage dev doctor";
        let mut unverified = report(Some((URL, true)));
        unverified.last_probe.verified = false;
        assert_eq!(next("UPDATE_COMPLETE", &unverified), doctor);
        let mut failed = report(Some((URL, true)));
        failed.done = false;
        assert_eq!(next("UPDATE_ROLLBACK_COMPLETE", &failed), doctor);
        let mut unknown = report(None);
        (unknown.drift, unknown.ready) = (None, None);
        assert_eq!(next("UPDATE_COMPLETE", &unknown), doctor);
    }
}
