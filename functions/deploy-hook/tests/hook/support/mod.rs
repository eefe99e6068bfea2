//! HubSpot, Secrets Manager, CloudFormation and a webhook around the real hook, all over HTTP.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use aws_config::SdkConfig;
use axum::{
    Router,
    routing::{post, put},
};
use channel_connection::{
    client_secrets::SigningSecret,
    public_url::{PublicUrl, Reach},
    settings::{ApiVersion, ChannelConnectionSettings},
};
use deploy_hook::{
    config::{Config, Target},
    hook::{Hook, HookError},
    probe::Patience,
};
use hubspot_simulator::{Account, Simulator, sample_event};
use serde_json::{Value, json};

#[path = "../../../../numbers-webhook/tests/webhook/support/mod.rs"]
#[allow(dead_code, reason = "it serves the webhook's own tests too")]
pub mod numbers;
mod servers;

use numbers::{APP, CLIENT_SECRET, NumbersTable, aws_at};
pub use servers::constant_webhook;
use servers::{Watched, outcome, real_webhook, secret_value, serve};

pub const KEY: &str = "marked-developer-api-key";
pub const TOKEN: &str = "marked-access-token";

/// The world around a hook.
pub struct World {
    pub hubspot: Simulator,
    /// What the two secrets hold.
    pub secrets: Arc<Mutex<Secrets>>,
    /// What CloudFormation was told, oldest first.
    pub told: Arc<Mutex<Vec<Told>>>,
    /// The real webhook on a DynamoDB of its own.
    pub webhook_url: String,
    pub numbers: NumbersTable,
    /// What HubSpot held at each request that the real webhook got, oldest first.
    pub held_at_probes: Arc<Mutex<Vec<Value>>>,
    cloudformation: String,
    aws: SdkConfig,
}

/// What was put to CloudFormation's response URL.
pub struct Told {
    pub content_type: Option<String>,
    pub body: Value,
}

pub struct Secrets {
    pub client_secret: String,
    pub credential: String,
}

impl World {
    pub async fn new() -> Self {
        let secrets = Arc::new(Mutex::new(Secrets {
            client_secret: json!({"clientSecret": CLIENT_SECRET}).to_string(),
            credential: json!({"developerApiKey": KEY}).to_string(),
        }));
        let told = Arc::default();
        let numbers = NumbersTable::start().await;
        let secrets_manager = serve(
            Router::new()
                .route("/", post(secret_value))
                .with_state(Arc::clone(&secrets)),
        )
        .await;
        let cloudformation = serve(
            Router::new()
                .route("/", put(outcome))
                .with_state(Arc::clone(&told)),
        )
        .await;
        let account = Account::new(
            APP.parse().unwrap(),
            SigningSecret::new(CLIENT_SECRET).unwrap(),
            KEY,
            TOKEN,
        );
        let hubspot = Simulator::on_free_port(account).await.unwrap();
        let held_at_probes = Arc::default();
        let watched = Watched {
            hubspot: hubspot.api_url(),
            held: Arc::clone(&held_at_probes),
        };
        Self {
            hubspot,
            held_at_probes,
            secrets,
            told,
            webhook_url: real_webhook(&numbers.aws, watched).await,
            numbers,
            cloudformation,
            aws: aws_at(&secrets_manager).await,
        }
    }

    pub fn hook(&self, api_version: ApiVersion) -> Hook {
        let config = Config {
            target: Target {
                app_id: APP.parse().unwrap(),
                url: PublicUrl::parse(&self.webhook_url, Reach::Local).unwrap(),
                api_version,
            },
            hubspot_api_url: PublicUrl::parse(&(self.hubspot.api_url() + "/"), Reach::Local)
                .unwrap(),
            client_secret_arn: "client-secret".into(),
            credential_arn: "credential".into(),
            reach: Reach::Local,
        };
        let patience = Patience {
            tries: 2,
            pause: Duration::from_millis(1),
        };
        Hook::new(config, aws_sdk_secretsmanager::Client::new(&self.aws))
            .unwrap()
            .with_patience(patience)
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
        let stack = sample_event::Stack {
            url: &PublicUrl::parse(&self.webhook_url, Reach::Local).unwrap(),
            secret: &SigningSecret::new(CLIENT_SECRET).unwrap(),
            response_url: Some(&self.cloudformation),
        };
        let mut event = sample_event::refresh(event, &stack, SystemTime::now()).unwrap();
        adapt(&mut event);
        let version = event["ResourceProperties"]["ApiVersion"]
            .as_str()
            .unwrap_or("2026-03")
            .parse()
            .unwrap();
        self.hook(version)
            .handle(event, SystemTime::now() + Duration::from_mins(1))
            .await
    }

    /// Sends a custom resource's event and returns what CloudFormation was told of it.
    pub async fn deploy(&self, name: &str, adapt: impl FnOnce(&mut Value)) -> Value {
        assert_eq!(self.send(name, adapt).await.unwrap(), Value::Null);
        let mut told = self.told.lock().unwrap();
        assert_eq!(told.len(), 1, "CloudFormation is told once");
        let Told { content_type, body } = told.pop().unwrap();
        assert_eq!(content_type, None, "a presigned URL takes no content type");
        body
    }

    /// What HubSpot holds.
    pub fn held(&self) -> Option<ChannelConnectionSettings> {
        self.hubspot.with_account(|account| {
            account
                .settings
                .clone()
                .map(|registered| registered.settings)
        })
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

    /// The calls that HubSpot's settings API has seen, as method and status.
    pub fn calls(&self) -> Vec<(String, u16)> {
        self.hubspot.with_account(|account| {
            account
                .calls
                .iter()
                .map(|call| (call.method.clone(), call.status))
                .collect()
        })
    }
}

/// A webhook that is not this stack's.
pub const ELSEWHERE: &str = "https://other.example.com/numbers";

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
