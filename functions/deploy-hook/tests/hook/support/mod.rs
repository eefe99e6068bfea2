//! HubSpot, AWS, CloudFormation and a webhook around the real hook, all over HTTP.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::SdkConfig;
use channel_connection::{
    settings::ChannelConnectionSettings,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use deploy_hook::{
    Handler, HookError,
    config::Config,
    retries::{TimeBudget, policy},
};
use hubspot_simulator::{
    Simulator,
    fault::{Fault, How, When},
};
use serde_json::{Value, json};
use test_support::{NumbersTable, sdk_config};

pub use crate::account::settings;
use crate::account::{CREDENTIAL_ARN, CloudFormation, account, config, secrets};

mod servers;

use servers::{Aws, RealWebhook};
pub use servers::{constant_webhook, silent_webhook};

/// Gives up fast, on a machine that may be slow.
pub const BUDGET: TimeBudget = TimeBudget {
    call: Duration::from_secs(2),
    // Too short for writes at the same time, which few tests have.
    settle: Duration::from_secs(1),
    secret: policy(20, Duration::from_millis(1), Duration::from_millis(10)),
    hubspot: policy(3, Duration::from_millis(1), Duration::from_millis(10)),
    probe: policy(1, Duration::from_millis(1), Duration::from_millis(1)),
    ..TimeBudget::DEPLOYED
};

/// A hook and its surroundings.
pub struct TestEnv {
    pub hubspot: Arc<Simulator>,
    pub aws: Aws,
    pub cloudformation: CloudFormation,
    pub webhook: RealWebhook,
    /// The URL of the real webhook, or of one that replaces it.
    pub webhook_url: String,
    pub numbers: NumbersTable,
    pub config: Config,
    pub budget: TimeBudget,
    /// The function's timeout.
    pub timeout: Duration,
    response_url: String,
    sdk: SdkConfig,
}

impl TestEnv {
    pub async fn new() -> Self {
        let numbers = NumbersTable::start().await;
        let secrets = secrets().await;
        let hubspot = Arc::new(Simulator::on_free_port(account()).await.unwrap());
        let webhook = RealWebhook::start(&numbers, &secrets, Arc::clone(&hubspot)).await;
        let aws = Aws::new(secrets, webhook.clone());
        let config = config(&hubspot.api_url(), &webhook.url);
        let (cloudformation, response_url) = CloudFormation::start().await;
        Self {
            sdk: sdk_config(&test_support::serve(aws.routes()).await).await,
            response_url,
            hubspot,
            aws,
            cloudformation,
            webhook_url: webhook.url.clone(),
            webhook,
            numbers,
            config,
            budget: BUDGET,
            timeout: Duration::from_secs(90),
        }
    }

    pub fn set_credential(&self, credential: &Value) {
        let credential = credential.to_string();
        self.aws.secrets.set(CREDENTIAL_ARN, &credential);
    }

    /// Sets the faults of HubSpot's next calls, in order; `None` for a call without one.
    pub fn fail(&self, faults: impl IntoIterator<Item = Option<(When, How)>>) {
        let faults = faults.into_iter();
        let faults = faults.map(|fault| fault.map(|(when, how)| Fault { when, how }));
        self.hubspot
            .with_account(|account| account.faults = faults.collect());
    }

    /// Reads a sample event of `events/deploy-hook`.
    pub fn event(&self, name: &str) -> Value {
        let directory = env!("CARGO_MANIFEST_DIR");
        let path = format!("{directory}/../../events/deploy-hook/{name}.json");
        let mut event: Value =
            serde_json::from_slice(&std::fs::read(path).expect(name)).expect(name);
        if event.get("RequestType").is_some() {
            event["ResourceProperties"]["WebhookUrl"] = self.webhook_url.as_str().into();
            event["ResponseURL"] = self.response_url.as_str().into();
        }
        event
    }

    pub async fn handle(&self, event: Value) -> Result<Value, HookError> {
        let mut config = self.config.clone();
        config.target.url = WebhookUrl::parse(&self.webhook_url, UrlPolicy::Local).unwrap();
        let handler = Handler::new(config, &self.sdk, self.budget).unwrap();
        let deadline = SystemTime::now() + self.timeout;
        handler.handle(event, deadline).await
    }

    /// Runs an operator's action, and returns its report.
    pub async fn act(&self, action: &str) -> Value {
        self.handle(json!({"action": action})).await.unwrap()
    }

    /// Sends a custom resource's event, and returns the response to CloudFormation.
    pub async fn deploy(&self, name: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut event = self.event(name);
        change(&mut event);
        let handled = self.handle(event).await;
        let mut responses = self.cloudformation.responses.lock().unwrap();
        assert_eq!(responses.len(), 1, "CloudFormation gets one response");
        let response = responses.pop().unwrap();
        let is_success = response["Status"] == "SUCCESS";
        assert_eq!(handled.is_ok(), is_success, "Lambda counts failures");
        response
    }

    pub fn current(&self) -> Option<ChannelConnectionSettings> {
        self.hubspot.with_account(|account| account.current())
    }

    /// Writes settings as somebody else.
    pub fn register(&self, url: &str, is_ready: bool) {
        let settings = settings(url, is_ready).unwrap();
        self.hubspot
            .with_account(|account| account.register(settings));
    }

    /// Returns HubSpot's calls, each as its method and status.
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

    /// Checks every call and response so far against HubSpot's specification.
    pub fn assert_specified(&self) {
        self.hubspot.with_account(|account| {
            for call in &account.calls {
                assert_eq!(call.violations, [""; 0], "{call:?}");
            }
        });
    }
}

/// Changes one property of the resource.
pub fn property(name: &'static str, value: impl Into<Value>) -> impl FnOnce(&mut Value) {
    let value = value.into();
    move |event| event["ResourceProperties"][name] = value
}

pub fn unchanged(_: &mut Value) {}

/// Returns the reason in a response to CloudFormation.
#[track_caller]
pub fn reason(response: &Value, status: &str) -> String {
    assert_eq!(response["Status"], status, "{response}");
    response["Reason"].as_str().unwrap().to_owned()
}

/// Returns the outcome in an operator's report.
#[track_caller]
pub fn outcome(report: &Value, done: bool) -> String {
    assert_eq!(report["done"], done, "{report}");
    report["outcome"].as_str().unwrap().to_owned()
}
