//! The app's calling settings in HubSpot, which help desk needs; they are only read.

use channel_connection::{
    hook_report::{CallingSettings, Report},
    settings::{ApiVersion, HUBSPOT_API},
};

use crate::{
    explain::reason::{Cause, Reason},
    stack::Stack,
};

/// Returns the reasons that help desk does not offer the app; its owner writes these settings.
pub fn reasons(stack: &Stack, report: &Report) -> Vec<Reason> {
    // A deploy-hook that is newer than this program may know another version.
    let version = report.api_version.parse().unwrap_or(ApiVersion::V2026_03);
    let url = HUBSPOT_API.to_owned() + &version.calling_settings_path(report.app_id);
    let new =
        |cause, summary: &str, detail| Reason::new(cause, summary, detail, stack.command("doctor"));
    let unknown = |reason: &str| {
        let summary = "the app's calling settings are unknown";
        vec![new(Cause::CallingSettingsUnknown, summary, reason.to_owned()).warning()]
    };
    let (inbound, is_ready) = match &report.calling_settings {
        None => return unknown("The deploy-hook is of a version that does not read them."),
        Some(CallingSettings::Unknown { reason }) => return unknown(reason),
        Some(CallingSettings::Absent) => {
            let summary = "the app has no calling settings";
            let detail =
                format!("Help desk offers calling apps only. Create the settings: POST {url}");
            return vec![new(Cause::CallingSettingsAbsent, summary, detail)];
        }
        Some(CallingSettings::Found(found)) => (found.supports_inbound_calling, found.is_ready),
    };
    let mut reasons = Vec::new();
    if inbound != Some(true) {
        let summary = "the app does not support inbound calling";
        let detail = format!("Help desk needs it: PATCH {url} {{\"supportsInboundCalling\":true}}");
        reasons.push(new(Cause::InboundCallingUnsupported, summary, detail));
    }
    if is_ready == Some(false) {
        let summary = "the calling app itself is not ready";
        let detail = format!("Its calling settings hide it: PATCH {url} {{\"isReady\":true}}");
        reasons.push(new(Cause::CallingNotReady, summary, detail));
    }
    reasons
}
