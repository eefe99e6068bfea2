//! The webhook's log of a day: when a portal's requests were answered, and which were refused.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cloudwatchlogs::Client;
use channel_connection::{
    ids::{PortalId, UserId},
    signature::SignatureError,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::time::timeout;

use crate::{
    aws::AwsError,
    explain::{
        facts::Facts,
        reason::{Cause, Reason},
    },
    outcome::Failure,
    stack::Stack,
    terminal::{ago, counted},
};

/// How far back requests are looked for.
const WITHIN: SignedDuration = SignedDuration::from_hours(24);
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long after its signed request a probe's forged one comes, at most.
const PROBE: SignedDuration = SignedDuration::from_secs(5);
const WRONG_SIGNATURE: u16 = 401;
const OTHER_APP: u16 = 403;
const UNAVAILABLE: u16 = 503;

/// A day's requests, as far as they tell of one portal.
#[derive(Debug, Default)]
pub struct Requests {
    /// When a request for the portal was last answered with numbers.
    pub last_answered: Option<Timestamp>,
    /// How many requests got each status, and when the last one did.
    pub refused: BTreeMap<u16, (u64, Timestamp)>,
    /// The last signed request of a probe whose forged request has not come yet.
    probed: Option<Timestamp>,
}

/// The fields of an access log's line that are looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    portal_id: Option<PortalId>,
    user_id: Option<UserId>,
    outcome: String,
    reason: Option<String>,
}

/// Reads the requests of the last day, up to a time.
pub async fn read(stack: &Stack, portal: PortalId, until: Timestamp) -> Result<Requests, Failure> {
    let level = stack.parameter("LogLevel").unwrap_or("INFO");
    if level != "INFO" {
        let missing = format!("The webhook logs at {level}, which omits answered requests.");
        let fix = stack.command("deploy --parameter LogLevel=INFO");
        return Err(Failure::failed(missing).then(fix));
    }
    let pattern = format!(
        "{{ $.message = \"request\" && ($.portalId = {portal} || $.userId = {} || \
         $.outcome = \"not_hubspot\" || $.outcome = \"other_app\") }}",
        UserId::MAX
    );
    let mut pages = Client::new(&stack.target.aws)
        .filter_log_events()
        .log_group_name(stack.output("NumbersWebhookLogs")?)
        .start_time((until - WITHIN).as_millisecond())
        .end_time(until.as_millisecond())
        .filter_pattern(pattern)
        .into_paginator()
        .send();
    let mut requests = Requests::default();
    let reading = async {
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| AwsError::new("read the webhook's log", &error))?;
            for event in page.events.unwrap_or_default() {
                let at = event.timestamp.map(Timestamp::from_millisecond);
                if let (Some(Ok(at)), Some(line)) = (at, event.message) {
                    requests.add(portal, at, &line);
                }
            }
        }
        Ok(())
    };
    let read: Result<(), Failure> = timeout(TIMEOUT, reading).await.unwrap_or_else(|_| {
        let seconds = TIMEOUT.as_secs();
        let slow = format!("The webhook's log of a day was not read within {seconds} s.");
        Err(Failure::failed(slow).then(stack.command("logs")))
    });
    read.map(|()| requests)
}

impl Requests {
    /// Adds a line of the log; lines come in the order of their times.
    pub(super) fn add(&mut self, portal: PortalId, at: Timestamp, line: &str) {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            return;
        };
        // The deploy-hook asks as the last user there could be, and forges a request right after.
        let is_probe = line.user_id == Some(UserId::MAX);
        let is_of_portal = line.portal_id == Some(portal) && !is_probe;
        let status = match (line.outcome.as_str(), line.reason) {
            ("answered" | "answered_stale", _) => {
                if is_probe {
                    self.probed = Some(at);
                } else if is_of_portal {
                    self.last_answered = Some(at);
                }
                return;
            }
            ("unavailable", _) if is_of_portal => UNAVAILABLE,
            ("other_app", _) => OTHER_APP,
            ("not_hubspot", Some(reason)) if is_signed_otherwise(&reason) => {
                let probed = self.probed.take();
                if probed.is_some_and(|probed| at.duration_since(probed) <= PROBE) {
                    return;
                }
                WRONG_SIGNATURE
            }
            _ => return,
        };
        let (count, last) = self.refused.entry(status).or_insert((0, at));
        (*count, *last) = (*count + 1, at);
    }
}

