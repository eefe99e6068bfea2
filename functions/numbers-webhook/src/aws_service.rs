//! Calls of AWS's JSON services: one signed POST each, in time, and again where that may help.
//!
//! With the SDK's clients a request took half as many instructions again: see "Where the time goes"
//! in `functions/README.md`. What signs is still AWS's own `aws-sigv4`.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_runtime_api::client::identity::Identity;
use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use channel_connection::aws_environment::AwsEnvironment;
use http::{Request, StatusCode, Uri, header, uri::Authority};
use http_body_util::{Full, LengthLimitError};
use serde::Deserialize;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use crate::connection::{Connection, InvalidEndpoint};

/// How long one attempt may take, a page of 1 MiB included; two fit into the time of a request.
const ATTEMPT: Duration = Duration::from_millis(1_000);

/// The refusals that AWS's documents on errors tell to try again, beside every 5xx.
const TRANSIENT: [&str; 3] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
];

/// A service of AWS's, as its documents name it.
#[derive(Debug)]
pub(crate) struct ServiceName {
    /// What a signature is made for.
    pub(crate) signed: &'static str,
    /// What stands before an operation's name in `X-Amz-Target`.
    pub(crate) target: &'static str,
    pub(crate) content_type: &'static str,
}

/// One service of AWS's in our region.
#[derive(Debug)]
pub(crate) struct AwsService {
    name: ServiceName,
    region: String,
    identity: Identity,
    endpoint: Uri,
    connection: Connection,
}

/// The reason a call came to nothing; of what was answered it shows AWS's code alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// The server cannot be reached, or hung up.
    #[error("no connection")]
    NoConnection,
    /// There was no answer in time.
    #[error("no answer in time")]
    TooSlow,
    /// The answer is not what it should be.
    #[error("no usable answer")]
    Unusable,
    /// The service refused, and named its reason.
    #[error("{0}")]
    Refused(String),
    /// The service cannot answer at present.
    #[error("{0}")]
    NotNow(String),
}

impl AwsService {
    /// Names the service; nothing is sent yet.
    pub(crate) fn new(
        name: ServiceName,
        endpoint: &str,
        aws: &AwsEnvironment,
        tls: &Arc<ClientConfig>,
    ) -> Result<Self, InvalidEndpoint> {
        let endpoint: Uri = endpoint.parse().map_err(|_| InvalidEndpoint)?;
        Ok(Self {
            name,
            region: aws.region.clone(),
            identity: aws.credentials.clone().into(),
            connection: Connection::to(&endpoint, tls)?,
            endpoint,
        })
    }

    /// Connects, and signs once, so that the first call finds a connection and warm code.
    ///
    /// Where that fails, the call tries again.
    pub(crate) async fn connect(&self) {
        let _ = timeout(ATTEMPT, self.connection.open()).await;
        let _ = self.request("", &Bytes::new(), SystemTime::now());
    }

    /// Calls an operation, three times at most, and returns its answer's JSON.
    pub(crate) async fn call(&self, operation: &str, body: Bytes) -> Result<Bytes, CallError> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(25))
            .with_max_delay(Duration::from_millis(100))
            .with_max_times(2)
            .with_jitter();
        let attempt = || self.attempt(operation, body.clone());
        attempt.retry(pauses).when(CallError::may_pass).await
    }

    async fn attempt(&self, operation: &str, body: Bytes) -> Result<Bytes, CallError> {
        let request = self.request(operation, &body, SystemTime::now())?;
        let answer = timeout(ATTEMPT, self.connection.send(request)).await;
        match answer.map_err(|_| CallError::TooSlow)? {
            Ok((StatusCode::OK, body)) => Ok(body),
            Ok((status, body)) => Err(CallError::answered(status, &body)),
            Err(error) if error.is::<LengthLimitError>() => Err(CallError::Unusable),
            Err(_) => Err(CallError::NoConnection),
        }
    }

    fn request(
        &self,
        operation: &str,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<Request<Full<Bytes>>, CallError> {
        let (path, host) = (self.endpoint.path(), self.endpoint.authority());
        let mut request = Request::post(path)
            .header(header::HOST, host.map_or("", Authority::as_str))
            .header(header::CONTENT_TYPE, self.name.content_type)
            .header("x-amz-target", format!("{}.{operation}", self.name.target))
            .body(Full::new(body.clone()))
            .map_err(|_| CallError::Unusable)?;
        self.sign(&mut request, body, now)
            .map_err(|_| CallError::Unusable)?;
        Ok(request)
    }

    fn sign(
        &self,
        request: &mut Request<Full<Bytes>>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), Box<dyn Error>> {
        let signing = SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(self.name.signed)
            .time(now)
            .settings(SigningSettings::default())
            .build()?;
        let headers = request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let path = request.uri().path();
        let signable = SignableRequest::new("POST", path, headers, SignableBody::Bytes(body))?;
        let (instructions, _) = sign(signable, &signing.into())?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

impl CallError {
    fn answered(status: StatusCode, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Refusal<'a> {
            #[serde(rename = "__type")]
            kind: &'a str,
        }
        let refusal = serde_json::from_slice(body).ok();
        let code = refusal.and_then(|Refusal { kind }| code(kind));
        let code = code.unwrap_or_else(|| format!("HTTP status {}", status.as_u16()));
        if status.is_server_error() || TRANSIENT.contains(&code.as_str()) {
            Self::NotNow(code)
        } else {
            Self::Refused(code)
        }
    }

    fn may_pass(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::Unusable)
    }
}

/// Returns the name alone of `com.amazonaws.dynamodb.v20120810#ThrottlingException`, if it is one.
///
/// It goes into the log.
fn code(kind: &str) -> Option<String> {
    let code = kind.rsplit('#').next()?;
    let is_name = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_name.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_named_by_a_name_and_by_nothing_else_of_the_answer() {
        let answered = |body: &str| CallError::answered(StatusCode::BAD_REQUEST, body.as_bytes());
        let named = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#;
        assert_eq!(
            answered(named),
            CallError::NotNow("ThrottlingException".into())
        );
        for body in [
            "",
            r#"{"__type":"a customer's +18005550100"}"#,
            &format!(r#"{{"__type":"{}"}}"#, "a".repeat(65)),
        ] {
            assert_eq!(answered(body), CallError::Refused("HTTP status 400".into()));
        }
    }
}
