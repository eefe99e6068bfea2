//! The HTTP client of the AWS SDK in a Lambda function: quick to set up.
//!
//! The SDK's own client parses the system's root certificates, and reads responses without a bound.

use std::time::Duration;

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as TcpConnector},
    rt::TokioExecutor,
};

use crate::{
    environment::{EnvironmentError, Lookup},
    tls,
};

/// The largest response that is read: a page of DynamoDB's has 1 MiB of rows, its JSON a few times as much.
const MAX_RESPONSE: usize = 16 * 1024 * 1024;
/// The longest idle time of a connection. A frozen function does not see the server close it.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// An HTTP client for the AWS SDK; its clones share their connections.
#[derive(Debug, Clone)]
pub struct AwsHttpClient(SharedHttpConnector);

/// Sends requests over pooled connections.
#[derive(Debug)]
struct Pool(Client<HttpsConnector<TcpConnector>, SdkBody>);

impl AwsHttpClient {
    /// Prepares the client; nothing is sent yet.
    pub fn new(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let mut tcp = TcpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let https = HttpsConnector::from((tcp, tls::client_config(environment)?));
        let pool = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(MAX_IDLE)
            .build(https);
        Ok(Self(SharedHttpConnector::new(Pool(pool))))
    }
}

impl HttpClient for AwsHttpClient {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.clone()
    }
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let response = self.0.request(request);
        HttpConnectorFuture::new(async move {
            // The SDK retries what is an error of I/O. Every call of ours may be repeated.
            let response = response
                .await
                .map_err(|error| ConnectorError::io(error.into()))?;
            let response =
                response.map(|body| SdkBody::from_body_1_x(Limited::new(body, MAX_RESPONSE)));
            HttpResponse::try_from(response)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
