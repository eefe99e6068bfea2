use channel_connection::hook_report::{CallingSettings, Expected, FoundCallingSettings, LastProbe};

use super::*;

pub(crate) const URL: &str = "https://calls.example.com/numbers";

/// A report of a stack whose webhook is verified.
pub(crate) fn report(registered: Option<(&str, bool)>) -> Report {
    let registered = registered.map(|(url, is_ready)| Settings {
        url: url.into(),
        is_ready,
    });
    Report {
        action: "status".into(),
        done: true,
        outcome: "See registered and lastProbe.".into(),
        app_id: 1_234_567,
        api_version: "2026-03".into(),
        expected: Expected { url: URL.into() },
        credential: Some("access token".into()),
        credential_usable: Some(true),
        drift: Some(registered.as_ref().is_none_or(|current| current.url != URL)),
        is_ready: Some(registered.as_ref().is_some_and(|current| current.is_ready)),
        registered,
        last_probe: LastProbe {
            verified: true,
            numbers: Some(0),
            milliseconds: Some(41),
            reason: None,
        },
        calling_settings: Some(CallingSettings::Found(FoundCallingSettings {
            supports_inbound_calling: Some(true),
            is_ready: Some(true),
        })),
        plan: None,
    }
}

#[test]
fn waits_longer_than_any_function_takes() {
    let functions = include_str!("../../../template.yaml")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Timeout: ")?.parse().ok());
    assert!(functions.max().map(Duration::from_secs) < Some(HOOK_TIMEOUT));
}
