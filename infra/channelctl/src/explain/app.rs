//! The app's share: its registration, its calling settings, and its webhook.

use channel_connection::hook_report::Report;

use crate::{
    calling_settings,
    explain::{
        facts::Facts,
        reason::{Cause, Reason},
    },
};

const FLAG: &str = "localStorage.setItem('LocalSettings:Calling:supportsChannelConnection',true)";

pub fn registration(facts: &Facts<'_>) -> Result<Vec<Reason>, Reason> {
    let report = facts.report.as_ref().map_err(|failure| {
        let summary = "the deploy-hook cannot be asked";
        Reason::failed(Cause::HookFailed, summary, failure).warning()
    })?;
    let command = |command: &str| facts.stack.command(command);
    let expected = &report.expected.url;
    let mut reasons = Vec::new();
    match (&report.registered, report.drift) {
        (_, None) => {
            let summary = "HubSpot's settings are unknown";
            let fix = command("doctor");
            let reason = Reason::new(Cause::RegistrationUnknown, summary, &report.outcome, fix);
            reasons.push(reason.warning());
        }
        (None, Some(_)) => reasons.push(Reason::new(
            Cause::NotRegistered,
            "the app is not registered",
            "HubSpot has no URL of this app to ask for numbers.",
            command("register"),
        )),
        (Some(current), Some(true)) => reasons.push(Reason::new(
            Cause::OtherUrl,
            "HubSpot asks another URL",
            format!(
                "HubSpot has {}, but this stack is {expected}. Register it, unless customers \
                 use the other one.",
                current.url
            ),
            command("register"),
        )),
        (Some(_), Some(false)) => {}
    }
    if report.registered.is_some() && report.is_ready == Some(false) {
        reasons.push(Reason::new(
            Cause::NotReleased,
            "the app is not released",
            format!(
                "HubSpot has isReady=false: the app is greyed out for everybody. A release opens \
                 it to every customer. To try it as one person first, run this in the browser's \
                 console in HubSpot, and reload: {FLAG}"
            ),
            command("release"),
        ));
    }
    reasons.extend(calling_settings::reasons(facts.stack, report));
    Ok(reasons)
}

pub fn webhook(facts: &Facts<'_>) -> Result<Vec<Reason>, Reason> {
    let response = facts.response.as_ref().map_err(|failure| {
        Reason::failed(Cause::WebhookFailed, "the webhook does not answer", failure)
    })?;
    if let Some(violation) = &response.violation {
        return Ok(vec![Reason::new(
            Cause::ResponseInvalid,
            "the webhook's response is invalid",
            format!("To a request as HubSpot would send it now: {violation}."),
            facts.stack.command("doctor"),
        )]);
    }
    // Where the same call fails here too, that says more.
    match &facts.report {
        Ok(Report { last_probe, .. }) if !last_probe.verified => {
            let reason = last_probe.reason.as_deref().unwrap_or("no reason given");
            Ok(vec![Reason::new(
                Cause::WebhookUnverified,
                "the deploy-hook cannot verify the webhook",
                format!("The webhook answers this machine. To the deploy-hook, {reason}."),
                facts.stack.command("verify"),
            )])
        }
        _ => Ok(Vec::new()),
    }
}
