//! The path of a request, from API Gateway's event to its answer, and the line that is logged of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use channel_connection::{
    aws_environment::AwsEnvironment,
    client_secrets::ClientSecrets,
    numbers_request::NumbersRequest,
    numbers_response::{MAX_BODY, NumbersResponse},
    portal_numbers::{BadRow, PortalNumbers},
    signature::SignatureError,
};
use tokio::time::Instant;

use crate::{
    answer::Answer,
    client_secret::StoredSecret,
    config::Config,
    connection::InvalidEndpoint,
    event::Event,
    gate::Gate,
    live_secrets::LiveSecrets,
    numbers_table::NumbersTable,
    refusal::Refusal,
    request_record::{BadRowRecord, RequestRecord},
    store::Store,
    tls::{self, TlsError},
};

/// How long a request may take until it is answered; HubSpot's other webhooks wait 5 s.
const LONGEST: Duration = Duration::from_millis(2_500);
/// What is kept back of Lambda's own time to hand the answer over.
const TIME_TO_HAND_OVER: Duration = Duration::from_millis(200);

/// The webhook that HubSpot calls for a portal's numbers.
#[derive(Debug)]
pub struct Webhook {
    function: String,
    gate: Gate,
    secrets: LiveSecrets,
    store: Store,
    answered_before: AtomicBool,
}

/// What Lambda says of one request.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The id under which Lambda logs the request.
    pub request_id: String,
    /// X-Ray's id of the request, where it is traced.
    pub xray_trace_id: Option<String>,
    /// The time at which it came.
    pub now: SystemTime,
    /// The time at which Lambda ends it.
    pub deadline: SystemTime,
}

/// What became of one event.
pub struct Answered {
    /// The answer for API Gateway.
    pub answer: Answer,
    /// The one line to log of it.
    pub log_line: String,
}

/// The reason the function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing can be called over TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A variable names an endpoint that is none.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
}

impl Webhook {
    /// Reads the client secret and connects to DynamoDB, both at once.
    ///
    /// Where either fails, requests try again.
    pub async fn start(config: Config, aws: &AwsEnvironment) -> Result<Self, StartError> {
        let tls = tls::trusting(aws.root_certificates.as_deref())?;
        let table = NumbersTable::new(config.numbers_table, aws, &tls)?;
        let secret = StoredSecret::new(config.client_secret_arn, aws, &tls)?;
        let (secrets, ()) = tokio::join!(LiveSecrets::start(secret), table.connect());
        Ok(Self {
            function: config.function_name,
            gate: Gate::new(config.app_id, &config.webhook_urls),
            secrets,
            store: Store::new(table, config.longest_age),
            answered_before: AtomicBool::new(false),
        })
    }

    /// Answers one event, whatever it is.
    pub async fn answer(&self, event: &[u8], invocation: Invocation) -> Answered {
        let started = Instant::now();
        let mut record = RequestRecord {
            request_id: invocation.request_id,
            xray_trace_id: invocation.xray_trace_id,
            cold_start: !self.answered_before.swap(true, Ordering::Relaxed),
            ..RequestRecord::default()
        };
        let time_left = invocation
            .deadline
            .duration_since(invocation.now)
            .unwrap_or_default();
        let deadline = started + LONGEST.min(time_left.saturating_sub(TIME_TO_HAND_OVER));
        let answer = match self
            .numbers(event, invocation.now, deadline, &mut record)
            .await
        {
            Ok(body) => Answer::json(200, body),
            Err(refusal) => {
                record.refused = Some(refusal.outcome());
                record.reason = Some(refusal.to_string());
                refusal.answer(&record.request_id)
            }
        };
        record.time = started.elapsed();
        let log_line = record.line(&self.function, invocation.now);
        Answered { answer, log_line }
    }

    async fn numbers(
        &self,
        event: &[u8],
        now: SystemTime,
        deadline: Instant,
        record: &mut RequestRecord,
    ) -> Result<String, Refusal> {
        let (asked, secrets) = self.admit(&Event::parse(event)?, now).await?;
        record.asked = Some(asked);
        let reading = Instant::now();
        let found = self.store.portal(asked.portal_id, now, deadline).await;
        record.store_time = Some(reading.elapsed());
        let found = found?;
        if let Some((age, error)) = found.stale {
            record.stale = Some(age);
            record.reason = Some(error.to_string());
        }
        record_bad_rows(&found.numbers, &secrets, record);
        let response = NumbersResponse::within(MAX_BODY, found.numbers.visible_to(asked.user_id));
        (record.count, record.omitted) = (response.count, response.omitted);
        Ok(response.body)
    }

    /// Lets HubSpot's requests through, and returns what they ask and the secrets that they count by.
    ///
    /// A wrong signature may have been made with a secret that is newer than ours.
    async fn admit(
        &self,
        event: &Event,
        now: SystemTime,
    ) -> Result<(NumbersRequest, Arc<ClientSecrets>), Refusal> {
        let mut secrets = self.secrets.at(now).await.ok_or(Refusal::NoSecret)?;
        let mut checked = self.gate.check(event, &secrets, now);
        if matches!(checked, Err(Refusal::NotHubSpot(SignatureError::Wrong)))
            && let Some(newer) = self.secrets.after_wrong_signature(now).await
        {
            secrets = newer;
            checked = self.gate.check(event, &secrets, now);
        }
        Ok((checked?, secrets))
    }
}

fn record_bad_rows(numbers: &PortalNumbers, secrets: &ClientSecrets, record: &mut RequestRecord) {
    let of = |row: &BadRow| BadRowRecord {
        key_hash: secrets.key_hash(&row.key),
        reason: row.reason.to_string(),
    };
    record.bad_row_count = numbers.bad_row_count();
    record.bad_rows = numbers.bad_rows().iter().map(of).collect();
}
