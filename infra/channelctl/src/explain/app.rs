//! The app's share: its registration, its calling settings, and its webhook.

use crate::{
    calling_settings::{CallingSettings, address},
    explain::{
        facts::Facts,
        reason::{Cause, Reason},
    },
    registration::Report,
};

const FLAG: &str = "localStorage.setItem('LocalSettings:Calling:supportsChannelConnection',true)";

pub fn registration(facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
    let report = match &facts.report {
        Ok(report) => report,
        Err(failure) => {
            let summary = "the deploy-hook cannot be asked";
            return reasons.push(Reason::failed(Cause::HookFailed, summary, failure).warning());
        }
    };
    let command = |command: &str| facts.stack.command(command);
    let expected = &report.expected.url;
    match (&report.registered, report.drift) {
        (_, None) => {
            let (cause, summary) = (Cause::RegistrationUnknown, "HubSpot's settings are unknown");
            let reason = Reason::new(cause, summary, &report.outcome, command("doctor"));
            reasons.push(reason.warning());
        }
        (None, Some(_)) => reasons.push(Reason::new(
            Cause::NotRegistered,
            "the app is not registered",
            "HubSpot has no URL of this app to ask for numbers.",
            command("register"),
        )),
        (Some(held), Some(true)) => reasons.push(Reason::new(
            Cause::OtherUrl,
            "HubSpot asks another URL",
            format!(
                "HubSpot has {}, but this stack is {expected}. Register it, unless customers \
                 use the other one.",
                held.url
            ),
            command("register"),
        )),
        (Some(_), Some(false)) => {}
    }
    if report.registered.is_some() && report.ready == Some(false) {
        reasons.push(Reason::new(
            Cause::NotReleased,
            "the app is not released",
            format!(
                "HubSpot has isReady=false, which greys the app out for everybody. To test it \
                 alone before, run this in the console of the browser that shows HubSpot, and \
                 reload: {FLAG}"
            ),
            command("release"),
        ));
    }
}

pub fn calling_settings(facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
    let Ok(report) = &facts.report else {
        return;
    };
    let fix = || facts.stack.command("doctor");
    let address = address(&report.api_version, report.app_id);
    let mut unknown = |reason: &str| {
        let summary = "the app's calling settings are unknown";
        reasons.push(Reason::new(Cause::CallingSettingsUnknown, summary, reason, fix()).warning());
    };
    match &report.calling_settings {
        None => unknown("The deploy-hook is of a version that does not read them."),
        Some(CallingSettings::Unknown { reason }) => unknown(reason),
        Some(CallingSettings::Absent) => reasons.push(Reason::new(
            Cause::CallingSettingsAbsent,
            "the app has no calling settings",
            format!("Help desk offers calling apps only. Create the settings: POST {address}"),
            fix(),
        )),
        Some(CallingSettings::Found {
            supports_inbound_calling,
            is_ready,
        }) => {
            if *supports_inbound_calling != Some(true) {
                reasons.push(Reason::new(
                    Cause::InboundCallingUnsupported,
                    "the app does not support inbound calling",
                    format!(
                        "Help desk needs it: PATCH {address} {{\"supportsInboundCalling\":true}}"
                    ),
                    fix(),
                ));
            }
            if *is_ready == Some(false) {
                reasons.push(Reason::new(
                    Cause::CallingNotReady,
                    "the calling app itself is not ready",
                    format!("Its calling settings hide it: PATCH {address} {{\"isReady\":true}}"),
                    fix(),
                ));
            }
        }
    }
}

pub fn webhook(facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
    let answer = match &facts.answer {
        Ok(answer) => answer,
        Err(failure) => {
            let summary = "the webhook does not answer";
            return reasons.push(Reason::failed(Cause::WebhookFailed, summary, failure));
        }
    };
    if let Some(violation) = &answer.violation {
        reasons.push(Reason::new(
            Cause::ResponseInvalid,
            "the webhook's response is invalid",
            format!("To a request as HubSpot would send it now: {violation}."),
            facts.stack.command("doctor"),
        ));
    // Where the same call fails here too, that says more.
    } else if let Ok(Report { last_probe, .. }) = &facts.report
        && !last_probe.verified
    {
        let reason = last_probe.reason.as_deref().unwrap_or("no reason given");
        reasons.push(Reason::new(
            Cause::WebhookUnverified,
            "the deploy-hook cannot verify the webhook",
            format!("The webhook answers this machine. To the deploy-hook, {reason}."),
            facts.stack.command("verify"),
        ));
    }
}
