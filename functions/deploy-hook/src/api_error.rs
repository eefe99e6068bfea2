//! What goes wrong between us and HubSpot's API, and whether another try is worth it.

use std::{fmt, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;

/// The longest text of HubSpot's that is told on to people, in characters.
const MAX_TEXT: usize = 300;
/// HubSpot's id of a call, as a header.
const CORRELATION_ID: &str = "x-hubspot-correlation-id";
/// How long the limit is counted over that a call with 429 ran into.
const RATE_LIMIT_INTERVAL: &str = "x-hubspot-ratelimit-interval-milliseconds";

/// The reason a call of HubSpot's API failed; it never holds the URL, which may hold a key.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// HubSpot did not answer, or broke off: a write may or may not have been done.
    #[error("HubSpot cannot be reached to {0}")]
    Unreachable(&'static str, #[source] reqwest::Error),
    /// HubSpot did not accept the credential.
    #[error(
        "HubSpot refused the {credential} with {status} (correlation id {correlation_id}): {advice}"
    )]
    Unauthorized {
        /// The credential's kind.
        credential: &'static str,
        /// 401 or 403.
        status: u16,
        /// HubSpot's id of the call.
        correlation_id: CorrelationId,
        /// What to check.
        advice: &'static str,
    },
    /// HubSpot refused the call.
    #[error("HubSpot answered {} to {action} (correlation id {}): {}", .refusal.status, .refusal.correlation_id, .refusal.message)]
    Refused {
        /// What the call was for.
        action: &'static str,
        /// What HubSpot says of it.
        refusal: Refusal,
    },
    /// HubSpot's answer is not what its specification says.
    #[error("HubSpot's answer to {0} is not as its specification says")]
    Unreadable(&'static str),
}

/// What HubSpot says when it refuses a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// HubSpot's words.
    pub message: String,
    /// HubSpot's id of the call.
    pub correlation_id: CorrelationId,
    /// Whether the body is an error body of HubSpot's, and not of something on the way to it.
    pub is_hubspots: bool,
    again: Again,
}

/// HubSpot's id of a call, for questions to its support; `Display` writes `none` where it is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorrelationId(Option<String>);

/// Whether a call that failed is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It would fail again.
    Never,
    /// After a pause of our own choice.
    Soon,
    /// After the time that HubSpot names.
    After(Duration),
}

/// The parts of HubSpot's error body that are told on; each may be missing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    message: Option<String>,
    category: Option<String>,
    correlation_id: Option<String>,
    policy_name: Option<String>,
}

impl ApiError {
    /// Tells whether the same call may succeed later.
    pub fn again(&self) -> Again {
        match self {
            Self::Unreachable(..) | Self::Unreadable(_) => Again::Soon,
            Self::Unauthorized { .. } => Again::Never,
            Self::Refused { refusal, .. } => refusal.again,
        }
    }
}

impl Refusal {
    /// Reads what HubSpot answered, however little of it is as documented; `redact` takes secrets out.
    pub fn new(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        redact: impl Fn(&str) -> String,
    ) -> Self {
        let body: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        // Before it is cut, or the first part of a secret could stay.
        let told = |text: &str| brief(&redact(text));
        Self {
            status: status.as_u16(),
            is_hubspots: body.message.is_some() || body.category.is_some(),
            again: again(status, headers, body.policy_name.as_deref()),
            message: body
                .message
                .as_deref()
                .map_or_else(|| "no reason given".into(), told),
            correlation_id: match body.correlation_id {
                Some(id) => CorrelationId(Some(told(&id))),
                None => CorrelationId::of(headers, redact),
            },
        }
    }
}

impl CorrelationId {
    /// Reads the header that HubSpot names a call in; `redact` takes secrets out.
    pub fn of(headers: &HeaderMap, redact: impl Fn(&str) -> String) -> Self {
        let text = headers.get(CORRELATION_ID).and_then(|id| id.to_str().ok());
        Self(text.map(|text| brief(&redact(text))))
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_deref().unwrap_or("none"))
    }
}

