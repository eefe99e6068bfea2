//! What a stack, its deploy-hook's report and its table tell of what is wrong.

use crate::{
    finding::{Finding, doubtful, right, wrong},
    hook::{HookError, Report},
    numbers::table::Census,
    stack::Stack,
};

/// Says why the deploy-hook gave no report.
pub fn no_report(stack: &Stack, error: &HookError) -> Finding {
    let fix = match error {
        HookError::Failed { .. } => Some(stack.make("logs")),
        HookError::Answer | HookError::Stack(_) => Some(stack.make("deploy")),
        // What AWS says has no fix of ours.
        HookError::Aws(_) => None,
    };
    wrong("deploy-hook", error.to_string(), fix)
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
            let fix = format!("{}, then {doctor}", stack.make("secrets"));
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
            Some(stack.make("deploy")),
        ),
        Err(error) => wrong(about, error.to_string(), Some(stack.make("deploy"))),
    }
}

/// Says whether HubSpot holds the stack's URL.
pub fn registered_url(stack: &Stack, report: &Report) -> Finding {
    let about = "registration";
    let register = stack.command("register");
    match (&report.registered, report.drift) {
        (Some(held), Some(false)) => right(about, format!("HubSpot holds {}", held.url)),
        (Some(held), _) => {
            let found = format!("HubSpot holds {}, not {}", held.url, report.expected.url);
            let fix = format!("{register}, unless that URL is another stage's");
            wrong(about, found, Some(fix))
        }
        (None, Some(_)) => wrong(about, "HubSpot holds no URL", Some(register)),
        (None, None) => wrong(about, "unknown, as HubSpot could not be asked", None),
    }
}

/// Says whether the webhook is proved; without its client secret it cannot be, so that comes first.
pub fn webhook(stack: &Stack, report: &Report, client_secret: &Finding) -> Finding {
    let about = "webhook";
    let probe = &report.last_probe;
    if probe.proved {
        let milliseconds = probe.milliseconds.unwrap_or_default();
        return right(
            about,
            format!("answers HubSpot, and nobody else, in {milliseconds} ms"),
        );
    }
    let reason = probe.reason.as_deref().unwrap_or("no reason was given");
    let fix = client_secret.fix().map(str::to_owned);
    wrong(about, reason, fix.or_else(|| Some(stack.make("logs"))))
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
        None => wrong(about, "unknown, as HubSpot could not be asked", None),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws_error::AwsError,
        finding::tests::assert_found,
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
            logs: stack.make("logs"),
        };
        let absent = stack.output("DeployHookFunction").unwrap_err();
        let throttled = AwsError::Throttled("invoke the deploy-hook");
        for (error, found, fix) in [
            (failed, "ran out of time", Some("make logs STAGE=dev")),
            (
                HookError::Answer,
                "does not understand",
                Some("make deploy STAGE=dev"),
            ),
            (
                absent.into(),
                "has no output",
                Some("make deploy STAGE=dev"),
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
            "https://other.example.com/, not",
            Some("channelctl --stage dev register, unless that URL is another stage's"),
        );
        assert_found(
            &registered_url(&stack, &report(None)),
            "HubSpot holds no URL",
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
        assert_found(&app(&stack, &report), found, Some("make deploy STAGE=dev"));
    }

    #[test]
    fn a_credential_that_is_missing_or_refused_is_set_anew() {
        let stack = stack();
        let mut report = report(None);
        (report.drift, report.outcome) = (None, "HubSpot refused the access token".into());
        report.credential_usable = Some(false);
        let fix = "make secrets STAGE=dev, then channelctl --stage dev doctor";
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
    fn a_webhook_without_proof_leads_to_its_log_or_to_the_secret_that_is_not_set() {
        let stack = stack();
        let mut report = report(None);
        report.last_probe = LastProbe {
            proved: false,
            numbers: None,
            milliseconds: None,
            reason: Some("the webhook cannot be reached".into()),
        };
        let set = right("client secret", "set");
        let found = "the webhook cannot be reached";
        let fix = Some("make logs STAGE=dev");
        assert_found(&webhook(&stack, &report, &set), found, fix);
        let unset = wrong("client secret", "not set yet", Some(stack.make("secrets")));
        let fix = Some("make secrets STAGE=dev");
        assert_found(&webhook(&stack, &report, &unset), found, fix);
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
}
