//! What AWS refused, and what to do about it.

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

const SIGN_IN: &str = "Sign in (aws sso login, or aws configure), or name a profile with --profile";

/// The reason a call of AWS failed.
///
/// The SDK's own error is not kept: printed in full it shows request and response, and with them
/// numbers and secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// Nobody is signed in, or no longer.
    #[error("AWS credentials are missing or expired ({0}). {SIGN_IN}.")]
    SignedOut(String),
    /// AWS said no.
    #[error("AWS refused to {what}: {code}. {message}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// AWS's code, like `AccessDeniedException`.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// AWS takes less than it is given, however long one waits.
    #[error("AWS throttles all the time when asked to {0}. Run it again later.")]
    Throttled(&'static str),
    /// AWS was not reached, or said nothing in time.
    #[error("AWS cannot be reached to {0}. Check the network, --region and --local.")]
    NoAnswer(&'static str),
}

impl AwsError {
    /// Tells what kept AWS from doing something.
    pub fn new<E: ProvideErrorMetadata, R>(what: &'static str, error: &SdkError<E, R>) -> Self {
        let no_code = match error {
            SdkError::ServiceError(_) => "no code",
            // The SDK looks for credentials when it dispatches; without any it never calls.
            // A broken connection is of the other kind too, but then of one that may be tried again.
            SdkError::DispatchFailure(failure)
                if failure.is_user() || (failure.is_other() && failure.as_other().is_none()) =>
            {
                return Self::SignedOut("none found".into());
            }
            _ => return Self::NoAnswer(what),
        };
        let code = error.code().unwrap_or(no_code).to_owned();
        match code.as_str() {
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => Self::SignedOut(code),
            "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded" => Self::Throttled(what),
            _ => Self::Refused {
                what,
                code,
                message: error.message().unwrap_or_default().to_owned(),
            },
        }
    }
}
