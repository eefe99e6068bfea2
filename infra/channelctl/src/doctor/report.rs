//! What the deploy-hook's report shows to be wrong.

use super::finding::{Finding, error, ok, warning};
use channel_connection::hook_report::Report;

use crate::{calling_settings, stack::Stack, terminal::counted};

/// Returns the report's findings; the client secret's explains the webhook's.
pub fn of_report(stack: &Stack, report: &Report, client_secret: Option<&Finding>) -> [Finding; 6] {
    [
        credential(stack, report),
        app(stack, report),
        registered_url(stack, report),
        webhook(stack, report, client_secret),
        release(stack, report),
        calling_settings(stack, report),
    ]
}

fn credential(stack: &Stack, report: &Report) -> Finding {
    let (check, outcome) = ("credential", report.outcome.as_str());
    match (&report.credential, report.credential_usable) {
        (Some(kind), Some(true)) => {
            let version = &report.api_version;
            ok(check, format!("HubSpot accepts the {kind}, API {version}"))
        }
        (_, Some(_)) => error(check, outcome, stack.command("secrets set")),
        (_, None) => error(
            check,
            format!("{outcome} Look again once HubSpot answers."),
            stack.command("doctor"),
        ),
    }
}

fn app(stack: &Stack, report: &Report) -> Finding {
    let check = "app";
    let found = match stack.app_id() {
        Ok(app) if app.get() == report.app_id => return ok(check, app.to_string()),
        Ok(app) => format!("the stack's is {app}, the function's {}", report.app_id),
        Err(error) => error.to_string(),
    };
    error(check, found, stack.command("deploy"))
}

pub(super) fn registered_url(stack: &Stack, report: &Report) -> Finding {
    let (check, register) = ("registration", stack.command("register"));
    match (&report.registered, report.drift) {
        (Some(current), Some(false)) => ok(check, format!("HubSpot has {}", current.url)),
        (Some(current), _) => {
            let expected = &report.expected.url;
            let found = format!(
                "HubSpot has {}, expected {expected}; register it, unless that URL is another stage's",
                current.url
            );
            error(check, found, register)
        }
        (None, Some(_)) => error(check, "HubSpot has no URL", register),
        (None, None) => error(check, "unknown: HubSpot could not be asked", None),
    }
}

fn webhook(stack: &Stack, report: &Report, client_secret: Option<&Finding>) -> Finding {
    let (check, probe) = ("webhook", &report.last_probe);
    if probe.verified {
        let milliseconds = probe.milliseconds.unwrap_or_default();
        let found =
            format!("answers what the client secret signs, and nothing else, in {milliseconds} ms");
        // The probed portal is nobody's, unless ProbePortalId names one.
        let numbers = probe.numbers.filter(|numbers| *numbers > 0);
        let numbers = numbers.map(|numbers| format!(" with {}", counted(numbers, "number")));
        return ok(check, found + &numbers.unwrap_or_default());
    }
    let reason = probe.reason.as_deref().unwrap_or("no reason was given");
    let fix = client_secret.and_then(|secret| secret.fix.clone());
    error(check, reason, fix.unwrap_or_else(|| stack.command("logs")))
}

pub(super) fn release(stack: &Stack, report: &Report) -> Finding {
    let check = "isReady";
    match report.is_ready {
        Some(true) => ok(check, "true: every customer can select the app"),
        Some(false) => warning(
            check,
            "false: no customer can select the app; test it in HubSpot before a release",
            // Without its URL, a release would be refused.
            (report.drift == Some(false)).then(|| stack.command("release")),
        ),
        None => error(check, "unknown: HubSpot could not be asked", None),
    }
}

fn calling_settings(stack: &Stack, report: &Report) -> Finding {
    let check = "help desk";
    let reasons = calling_settings::reasons(stack, report);
    let texts = reasons.iter();
    let texts: Vec<_> = texts
        .map(|reason| format!("{}. {}", reason.summary, reason.detail))
        .collect();
    match reasons.as_slice() {
        [] => ok(
            check,
            "the app supports inbound calling, as help desk needs",
        ),
        [reason, ..] if reason.is_error() => error(check, texts.join("; "), None),
        _ => warning(check, texts.join("; "), None),
    }
}

#[cfg(test)]
mod tests {
    use channel_connection::hook_report::CallingSettings;

    use super::*;
    use crate::{
        doctor::tests::{assert_fix, stack},
        registration::tests::{URL, report},
    };

    #[test]
    fn each_fault_in_a_report_has_its_fix() {
        type Fault = fn(&mut Report);
        let stack = stack("UPDATE_COMPLETE");
        let faults: [(&str, usize, &str, Fault); 11] = [
            ("refused credential", 0, "secrets set", |report| {
                report.credential_usable = Some(false);
            }),
            ("silent HubSpot", 0, "doctor", |report| {
                report.credential_usable = None;
            }),
            ("another app", 1, "deploy", |report| report.app_id = 7),
            ("drift", 2, "register", |report| report.drift = Some(true)),
            ("nothing registered", 2, "register", |report| {
                (report.drift, report.registered) = (Some(true), None);
            }),
            ("not asked", 2, "", |report| {
                (report.drift, report.registered) = (None, None);
            }),
            ("unverified", 3, "logs", |report| {
                report.last_probe.verified = false;
            }),
            ("held", 4, "release", |report| report.is_ready = Some(false)),
            ("unknown", 4, "", |report| report.is_ready = None),
            ("no calling settings", 5, "", |report| {
                report.calling_settings = Some(CallingSettings::Absent);
            }),
            ("none", 4, "", |_| {}),
        ];
        for (name, at, fix, fault) in faults {
            let mut report = report(Some((URL, true)));
            fault(&mut report);
            let findings = of_report(&stack, &report, None);
            assert_fix(name, findings[at].fix.as_deref(), fix);
            let wrong = findings.iter().filter(|finding| !finding.is_ok()).count();
            assert_eq!(wrong, usize::from(name != "none"), "{name}");
        }
        let mut unverified = report(Some((URL, true)));
        unverified.last_probe.verified = false;
        let unset = error("client secret", "not set", "set it".to_owned());
        let [_, _, _, webhook, _, _] = of_report(&stack, &unverified, Some(&unset));
        assert_eq!(webhook.fix.as_deref(), Some("set it"));
    }
}
