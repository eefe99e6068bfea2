//! What a stack, its deploy-hook's report and its table tell of what is wrong.

use crate::{
    doctor::{
        finding::{Finding, doubtful, right, wrong},
        stack_state,
    },
    hook::{HookError, Report},
    numbers::table::Census,
    stack::Stack,
};

/// Says why the deploy-hook gave no report.
pub fn no_report(stack: &Stack, error: &HookError) -> Finding {
    let fix = match error {
        HookError::Failed { .. } => Some(stack.command("logs")),
        HookError::Answer | HookError::Stack(_) => Some(stack.command("deploy")),
        // What AWS says has no fix of ours.
        HookError::Aws(_) => None,
    };
    wrong("deploy-hook", error.to_string(), fix)
}

/// Returns what the deploy-hook's report tells; the client secret's finding explains the webhook's.
pub fn of_report(stack: &Stack, report: &Report, client_secret: Option<&Finding>) -> [Finding; 5] {
    [
        credential(stack, report),
        app(stack, report),
        registered_url(stack, report),
        webhook(stack, report, client_secret),
        release(stack, report),
    ]
}

/// Says whether HubSpot accepts the credential.
pub fn credential(stack: &Stack, report: &Report) -> Finding {
    let about = "HubSpot";
    let doctor = stack.command("doctor");
    match (&report.credential, report.credential_usable) {
        (Some(kind), Some(true)) => {
            let found = format!("accepts the {kind}, API {}", report.api_version);
            right(about, found)
        }
        (_, Some(_)) => {
            let fix = format!("{}, then {doctor}", stack.command("secrets set"));
            wrong(about, report.outcome.as_str(), Some(fix))
        }
        (_, None) => {
            let fix = format!("{doctor}, once HubSpot answers again");
            wrong(about, report.outcome.as_str(), Some(fix))
        }
    }
}

/// Says whether the stack and its function are for the same app.
pub fn app(stack: &Stack, report: &Report) -> Finding {
    let about = "app";
    match stack.app_id() {
        Ok(app) if app.get() == report.app_id => right(about, app.to_string()),
        Ok(app) => wrong(
            about,
            format!("the stack's is {app}, the function's {}", report.app_id),
            Some(stack.command("deploy")),
        ),
        Err(error) => wrong(about, error.to_string(), Some(stack.command("deploy"))),
    }
}

/// Says whether HubSpot holds the stack's URL.
pub fn registered_url(stack: &Stack, report: &Report) -> Finding {
    let about = "registration";
    let register = stack.command("register");
    match (&report.registered, report.drift) {
        (Some(held), Some(false)) => right(about, format!("HubSpot has {}", held.url)),
        (Some(held), _) => {
            let found = format!("HubSpot has {}, expected {}", held.url, report.expected.url);
            let fix = format!("{register}, unless that URL is another stage's");
            wrong(about, found, Some(fix))
        }
        (None, Some(_)) => wrong(about, "HubSpot has no URL", Some(register)),
        (None, None) => wrong(about, "unknown: HubSpot could not be asked", None),
    }
}

/// Says whether the webhook is verified, which needs its client secret first.
pub fn webhook(stack: &Stack, report: &Report, client_secret: Option<&Finding>) -> Finding {
    let about = "webhook";
    let probe = &report.last_probe;
    if probe.verified {
        let milliseconds = probe.milliseconds.unwrap_or_default();
        return right(
            about,
            format!("answers HubSpot, and nobody else, in {milliseconds} ms"),
        );
    }
    let reason = probe.reason.as_deref().unwrap_or("no reason was given");
    let fix = client_secret.and_then(Finding::fix).map(str::to_owned);
    wrong(about, reason, fix.or_else(|| Some(stack.command("logs"))))
}

/// Says whether customers can select the app.
pub fn release(stack: &Stack, report: &Report) -> Finding {
    let about = "isReady";
    match report.ready {
        Some(true) => right(about, "true: every customer can select the app"),
        Some(false) => doubtful(
            about,
            "false: no customer can select the app yet",
            Some(format!(
                "test it in HubSpot, then {}",
                stack.command("release")
            )),
        ),
        None => wrong(about, "unknown: HubSpot could not be asked", None),
    }
}

