//! The connection to an AWS service, opened in INIT and kept from request to request.

use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    client::conn::http1::{SendRequest, handshake},
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use crate::prompt_stream::PromptStream;

/// The largest answer that is read, in bytes.
///
/// One page of DynamoDB's holds 1 MiB of rows, which its JSON makes a few times larger.
const MAX_PAGE: usize = 16 * 1024 * 1024;
/// How long a connection may lie idle. The function is frozen meanwhile, and does not see it end.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// A server, and the connection to it that is not in use.
#[derive(Debug)]
pub(crate) struct Connection {
    server: Server,
    idle: Mutex<Option<Idle>>,
}

#[derive(Debug)]
struct Server {
    host: String,
    port: u16,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

#[derive(Debug)]
struct Idle {
    sender: Sender,
    since: SystemTime,
}

type Sender = SendRequest<Full<Bytes>>;

/// The reason a server cannot be called at all.
#[derive(Debug, thiserror::Error)]
#[error("AWS_ENDPOINT_URL, or that of one service, is no URL of a server")]
pub struct InvalidEndpoint;

/// What kept a request from its answer.
pub(crate) type ConnectionError = Box<dyn Error + Send + Sync>;

impl Connection {
    /// Names the server; nothing is sent yet.
    pub(crate) fn to(endpoint: &Uri, tls: &Arc<ClientConfig>) -> Result<Self, InvalidEndpoint> {
        let host = endpoint.host().ok_or(InvalidEndpoint)?.to_owned();
        let (tls, port) = match endpoint.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.clone()).map_err(|_| InvalidEndpoint)?;
                (Some((Arc::clone(tls), name)), 443)
            }
            Some("http") => (None, 80),
            _ => return Err(InvalidEndpoint),
        };
        let port = endpoint.port_u16().unwrap_or(port);
        Ok(Self {
            server: Server { host, port, tls },
            idle: Mutex::default(),
        })
    }

    /// Connects, for the first request to find a connection.
    pub(crate) async fn open(&self) -> Result<(), ConnectionError> {
        let sender = self.server.connect().await?;
        self.keep(sender);
        Ok(())
    }

    /// Sends a request over the kept connection, or over a new one where that has ended.
    pub(crate) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), ConnectionError> {
        if let Some(mut sender) = self.take().await {
            match sender.try_send_request(request).await {
                Ok(response) => return self.finish(sender, response).await,
                Err(mut error) => match error.take_message() {
                    // It was not sent: the connection had ended without our knowing.
                    Some(unsent) => request = unsent,
                    None => return Err(error.into_error().into()),
                },
            }
        }
        let mut sender = self.server.connect().await?;
        let response = sender.send_request(request).await?;
        self.finish(sender, response).await
    }

    /// Reads an answer whole, and keeps its connection; one that fails ends here.
    async fn finish(
        &self,
        sender: Sender,
        response: http::Response<hyper::body::Incoming>,
    ) -> Result<(StatusCode, Bytes), ConnectionError> {
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_PAGE);
        let body = body.collect().await?.to_bytes();
        self.keep(sender);
        Ok((status, body))
    }

    async fn take(&self) -> Option<Sender> {
        let Idle { mut sender, since } = self.idle().take()?;
        let idle = SystemTime::now().duration_since(since);
        let is_young = idle.is_ok_and(|idle| idle < MAX_IDLE);
        (is_young && sender.ready().await.is_ok()).then_some(sender)
    }

    fn keep(&self, sender: Sender) {
        let since = SystemTime::now();
        *self.idle() = Some(Idle { sender, since });
    }

    fn idle(&self) -> MutexGuard<'_, Option<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    async fn connect(&self) -> Result<Sender, ConnectionError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let stream = PromptStream::new(stream)?;
        match &self.tls {
            None => speak(stream).await,
            Some((config, name)) => {
                let connector = TlsConnector::from(Arc::clone(config));
                speak(connector.connect(name.clone(), stream).await?).await
            }
        }
    }
}

async fn speak<S>(stream: S) -> Result<Sender, ConnectionError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    TokioIo<S>: Read + Write,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
