//! API Gateway's answers, for REST APIs and HTTP APIs alike.

use serde::Serialize;

/// An answer as API Gateway takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The HTTP status.
    pub status_code: u16,
    headers: AnswerHeaders,
    /// The body: JSON.
    pub body: String,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
struct AnswerHeaders {
    #[serde(rename = "content-type")]
    content_type: &'static str,
    #[serde(rename = "retry-after", skip_serializing_if = "Option::is_none")]
    retry_after: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow: Option<&'static str>,
}

impl Answer {
    /// Answers with a JSON body.
    pub fn json(status_code: u16, body: String) -> Self {
        let headers = AnswerHeaders {
            content_type: "application/json",
            retry_after: None,
            allow: None,
        };
        Self {
            status_code,
            headers,
            body,
            is_base64_encoded: false,
        }
    }

    /// Tells the caller which method would have been right.
    #[must_use]
    pub fn allow(mut self, method: &'static str) -> Self {
        self.headers.allow = Some(method);
        self
    }

    /// Tells the caller after how many seconds to come again.
    #[must_use]
    pub fn retry_after(mut self, seconds: &'static str) -> Self {
        self.headers.retry_after = Some(seconds);
        self
    }
}
