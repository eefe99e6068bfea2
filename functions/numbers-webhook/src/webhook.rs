//! A request's way from authentication to the response, and what is logged of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use channel_connection::{
    aws_error::AwsError,
    client_secrets::ClientSecrets,
    ids::PortalId,
    numbers_request::NumbersRequest,
    numbers_response::{MAX_BODY, NumbersResponse},
    portal_numbers::PortalNumbers,
};
use lambda_http::{Body, Context, Request, RequestExt, Response};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    access_log::AccessLog,
    auth::RequestVerifier,
    aws::AwsClients,
    config::Config,
    numbers_table::NumbersTable,
    request_error::{RequestError, json_response},
    secret_cache::SecretCache,
    stale_cache::StaleCache,
};

/// The longest time until a request is answered; HubSpot's other webhooks wait 5 s.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(2_500);
/// What is kept back of Lambda's own time to hand the response over.
const DEADLINE_MARGIN: Duration = Duration::from_millis(200);
/// How long INIT waits for its own read, before the first request tries.
const FIRST_READ_TIMEOUT: Duration = Duration::from_secs(1);

/// The webhook that HubSpot calls for a portal's numbers.
pub struct Webhook {
    function: String,
    verifier: RequestVerifier,
    secrets: SecretCache,
    table: NumbersTable,
    stale_cache: StaleCache,
    is_warm: AtomicBool,
}

impl Webhook {
    /// Reads the client secret, and the numbers of a portal that no customer has: the first request finds
    /// a connection.
    ///
    /// Where either fails, requests try again.
    pub async fn start(config: Config, aws: AwsClients) -> Self {
        let table = NumbersTable::new(aws.dynamodb, config.numbers_table);
        let secrets = SecretCache::start(aws.secrets_manager, config.client_secret_arn);
        let first_read = timeout(FIRST_READ_TIMEOUT, table.read(PortalId::MAX));
        let (secrets, _) = tokio::join!(secrets, first_read);
        Self {
            function: config.function_name,
            verifier: RequestVerifier::new(config.app_id, &config.webhook_urls),
            secrets,
            table,
            stale_cache: StaleCache::new(config.max_stale),
            is_warm: AtomicBool::new(false),
        }
    }

    /// Answers a request that came at `now`; returns the response and the access log's line.
    pub async fn respond(&self, request: &Request, now: SystemTime) -> (Response<Body>, String) {
        let started = Instant::now();
        let context = request.lambda_context_ref().cloned().unwrap_or_default();
        let deadline = started + time_left(&context, now);
        let mut log = AccessLog {
            request_id: context.request_id,
            xray_trace_id: context.xray_trace_id,
            cold_start: !self.is_warm.swap(true, Ordering::Relaxed),
            ..AccessLog::default()
        };
        let response = match self.numbers(request, now, deadline, &mut log).await {
            Ok(body) => json_response(body),
            Err(error) => {
                log.error = Some(error.outcome());
                log.reason = Some(error.to_string());
                error.response(&log.request_id)
            }
        };
        log.latency = started.elapsed();
        (response, log.line(&self.function, now))
    }

    /// Returns the body of the response to a request of HubSpot's.
    async fn numbers(
        &self,
        request: &Request,
        now: SystemTime,
        deadline: Instant,
        log: &mut AccessLog,
    ) -> Result<String, RequestError> {
        let (content, secrets) = self.authenticate(request, now, deadline).await?;
        (log.portal_id, log.user_id) = (Some(content.portal_id), Some(content.user_id));
        let numbers = self.read(content.portal_id, now, deadline, log).await?;
        log.record_bad_rows(&numbers, &secrets);
        let response = NumbersResponse::within(MAX_BODY, numbers.visible_to(content.user_id));
        (log.count, log.omitted) = (response.count, response.omitted);
        Ok(response.body)
    }

    /// Verifies a request; a wrong signature may have been made with a newer secret than the cached one.
    async fn authenticate(
        &self,
        request: &Request,
        now: SystemTime,
        deadline: Instant,
    ) -> Result<(NumbersRequest, Arc<ClientSecrets>), RequestError> {
        let secrets = self.secrets.get(now, deadline).await;
        let secrets = secrets.ok_or(RequestError::NoSecret)?;
        match self.verifier.verify(request, &secrets, now) {
            Err(error) if error.is_wrong_signature() => {
                let newer = self.secrets.refresh_on_mismatch(&secrets, now, deadline);
                let secrets = newer.await.ok_or(error)?;
                Ok((self.verifier.verify(request, &secrets, now)?, secrets))
            }
            verified => Ok((verified?, secrets)),
        }
    }

    /// Reads a portal's numbers by `deadline`; where that fails, those of an earlier read are served.
    async fn read(
        &self,
        portal: PortalId,
        now: SystemTime,
        deadline: Instant,
        log: &mut AccessLog,
    ) -> Result<Arc<PortalNumbers>, AwsError> {
        let started = Instant::now();
        let read = timeout_at(deadline, self.table.read(portal)).await;
        log.table_latency = Some(started.elapsed());
        match read.unwrap_or(Err(AwsError::Timeout)) {
            Ok(numbers) => {
                let numbers = Arc::new(numbers);
                self.stale_cache.insert(portal, &numbers, now);
                Ok(numbers)
            }
            Err(error) => {
                let Some((numbers, age)) = self.stale_cache.get(portal, now) else {
                    return Err(error);
                };
                log.stale_seconds = Some(age.as_secs());
                log.reason = Some(error.to_string());
                Ok(numbers)
            }
        }
    }
}

fn time_left(context: &Context, now: SystemTime) -> Duration {
    let lambda = context.deadline().duration_since(now).unwrap_or_default();
    REQUEST_TIMEOUT.min(lambda.saturating_sub(DEADLINE_MARGIN))
}
