//! The path of a request: size, signature, question, app, numbers, answer.

use std::time::SystemTime;

use aws_config::SdkConfig;
use channel_connection::{
    client_secrets::{ClientSecrets, InvalidClientSecrets},
    ids::{AppId, UserId},
    number_row::NumberRow,
    numbers_request::NumbersRequest,
    numbers_response::NumbersResponse,
    numbers_table::NumbersTable,
    secret_store::{self, SecretError},
    signature::{
        self, OLDER_SIGNATURE_HEADER, SIGNATURE_HEADER, SignatureHeaders, SignedUri,
        TIMESTAMP_HEADER,
    },
};
use lambda_http::{
    Body, Request, RequestExt, Response,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use serde::Serialize;
use tracing::{error, info, warn};

use crate::{
    config::{ClientSecretSource, Config},
    refusal::Refusal,
};

/// The largest body that is looked at, in bytes; HubSpot's own has fewer than 100.
pub const LARGEST_BODY: usize = 16 * 1024;

/// The webhook that HubSpot calls for a portal's numbers.
#[derive(Debug)]
pub struct Webhook {
    app_id: AppId,
    uri: SignedUri,
    secrets: ClientSecrets,
    table: NumbersTable,
}

/// The reason the webhook cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The client secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The client secret is not kept in the form it should be.
    #[error(transparent)]
    InvalidSecret(#[from] InvalidClientSecrets),
}

impl Webhook {
    /// Reads the client secret and prepares the clients.
    pub async fn start(config: Config, aws: &SdkConfig) -> Result<Self, StartError> {
        let secrets = match config.client_secret {
            ClientSecretSource::Given(secret) => secret.into(),
            ClientSecretSource::SecretsManager(arn) => {
                let client = aws_sdk_secretsmanager::Client::new(aws);
                ClientSecrets::from_json(&secret_store::read(&client, &arn).await?)?
            }
        };
        if secrets.current().is_none() {
            warn!("no client secret is set yet: every request will be refused");
        }
        Ok(Self {
            app_id: config.app_id,
            uri: (&config.webhook_url).into(),
            secrets,
            table: NumbersTable::new(aws_sdk_dynamodb::Client::new(aws), config.numbers_table),
        })
    }

    /// Answers one request as of `now`, and logs one line about it.
    pub async fn answer(&self, request: Request, now: SystemTime) -> Response<Body> {
        match self.numbers(&request, now).await {
            Ok(numbers) => {
                info!(
                    outcome = "answered",
                    count = numbers.phone_numbers.len(),
                    "request"
                );
                json(StatusCode::OK, &numbers)
            }
            Err(refusal) => refuse(&refusal, &request),
        }
    }

    async fn numbers(
        &self,
        request: &Request,
        now: SystemTime,
    ) -> Result<NumbersResponse, Refusal> {
        let body: &[u8] = request.body();
        if body.len() > LARGEST_BODY {
            return Err(Refusal::TooLarge(body.len()));
        }
        let headers = signature_headers(request.headers());
        signature::verify(
            self.secrets.accepted(),
            request.method().as_str(),
            &self.uri,
            body,
            headers,
            now,
        )?;
        let asked = NumbersRequest::parse(body)?;
        if asked.app_id != self.app_id {
            return Err(Refusal::OtherApp(asked.app_id));
        }
        let rows = self.table.rows(asked.portal_id).await?;
        Ok(list_for(asked.user_id, rows))
    }
}

fn signature_headers(headers: &HeaderMap) -> SignatureHeaders<'_> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    SignatureHeaders {
        signature: text(SIGNATURE_HEADER),
        timestamp: text(TIMESTAMP_HEADER),
        older_version: headers.contains_key(OLDER_SIGNATURE_HEADER),
    }
}

fn list_for(user: UserId, rows: Vec<NumberRow>) -> NumbersResponse {
    let listed = |row: NumberRow| {
        row.listed_for(user).unwrap_or_else(|reason| {
            warn!(%reason, "row left out");
            None
        })
    };
    NumbersResponse {
        phone_numbers: rows.into_iter().filter_map(listed).collect(),
    }
}

fn refuse(refusal: &Refusal, request: &Request) -> Response<Body> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct ErrorBody {
        message: String,
        request_id: String,
    }
    let (status, outcome) = (refusal.status(), refusal.outcome());
    if status.is_server_error() {
        error!(outcome, reason = %refusal, "request");
    } else {
        warn!(outcome, reason = %refusal, "request");
    }
    let request_id = request
        .lambda_context_ref()
        .map(|context| context.request_id.clone())
        .unwrap_or_default();
    json(
        status,
        &ErrorBody {
            message: refusal.message(),
            request_id,
        },
    )
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    // Both bodies are plain structs of texts, which serialise always.
    let body = serde_json::to_string(body).unwrap_or_default();
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        lambda_http::http::HeaderValue::from_static("application/json"),
    );
    response
}
