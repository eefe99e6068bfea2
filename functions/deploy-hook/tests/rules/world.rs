//! HubSpot, the vendor's webhooks, AWS and the hook between them.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use channel_connection::settings::ApiVersion;
use deploy_hook::{hook::Hook, time_budget::TimeBudget};
use hubspot_simulator::Simulator;
use serde_json::Value;

use crate::{
    account::{account, config},
    happening::{Ending, Happening, Settings},
    servers::{aws, cloudformation},
    step::{Trouble, URLS},
    webhook::Webhooks,
};

/// Answers come at once or never, so a hook that is to meet failures need not wait long.
const HURRIED: TimeBudget = TimeBudget {
    call: Duration::from_millis(60),
    retries: 2,
    retry_pause: Duration::from_millis(1),
    probe_tries: 2,
    probe_pause: Duration::from_millis(1),
    to_restore: Duration::from_secs(20),
    ..TimeBudget::DEPLOYED
};
/// A hook that nothing goes wrong for must not fail because the machine is slow.
const PATIENT: TimeBudget = TimeBudget {
    call: Duration::from_secs(10),
    ..HURRIED
};

pub struct World {
    pub hubspot: Arc<Simulator>,
    pub webhooks: Webhooks,
    /// The hook that each webhook's stack has; the second ones are patient.
    hooks: [[Hook; URLS]; 2],
    /// Where CloudFormation waits for outcomes.
    pub cloudformation: String,
    /// What CloudFormation was told last.
    pub told: Arc<Mutex<Option<Value>>>,
}

impl World {
    pub async fn start() -> Self {
        let hubspot = Arc::new(Simulator::on_free_port(account()).await.unwrap());
        let webhooks = Webhooks::start(Arc::clone(&hubspot)).await;
        let told = Arc::default();
        let cloudformation = cloudformation(Arc::clone(&told)).await;
        let sdk = aws().await;
        let hooks = [HURRIED, PATIENT].map(|budget| {
            std::array::from_fn(|url| {
                let config = config(&hubspot, &webhooks.urls[url], ApiVersion::V2026_03);
                Hook::new(config, &sdk, budget).unwrap()
            })
        });
        Self {
            hubspot,
            webhooks,
            hooks,
            cloudformation,
            told,
        }
    }

    /// Sends an event to the hook of a webhook's stack, and looks on.
    pub async fn happening(&self, url: usize, event: Value, trouble: &Trouble) -> Happening {
        let (before, calls_before) = self.hubspot.with_account(|account| {
            account.faults = trouble.faults.clone().into();
            (account.held(), account.calls.len())
        });
        let started = Instant::now();
        self.told.lock().unwrap().take();
        let patient = usize::from(trouble.faults.is_empty());
        let deadline = SystemTime::now() + Duration::from_mins(1);
        let handled = self.hooks[patient][url].handle(event, deadline);
        let ending = tokio::select! {
            answer = handled => {
                let told = self.told.lock().unwrap().clone();
                Ending::Told(told.unwrap_or_else(|| answer.unwrap()))
            }
            () = self.hubspot.silenced(), if trouble.dies => Ending::Died,
        };
        self.hubspot.with_account(|account| {
            account.faults.clear();
            Happening {
                before,
                after: account.held(),
                started,
                calls: account.calls[calls_before..].to_vec(),
                ending,
                url,
            }
        })
    }

    pub fn held(&self) -> Settings {
        self.hubspot.with_account(|account| account.held())
    }
}
