//! The HTTP client of the AWS SDK in a Lambda function: quick to set up, and connected in INIT.
//!
//! The SDK's own client parses the system's root certificates, cannot connect ahead of a request,
//! and reads responses without a bound.

use std::{
    fmt,
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpClient, SharedHttpConnector, http_client_fn,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use http::{Uri, uri::InvalidUri};
use http_body_util::Limited;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as TcpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::TcpStream;
use tower_service::Service;

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
pub struct AwsHttpClient {
    connector: SharedHttpConnector,
    connections: Connections,
}

/// Opens connections, and keeps one that was opened ahead of its request.
#[derive(Clone)]
struct Connections {
    https: HttpsConnector<TcpConnector>,
    opened: Arc<Mutex<Option<Opened>>>,
}

struct Opened {
    server: Uri,
    stream: Stream,
    at: SystemTime,
}

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Sends requests over pooled connections.
#[derive(Debug)]
struct Pool(Client<Connections, SdkBody>);

/// Opens a connection for a request, but does not send it.
#[derive(Debug)]
struct ConnectOnly(Connections);

impl AwsHttpClient {
    /// Prepares the client; nothing is sent yet.
    pub fn new(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let mut tcp = TcpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connections = Connections {
            https: HttpsConnector::from((tcp, tls::client_config(environment)?)),
            opened: Arc::default(),
        };
        let pool = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(MAX_IDLE)
            .build(connections.clone());
        Ok(Self {
            connector: SharedHttpConnector::new(Pool(pool)),
            connections,
        })
    }

    /// Returns a client that connects to a request's server, and answers `{}` in its place.
    ///
    /// A call that is made with it in INIT leaves a connection and warm code to the first request.
    pub fn connect_only(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(ConnectOnly(self.connections.clone()));
        http_client_fn(move |_, _| connector.clone())
    }
}

impl HttpClient for AwsHttpClient {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.connector.clone()
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

impl HttpConnector for ConnectOnly {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connections = self.0.clone();
        HttpConnectorFuture::new(async move {
            let server = request
                .uri()
                .parse()
                .map_err(|error: InvalidUri| ConnectorError::user(error.into()))?;
            connections.open(server).await.map_err(ConnectorError::io)?;
            let ok = StatusCode::try_from(200)
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            Ok(HttpResponse::new(ok, SdkBody::from("{}")))
        })
    }
}

impl Connections {
    /// Connects to a server, and keeps the connection for the first request to it.
    async fn open(&self, server: Uri) -> Result<(), BoxError> {
        let stream = self.https.clone().call(server.clone()).await?;
        let opened = Opened {
            server,
            stream,
            at: SystemTime::now(),
        };
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(())
    }

    /// Takes the kept connection, if it goes to this server and is not too old.
    fn take(&self, server: &Uri) -> Option<Stream> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = opened.take_if(|opened| {
            let kept = &opened.server;
            (kept.scheme(), kept.authority()) == (server.scheme(), server.authority())
        })?;
        let is_young = opened.at.elapsed().is_ok_and(|age| age < MAX_IDLE);
        is_young.then_some(opened.stream)
    }
}

impl Service<Uri> for Connections {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        match self.take(&server) {
            Some(stream) => Box::pin(ready(Ok(stream))),
            None => self.https.call(server),
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connections")
    }
}
