//! The webhook's log of a day: when a portal's requests were answered, and which were refused.

use std::time::Duration;

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

/// A day's requests, as far as they tell of one portal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// When a request for the portal was last answered with numbers.
    pub last_answered: Option<Timestamp>,
    pub refused: Vec<Refused>,
    /// The last signed request of a probe whose forged request has not come yet.
    probed: Option<Timestamp>,
}

/// Requests of one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    pub outcome: RefusedAs,
    pub count: u64,
    pub last: Timestamp,
}

/// The reason a request of HubSpot's got no numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedAs {
    WrongSignature,
    OtherApp,
    /// For the portal that is asked about; the others name none.
    Unavailable,
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

impl RefusedAs {
    pub fn status(self) -> u16 {
        match self {
            Self::WrongSignature => 401,
            Self::OtherApp => 403,
            Self::Unavailable => 503,
        }
    }
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
        let outcome = match (line.outcome.as_str(), line.reason) {
            ("answered" | "answered_stale", _) if is_probe => {
                self.probed = Some(at);
                return;
            }
            ("answered" | "answered_stale", _) if line.portal_id == Some(portal) => {
                self.last_answered = Some(at);
                return;
            }
            ("unavailable", _) if line.portal_id == Some(portal) && !is_probe => {
                RefusedAs::Unavailable
            }
            ("other_app", _) => RefusedAs::OtherApp,
            ("not_hubspot", Some(reason)) if is_signed_otherwise(&reason) => {
                let probed = self.probed.take();
                if probed.is_some_and(|probed| at.duration_since(probed) <= PROBE) {
                    return;
                }
                RefusedAs::WrongSignature
            }
            _ => return,
        };
        match self.refused.iter_mut().find(|one| one.outcome == outcome) {
            Some(refused) => (refused.count, refused.last) = (refused.count + 1, at),
            None => self.refused.push(Refused {
                outcome,
                count: 1,
                last: at,
            }),
        }
    }
}

/// Tells whether HubSpot may have signed the request: anybody can send one without a signature.
fn is_signed_otherwise(reason: &str) -> bool {
    [SignatureError::Wrong, SignatureError::LegacyOnly]
        .iter()
        .any(|error| error.to_string() == reason)
}

pub fn requests(facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
    let requests = match &facts.requests {
        Ok(requests) => requests,
        Err(failure) => {
            let summary = "HubSpot's last requests are unknown";
            return reasons.push(Reason::failed(Cause::LogUnreadable, summary, failure).warning());
        }
    };
    for refused in &requests.refused {
        let Refused { outcome, last, .. } = *refused;
        let is_mended = match outcome {
            RefusedAs::WrongSignature => facts.secret_changed > Some(last),
            RefusedAs::Unavailable => requests.last_answered > Some(last),
            RefusedAs::OtherApp => false,
        };
        let (detail, fix) = match outcome {
            RefusedAs::WrongSignature if is_mended => {
                ("The client secret was changed after that.", None)
            }
            RefusedAs::WrongSignature => (
                "HubSpot signs with another client secret than the stack has, or for another \
                 URL; for which portal, the log cannot tell. Compare the client secret with the \
                 app's in HubSpot. Setting it affects every customer.",
                Some("secrets set"),
            ),
            RefusedAs::OtherApp => (
                "HubSpot asked for another app than the stack's; for which portal, the log \
                 cannot tell.",
                Some("deploy --parameter AppId=ID"),
            ),
            RefusedAs::Unavailable if is_mended => ("Requests were answered after that.", None),
            RefusedAs::Unavailable => (
                "The webhook could not read the table for this portal.",
                Some("doctor"),
            ),
        };
        let (requests, status) = (counted(refused.count, "request"), outcome.status());
        let summary = format!(
            "the webhook refused {requests} with {status}, last {}",
            ago(last)
        );
        let fix = fix.map(|fix| facts.stack.command(fix));
        let reason = Reason::new(Cause::RequestsRefused, summary, detail, fix);
        reasons.push(if is_mended { reason.warning() } else { reason });
    }
    if requests.last_answered.is_none() {
        reasons.push(
            Reason::new(
                Cause::NoRequests,
                "the webhook answered no request for this portal in a day",
                "Nobody opened the list, or the portal has not installed the app, or HubSpot's \
                 requests fail. Open the list in HubSpot, then explain again.",
                None,
            )
            .warning(),
        );
    }
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
        let refused = |outcome, count, second| Refused {
            outcome,
            count,
            last: at(second),
        };
        let expected = [
            refused(RefusedAs::WrongSignature, 2, 46),
            refused(RefusedAs::Unavailable, 1, 30),
        ];
        assert_eq!(requests.last_answered, Some(at(20)));
        assert_eq!(requests.refused, expected);
    }
}