/// Tells whether HubSpot may have signed the request: anybody can send one without a signature.
fn is_signed_otherwise(reason: &str) -> bool {
    [SignatureError::Wrong, SignatureError::LegacyOnly]
        .iter()
        .any(|error| error.to_string() == reason)
}

pub fn reasons(facts: &Facts<'_>) -> Result<Vec<Reason>, Reason> {
    let requests = facts.requests.as_ref().map_err(|failure| {
        let summary = "HubSpot's last requests are unknown";
        Reason::failed(Cause::LogUnreadable, summary, failure).warning()
    })?;
    let mut reasons = Vec::new();
    for (status, mended_at, mended, detail, fix) in [
        (
            WRONG_SIGNATURE,
            facts.secret_changed,
            "The client secret was changed after that.",
            "HubSpot signs with another client secret than the stack has, or for another URL; \
             for which portal, the log cannot tell. Compare the client secret with the app's in \
             HubSpot. Setting it affects every customer.",
            "secrets set",
        ),
        (
            OTHER_APP,
            None,
            "",
            "HubSpot asked for another app than the stack's; for which portal, the log cannot \
             tell.",
            "deploy --parameter AppId=ID",
        ),
        (
            UNAVAILABLE,
            requests.last_answered,
            "Requests were answered after that.",
            "The webhook could not read the table for this portal.",
            "doctor",
        ),
    ] {
        let Some((count, last)) = requests.refused.get(&status) else {
            continue;
        };
        let (count, ago) = (counted(*count, "request"), ago(*last));
        let summary = format!("the webhook refused {count} with {status}, last {ago}");
        let cause = Cause::RequestsRefused;
        reasons.push(if mended_at > Some(*last) {
            Reason::new(cause, summary, mended, None).warning()
        } else {
            Reason::new(cause, summary, detail, facts.stack.command(fix))
        });
    }
    if requests.last_answered.is_none() {
        let reason = Reason::new(
            Cause::NoRequests,
            "the webhook answered no request for this portal in a day",
            "Nobody opened the list, or the portal has not installed the app, or HubSpot's \
             requests fail. Open the list in HubSpot, then explain again.",
            None,
        );
        reasons.push(reason.warning());
    }
    Ok(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_count_as_nobodys_requests() {
        let line = |portal: i64, user: i64, outcome: &str, reason: &str| {
            format!(
                r#"{{"portalId":{portal},"userId":{user},"outcome":"{outcome}","reason":"{reason}"}}"#
            )
        };
        let unsigned = |reason: &str| format!(r#"{{"outcome":"not_hubspot","reason":"{reason}"}}"#);
        let (probe, wrong) = (
            line(7, i64::MAX, "answered", ""),
            unsigned("wrong signature"),
        );
        let lines = [
            (0, "no JSON".to_owned()),
            (10, probe.clone()),
            (11, wrong.clone()),
            (11, unsigned("no signature")),
            (12, wrong.clone()),
            (20, line(7, 41, "answered", "")),
            (21, line(8, 41, "answered", "")),
            (30, line(7, 41, "unavailable", "timeout")),
            (31, line(8, 41, "unavailable", "timeout")),
            (40, probe),
            (46, wrong),
        ];
        let at = |second| Timestamp::from_second(second).unwrap();
        let (mut requests, portal) = (Requests::default(), 7.try_into().unwrap());
        for (second, line) in lines {
            requests.add(portal, at(second), &line);
        }
        let refused = [(WRONG_SIGNATURE, (2, at(46))), (UNAVAILABLE, (1, at(30)))];
        assert_eq!(requests.last_answered, Some(at(20)));
        assert_eq!(requests.refused, BTreeMap::from(refused));
    }
}