/// Tells which statuses may pass: HubSpot's documents name 423 (locked), 429 (too many calls) and 477
/// (the account moves).
fn again(status: StatusCode, headers: &HeaderMap, policy: Option<&str>) -> Again {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
    let named = number("retry-after").map(Duration::from_secs);
    match status.as_u16() {
        // No invocation lives until the next day.
        429 if policy == Some("DAILY") => Again::Never,
        429 => named
            .or_else(|| number(RATE_LIMIT_INTERVAL).map(Duration::from_millis))
            .map_or(Again::Soon, Again::After),
        423 | 477 | 500.. => named.map_or(Again::Soon, Again::After),
        _ => Again::Never,
    }
}

fn brief(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Refusal {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Refusal::new(
            StatusCode::from_u16(status).unwrap(),
            &headers.collect(),
            body.as_bytes(),
            |text| text.replace("marked", "…"),
        )
    }

    #[test]
    fn what_passes_is_tried_again_and_nothing_else() {
        for status in [423, 429, 477, 500, 502, 503, 504] {
            assert_eq!(refusal(status, &[], "").again, Again::Soon, "{status}");
        }
        for status in [301, 400, 401, 403, 404, 405, 409, 415, 422] {
            assert_eq!(refusal(status, &[], "").again, Again::Never, "{status}");
        }
    }

    #[test]
    fn hubspot_says_when_to_try_again() {
        let after = |status, headers: &[_]| refusal(status, headers, "").again;
        let seconds = |seconds| Again::After(Duration::from_secs(seconds));
        assert_eq!(after(477, &[("retry-after", "7")]), seconds(7));
        assert_eq!(after(429, &[("retry-after", "2")]), seconds(2));
        assert_eq!(after(429, &[(RATE_LIMIT_INTERVAL, "10000")]), seconds(10));
        assert_eq!(after(503, &[("retry-after", "soon")]), Again::Soon);
    }

    #[test]
    fn the_daily_limit_does_not_pass_while_we_wait() {
        let body = r#"{"status":"error","errorType":"RATE_LIMIT","policyName":"DAILY"}"#;
        assert_eq!(refusal(429, &[], body).again, Again::Never);
    }

    #[test]
    fn an_error_body_is_told_from_what_stands_on_the_way_to_hubspot() {
        let told = refusal(
            404,
            &[],
            r#"{"status":"error","message":"No settings","correlationId":"c-1"}"#,
        );
        assert_eq!(
            (told.is_hubspots, told.message.as_str()),
            (true, "No settings")
        );
        assert_eq!(told.correlation_id.to_string(), "c-1");
        for body in ["", "<html>", "[]", r#"{"message":5}"#] {
            let told = refusal(404, &[(CORRELATION_ID, "c-2")], body);
            assert_eq!(
                (told.is_hubspots, told.message.as_str()),
                (false, "no reason given"),
                "{body}"
            );
            assert_eq!(told.correlation_id.to_string(), "c-2");
        }
    }

    #[test]
    fn no_part_of_a_secret_is_told_on_wherever_hubspot_repeats_it() {
        let across_the_cut = format!("{}marked", " ".repeat(MAX_TEXT - 3));
        for message in ["the key marked expired", &across_the_cut] {
            let body = serde_json::json!({"message": message, "correlationId": "marked"});
            let told = refusal(400, &[], &body.to_string());
            assert!(!told.message.contains("mar"), "{}", told.message);
            assert_eq!(told.correlation_id.to_string(), "…");
        }
        let named = refusal(400, &[(CORRELATION_ID, "marked")], "");
        assert_eq!(named.correlation_id.to_string(), "…");
    }

    #[test]
    fn a_long_text_is_cut() {
        let told = refusal(
            400,
            &[],
            &format!(r#"{{"message":"{}"}}"#, "é".repeat(9_000)),
        );
        assert_eq!(told.message.chars().count(), MAX_TEXT);
    }
}
