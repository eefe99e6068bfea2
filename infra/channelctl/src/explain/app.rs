//! The app's share: its registration, its calling settings, and its webhook.

use crate::{
    calling_settings::{Lack, lacks},
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
}

pub fn calling_settings(facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
    let Ok(report) = &facts.report else {
        return;
    };
    reasons.extend(lacks(report).into_iter().map(|lack| {
        let (summary, detail) = (lack.summary(), lack.detail(report));
        let reason = |cause| Reason::new(cause, summary, detail, facts.stack.command("doctor"));
        match lack {
            Lack::Unknown(_) => reason(Cause::CallingSettingsUnknown).warning(),
            Lack::Settings => reason(Cause::CallingSettingsAbsent),
            Lack::InboundCalling => reason(Cause::InboundCallingUnsupported),
            Lack::Ready => reason(Cause::CallingNotReady),
        }
    }));
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
