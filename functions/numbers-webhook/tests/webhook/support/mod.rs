//! Former names of `test-support`, for tests of other crates that still include this file.

#[allow(unused_imports, reason = "each includer uses some")]
pub use test_support::{
    CLIENT_SECRET, NumbersTable, PORTAL_ID as PORTAL, http, sdk_config as sdk_at, webhook,
};

pub mod dynamodb {
    pub use test_support::ServerMode;

    #[derive(Clone)]
    pub struct Proxy(test_support::DynamoDbProxy);

    pub enum Mood {
        Forbidding,
        Silent,
    }

    impl Proxy {
        pub async fn before(upstream: &str) -> (Self, String) {
            let (proxy, endpoint) = test_support::DynamoDbProxy::start(upstream).await;
            (Self(proxy), endpoint)
        }

        pub fn be(&self, mood: Mood) {
            self.0.set_mode(match mood {
                Mood::Forbidding => ServerMode::DenyAccess,
                Mood::Silent => ServerMode::Hang,
            });
        }

        pub fn requests(&self) -> usize {
            self.0.requests()
        }
    }
}

pub async fn ask(
    webhook: &std::sync::Arc<numbers_webhook::webhook::Webhook>,
    url: &str,
    user: i64,
    now: std::time::SystemTime,
) -> (u16, serde_json::Value) {
    let event = test_support::signed_request(url, test_support::numbers_request(user), now);
    test_support::respond(webhook, &event, now).await
}
