//! Failed AWS calls, as far as a log may show them.

use std::{error::Error, io, iter};

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// The longest text that is taken from an error of the connection.
const MAX_CAUSE_CHARS: usize = 300;

/// The reason an AWS call failed.
///
/// The SDK's own error is not kept: printed in full it shows the response, and so a secret or a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    #[error("no response in time")]
    Timeout,
    /// The service was not reached, or hung up.
    #[error("no connection: {0}")]
    Connection(String),
    /// The response cannot be read.
    #[error("invalid response")]
    InvalidResponse,
    /// A secret that holds bytes.
    #[error("it holds no text")]
    NotText,
    /// The service refused the call with this code, or this HTTP status where it named none.
    #[error("{0}")]
    Service(String),
    /// The configuration is wrong.
    #[error("cannot make the request: {0}")]
    InvalidRequest(String),
}

impl AwsError {
    /// Tells whether the caller lacks a permission, which a new role may for some seconds.
    pub fn is_access_denied(&self) -> bool {
        matches!(self, Self::Service(code) if code == "AccessDeniedException")
    }
}

impl<E: Error + ProvideErrorMetadata + 'static> From<&SdkError<E, HttpResponse>> for AwsError {
    fn from(error: &SdkError<E, HttpResponse>) -> Self {
        match error {
            SdkError::TimeoutError(_) => Self::Timeout,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::Timeout,
            SdkError::DispatchFailure(failure) => Self::Connection(
                failure
                    .as_connector_error()
                    .map_or_else(String::new, |error| causes(error)),
            ),
            SdkError::ServiceError(error) => match error.err().code() {
                Some(code) if is_name(code) => Self::Service(code.to_owned()),
                _ => Self::Service(format!("HTTP status {}", error.raw().status().as_u16())),
            },
            SdkError::ConstructionFailure(_) => {
                Self::InvalidRequest(error.source().map_or_else(String::new, causes))
            }
            _ => Self::InvalidResponse,
        }
    }
}

/// Returns the messages of an error and of its sources, without repetitions.
///
/// They tell a DNS failure, a refused connection and an untrusted certificate apart.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut messages: Vec<String> = Vec::new();
    for error in iter::successors(Some(error), |error| source(*error)) {
        let message = error.to_string();
        if !messages.iter().any(|known| known.contains(&message)) {
            messages.push(message);
        }
    }
    messages.join(": ").chars().take(MAX_CAUSE_CHARS).collect()
}

/// Returns what an error was caused by; `io::Error`'s own `source` leaves out the error it wraps.
fn source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Tells whether a code is a name and nothing else of the response.
fn is_name(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_is_an_error_code() {
        assert!(is_name("ThrottlingException"));
        for code in ["", "a customer's +18005550100", &"a".repeat(65)] {
            assert!(!is_name(code), "{code}");
        }
    }
}
