//! HubSpot, Secrets Manager, CloudFormation and a webhook around the real hook, all over HTTP.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use aws_config::SdkConfig;
use channel_connection::{
    settings::{ApiVersion, ChannelConnectionSettings},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use channelctl::sample_event;
use deploy_hook::{
    config::{Config, ProbedPortal},
    hook::Hook,
    hook_error::HookError,
    time_budget::TimeBudget,
};
use hubspot_simulator::{
    Simulator,
    fault::{Fault, How, When},
};
use serde_json::Value;

mod account;
mod log;
#[path = "../../../../numbers-webhook/tests/webhook/support/mod.rs"]
#[allow(dead_code, reason = "it serves the webhook's own tests too")]
pub mod numbers;
mod servers;

pub use account::{CLIENT_ID, ELSEWHERE, KEY, OAUTH_SECRET, TOKEN};
use account::{account, config};
pub use log::Log;
use numbers::{NumbersTable, sdk_at};
use servers::{Aws, CloudFormation, Watched, real_webhook, serve};
pub use servers::{constant_webhook, silent_webhook};

/// A hook that gives up fast, on a machine that may be slow.
pub const BUDGET: TimeBudget = TimeBudget {
    call: Duration::from_secs(2),
    retries: 3,
    retry_pause: Duration::from_millis(1),
    probe_tries: 2,
    probe_pause: Duration::from_millis(1),
    ..TimeBudget::DEPLOYED
};

/// The world around a hook.
pub struct World {
    pub hubspot: Simulator,
    /// What the hook reaches of AWS, with the two secrets.
    pub aws: Aws,
    pub cloudformation: CloudFormation,
    /// The real webhook on a DynamoDB of its own.
    pub webhook_url: String,
    pub numbers: NumbersTable,
    /// What HubSpot held at each request that the real webhook got, oldest first.
    pub held_at_probes: Arc<Mutex<Vec<Value>>>,
    /// Whose numbers the hook's probe asks for.
    pub probed_portal: ProbedPortal,
    /// The version that a deploy made of the webhook's function.
    pub webhook_version: Option<String>,
    pub budget: TimeBudget,
    /// How long Lambda lets an invocation run.
    pub lambda_timeout: Duration,
    response_url: String,
    sdk: SdkConfig,
}

impl World {
    pub async fn new() -> Self {
        let numbers = NumbersTable::start().await;
        let cloudformation = CloudFormation::default();
        let hubspot = Simulator::on_free_port(account()).await.unwrap();
        let held_at_probes = Arc::default();
        let watched = Watched {
            hubspot: hubspot.api_url(),
            held: Arc::clone(&held_at_probes),
        };
        let (webhook_url, webhook) = real_webhook(&numbers.endpoint, watched).await;
        let aws = Aws::new(webhook);
        let sdk = sdk_at(&serve(aws.routes()).await).await;
        Self {
            hubspot,
            aws,
            response_url: serve(cloudformation.routes()).await,
            cloudformation,
            webhook_url,
            numbers,
            held_at_probes,
            probed_portal: ProbedPortal::default(),
            webhook_version: None,
            budget: BUDGET,
            lambda_timeout: Duration::from_secs(90),
            sdk,
        }
    }

    pub fn hook(&self, api_version: ApiVersion) -> Hook {
        let config = Config {
            probed_portal: self.probed_portal,
            webhook_version: self.webhook_version.clone(),
            ..config(&self.hubspot, &self.webhook_url, api_version)
        };
        Hook::new(config, &self.sdk, self.budget).unwrap()
    }

    /// Lets the next calls of HubSpot fail, in their order; `None` lets one pass.
    pub fn fail(&self, faults: impl IntoIterator<Item = Option<(When, How)>>) {
        let faults = faults.into_iter();
        let faults = faults.map(|fault| fault.map(|(when, how)| Fault { when, how }));
        self.hubspot
            .with_account(|account| account.faults = faults.collect());
    }

    /// Asks for an action by the sample event of its name.
    pub async fn act(&self, action: &str) -> Value {
        self.send(action, as_it_is).await.unwrap()
    }

    /// Sends a sample event of `events/deploy-hook` to the hook.
    pub async fn send(
        &self,
        name: &str,
        adapt: impl FnOnce(&mut Value),
    ) -> Result<Value, HookError> {
        let path = format!(
            "{}/../../events/deploy-hook/{name}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let event = serde_json::from_slice(&std::fs::read(path).expect(name)).expect(name);
        let url = WebhookUrl::parse(&self.webhook_url, UrlPolicy::Local).unwrap();
        let to = Some(self.response_url.as_str());
        let mut event = sample_event::refresh_hook_event(event, &url, to).unwrap();
        adapt(&mut event);
        let version = event["ResourceProperties"]["ApiVersion"]
            .as_str()
            .unwrap_or("2026-03")
            .parse()
            .unwrap();
        self.hook(version)
            .handle(event, SystemTime::now() + self.lambda_timeout)
            .await
    }

    /// Sends a custom resource's event and returns what CloudFormation was told of it.
    pub async fn deploy(&self, name: &str, adapt: impl FnOnce(&mut Value)) -> Value {
        let handled = self.send(name, adapt).await;
        let mut told = self.cloudformation.told.lock().unwrap();
        assert_eq!(told.len(), 1, "CloudFormation is told once");
        let told = told.pop().unwrap();
        assert_eq!(
            handled.is_ok(),
            told["Status"] == "SUCCESS",
            "Lambda counts failures"
        );
        told
    }

    /// What HubSpot holds.
    pub fn held(&self) -> Option<ChannelConnectionSettings> {
        self.hubspot.with_account(|account| account.held())
    }

    /// Registers a URL behind everyone's back.
    pub fn hold(&self, url: &str, is_ready: bool) {
        let settings = ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        };
        self.hubspot.with_account(|account| {
            account.register(settings);
        });
    }

    /// The calls that HubSpot has seen, each as its method and status.
    pub fn calls(&self) -> Vec<String> {
        self.hubspot.with_account(|account| {
            let calls = account.calls.iter();
            calls
                .map(|call| match call.status {
                    Some(status) => format!("{} {status}", call.method),
                    None => format!("{} fault", call.method),
                })
                .collect()
        })
    }

    /// Checks every call and answer so far against HubSpot's own specification.
    pub fn assert_specified(&self) {
        self.hubspot.with_account(|account| {
            for call in &account.calls {
                assert_eq!(call.violations, [""; 0], "{call:?}");
            }
        });
    }
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it is compared with what may be missing"
)]
pub fn settings(url: &str, is_ready: bool) -> Option<ChannelConnectionSettings> {
    Some(ChannelConnectionSettings {
        url: url.into(),
        is_ready,
    })
}

/// Adapts an event by one property of the resource.
pub fn property(name: &'static str, value: impl Into<Value>) -> impl FnOnce(&mut Value) {
    let value = value.into();
    move |event| event["ResourceProperties"][name] = value
}

/// Leaves an event as it stands in its file.
pub fn as_it_is(_: &mut Value) {}
