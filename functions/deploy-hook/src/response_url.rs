//! CloudFormation's answer: without it a stack waits for an hour.

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;

/// How many times CloudFormation is told, if need be.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// The reason CloudFormation could not be told; it never holds the presigned URL.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The address was not reached.
    #[error("CloudFormation's response URL cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The address did not take the answer.
    #[error("CloudFormation's response URL answered {0}")]
    Refused(u16),
}

/// Tells CloudFormation the outcome, a few times if need be.
pub(crate) async fn put(
    http: &Client,
    response_url: &str,
    answer: &Value,
) -> Result<(), AnswerError> {
    let mut tries_left = TRIES;
    loop {
        tries_left -= 1;
        match put_once(http, response_url, answer.to_string()).await {
            Err(error) if tries_left > 0 => {
                tracing::warn!(%error, tries_left, "CloudFormation not told yet");
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

async fn put_once(http: &Client, response_url: &str, body: String) -> Result<(), AnswerError> {
    // No content type: the URL is presigned without one, and S3 refuses any.
    let request = http.put(response_url).body(body);
    let response = request
        .send()
        .await
        .map_err(|error| AnswerError::Unreachable(error.without_url()))?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(AnswerError::Refused(status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_budget::TimeBudget;

    #[test]
    fn what_is_kept_back_to_answer_is_enough_for_every_try() {
        let TimeBudget {
            call, to_answer, ..
        } = TimeBudget::DEPLOYED;
        assert!(call * TRIES + PAUSE * (TRIES - 1) < to_answer);
    }
}