/// Says whether customers have numbers to select from.
pub fn numbers(stack: &Stack, census: Census) -> Finding {
    let about = "numbers";
    if census.numbers == 0 {
        let found = "the table is empty: every customer sees an empty list";
        return doubtful(about, found, Some(stack.command("numbers import FILE")));
    }
    right(about, census.to_string())
}

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
        .or_else(|| fix(registered_url(stack, report)))
        .or_else(|| (!report.last_probe.verified).then_some(doctor))
        .or_else(|| fix(release(stack, report)))
        .unwrap_or_else(|| "nothing".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws_error::AwsError,
        doctor::finding::tests::assert_found,
        hook::{
            LastProbe,
            tests::{URL, report},
        },
    };

    fn stack() -> Stack {
        Stack::in_state("UPDATE_COMPLETE")
    }

    #[test]
    fn a_hook_that_gave_no_report_leads_to_its_log_or_to_a_deploy_or_to_what_aws_says() {
        let stack = stack();
        let failed = HookError::Failed {
            reason: "it ran out of time".into(),
            logs: stack.command("logs"),
        };
        let absent = stack.output("DeployHookFunction").unwrap_err();
        let throttled = AwsError::Throttled("invoke the deploy-hook");
        for (error, found, fix) in [
            (
                failed,
                "ran out of time",
                Some("channelctl --stage dev logs"),
            ),
            (
                HookError::Answer,
                "is not what this version",
                Some("channelctl --stage dev deploy"),
            ),
            (
                absent.into(),
                "has no output",
                Some("channelctl --stage dev deploy"),
            ),
            (throttled.into(), "Run it again later.", None),
        ] {
            assert_found(&no_report(&stack, &error), found, fix);
        }
    }

    #[test]
    fn a_url_that_drifted_is_registered_again() {
        let stack = stack();
        let ours = registered_url(&stack, &report(Some((URL, true))));
        assert_found(&ours, URL, None);
        let other = report(Some(("https://other.example.com/", true)));
        assert_found(
            &registered_url(&stack, &other),
            "https://other.example.com/, expected",
            Some("channelctl --stage dev register, unless that URL is another stage's"),
        );
        assert_found(
            &registered_url(&stack, &report(None)),
            "HubSpot has no URL",
            Some("channelctl --stage dev register"),
        );
    }

    #[test]
    fn a_function_of_another_app_is_deployed_again() {
        let stack = stack();
        let mut report = report(None);
        assert_found(&app(&stack, &report), "1234567", None);
        report.app_id = 7;
        let found = "the stack's is 1234567, the function's 7";
        assert_found(
            &app(&stack, &report),
            found,
            Some("channelctl --stage dev deploy"),
        );
    }

    #[test]
    fn a_credential_that_is_missing_or_refused_is_set_anew() {
        let stack = stack();
        let mut report = report(None);
        (report.drift, report.outcome) = (None, "HubSpot refused the access token".into());
        report.credential_usable = Some(false);
        let fix = "channelctl --stage dev secrets set, then channelctl --stage dev doctor";
        assert_found(&credential(&stack, &report), "HubSpot refused", Some(fix));
    }

    #[test]
    fn a_hubspot_that_does_not_answer_is_asked_later() {
        let stack = stack();
        let mut report = report(None);
        (report.drift, report.outcome) = (None, "HubSpot cannot be reached".into());
        report.credential_usable = None;
        let fix = "channelctl --stage dev doctor, once HubSpot answers again";
        assert_found(&credential(&stack, &report), "cannot be reached", Some(fix));
    }

    #[test]
    fn an_unverified_webhook_leads_to_logs_or_secret() {
        let stack = stack();
        let mut report = report(None);
        report.last_probe = LastProbe {
            verified: false,
            numbers: None,
            milliseconds: None,
            reason: Some("the webhook cannot be reached".into()),
        };
        let set = right("client secret", "set");
        let found = "the webhook cannot be reached";
        let fix = Some("channelctl --stage dev logs");
        assert_found(&webhook(&stack, &report, Some(&set)), found, fix);
        let unset = wrong(
            "client secret",
            "not set yet",
            Some(stack.command("secrets set")),
        );
        let fix = Some("channelctl --stage dev secrets set");
        assert_found(&webhook(&stack, &report, Some(&unset)), found, fix);
    }

    #[test]
    fn a_table_without_numbers_is_filled() {
        let stack = stack();
        let mut census = Census::default();
        let fix = Some("channelctl --stage dev numbers import FILE");
        assert_found(&numbers(&stack, census), "the table is empty", fix);
        (census.numbers, census.portals) = (2, 1);
        assert_found(&numbers(&stack, census), "2 numbers in 1 portal", None);
    }

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
