//! AWS: how it is called, whose account it is, and what it refused.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_sts::{
    Client,
    config::SharedCredentialsProvider,
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
        http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use crate::outcome::Failure;

/// Timeout of one attempt: a page of DynamoDB's has 1 MiB, and the line may be slow.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// In place of the code of an error that is not AWS's.
const NO_CODE: &str = "no code";

/// The reason a call of AWS failed.
///
/// The SDK's own error is not kept: printed in full it shows request and response, and with them
/// numbers and secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    #[error(
        "AWS credentials are missing or expired ({0}). Sign in (aws sso login, or aws configure), or name a profile of yours with --profile."
    )]
    SignedOut(String),
    #[error("AWS refused to {what}: {code}. {message}")]
    Refused {
        what: &'static str,
        code: String,
        message: String,
    },
    #[error("AWS throttles all the time when asked to {0}. Run it again later.")]
    Throttled(&'static str),
    #[error("AWS cannot be reached to {0}. Check the network, --region and --local.")]
    NoAnswer(&'static str),
}

impl AwsError {
    pub fn new<E: ProvideErrorMetadata, R>(what: &'static str, error: &SdkError<E, R>) -> Self {
        let no_code = match error {
            SdkError::ServiceError(_) => NO_CODE,
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

impl AwsError {
    /// Tells whether nobody answered, or somebody else than AWS.
    pub fn is_of_no_aws(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Refused { code, .. } => code == NO_CODE,
            Self::SignedOut(_) | Self::Throttled(_) => false,
        }
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        let lacks_permission = matches!(&error, AwsError::Refused { code, .. }
            if code.starts_with("AccessDenied") || code == "UnauthorizedOperation");
        if lacks_permission {
            Self::refused(error.to_string())
        } else {
            Self::failed(error.to_string())
        }
    }
}

/// Starts the configuration of every client.
pub fn loader() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::standard().with_max_attempts(5))
        .timeout_config(timeouts(ATTEMPT_TIMEOUT))
}

/// Waits for a connection a few seconds, and for each attempt of a call as long as it may take.
pub fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(attempt)
        .build()
}

/// Puts a profile that is named before `AWS_ACCESS_KEY_ID`, as SAM and the AWS CLI do.
pub fn signed_in_with(aws: SdkConfig, profile: &str, region: Region) -> SdkConfig {
    let settings = ProviderConfig::without_region()
        .with_region(Some(region))
        .with_http_client(http_client());
    let credentials = ProfileFileCredentialsProvider::builder()
        .configure(&settings)
        .profile_name(profile)
        .build();
    let credentials = SharedCredentialsProvider::new(credentials);
    aws.into_builder().credentials_provider(credentials).build()
}

fn http_client() -> SharedHttpClient {
    let provider = Provider::rustls(CryptoMode::Ring);
    let client = Builder::new().tls_provider(provider).build_https();
    http_client_fn(move |settings, components| {
        let connector = client.http_connector(settings, components);
        SharedHttpConnector::new(LoggedConnector(connector))
    })
}

/// How far this machine's clock was ahead at AWS's last response.
static CLOCK_AHEAD: Mutex<Option<SignedDuration>> = Mutex::new(None);

/// Reads AWS's clock, and logs each attempt of a call, for --verbose; bodies hold secrets and
/// numbers, and are left out.
#[derive(Debug)]
struct LoggedConnector(SharedHttpConnector);

impl HttpConnector for LoggedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = |name| request.headers().get(name).unwrap_or_default().to_owned();
        let (operation, attempt) = (header("x-amz-target"), header("amz-sdk-request"));
        let url = request
            .uri()
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned();
        let (started, response) = (Instant::now(), self.0.call(request));
        HttpConnectorFuture::new(async move {
            let response = response.await;
            let headers = response.as_ref().ok().map(HttpResponse::headers);
            let date = headers.and_then(|headers| headers.get("date"));
            if let (Some(date), Ok(mut ahead)) = (date, CLOCK_AHEAD.lock()) {
                *ahead = ahead_of(date);
            }
            let outcome = match &response {
                Ok(response) => response.status().as_u16().to_string(),
                Err(_) => "no response".to_owned(),
            };
            let milliseconds = started.elapsed().as_millis();
            tracing::debug!("{url} {operation} {attempt}: {outcome} in {milliseconds} ms");
            response
        })
    }
}

/// Asks which account the credentials are for.
pub async fn account(aws: &SdkConfig) -> Result<String, AwsError> {
    let caller = Client::new(aws).get_caller_identity().send().await;
    let caller = caller.map_err(|error| AwsError::new("name your account", &error))?;
    Ok(caller.account.unwrap_or_else(|| "unknown".into()))
}

/// Returns how far this machine's clock is ahead of AWS's, by AWS's last response; `None` where it
/// did not tell the time.
///
/// HTTP's own `Date` has whole seconds, so it is a second off at best.
pub fn clock_ahead() -> Option<SignedDuration> {
    *CLOCK_AHEAD.lock().ok()?
}

fn ahead_of(date: &str) -> Option<SignedDuration> {
    let server = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(Timestamp::now().duration_since(server))
}
