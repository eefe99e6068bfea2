//! One stack, as CloudFormation, operators and others change it; the rules are checked after each round.

use std::time::Duration;

use futures_util::future::join_all;
use proptest::{prop_assert, prop_assert_eq, test_runner::TestCaseError};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    account::settings,
    env::{APP_IDS, TestEnv, app_id},
    event::Event,
    rules,
    sequence::{ConcurrentWrite, Deploy, EventFaults, OperatorStep, Round, URLS, WebhookMode},
};

/// A deployed stack.
#[derive(Debug, Clone)]
struct Stack {
    deploy: Deploy,
    deploy_id: u64,
    physical_id: String,
}

impl Stack {
    fn new(deploy: Deploy, deploy_id: u64) -> Self {
        Self {
            deploy,
            deploy_id,
            physical_id: "made-up-by-cloudformation".into(),
        }
    }
}

impl TestEnv {
    /// Runs the rounds; then a deploy without faults must lead to what it says.
    pub async fn run(&self, rounds: Vec<Round>) -> Result<(), TestCaseError> {
        self.reset().await;
        let mut stack = None;
        for (deploy_id, round) in (1..).zip(rounds) {
            for (url, mode) in round.webhooks {
                self.webhooks.set_mode(url, mode);
            }
            let before = stack.as_ref().map(|stack: &Stack| stack.deploy);
            let operators = round.operators.into_iter();
            let operators = join_all(operators.map(|step| self.operate(before, step)));
            let writes = join_all(round.writes.into_iter().map(|write| self.write(write)));
            let deploy = async {
                let Some((deploy, planned)) = round.stack else {
                    return stack;
                };
                let wanted = deploy.map(|deploy| Stack::new(deploy, deploy_id));
                self.change(stack, wanted, Some(&planned)).await
            };
            (stack, _, _) = tokio::join!(deploy, operators, writes);
            rules::check(self)?;
        }
        self.converge(stack).await
    }

    async fn write(&self, write: ConcurrentWrite) {
        sleep(Duration::from_millis(write.after_ms)).await;
        self.hubspot.with_account(|account| {
            let urls = &self.webhooks.urls;
            let written = write.settings;
            let written = written.and_then(|(url, is_ready)| settings(&urls[url], is_ready));
            let registered = written.map(|written| account.new_settings(written));
            account.write(None, app_id(write.app), registered);
        });
    }

    async fn operate(&self, stack: Option<Deploy>, step: OperatorStep) {
        let own = stack.map(|deploy| (deploy.url, deploy.app));
        // Without a stack there is no function to invoke.
        let Some((url, app)) = step.other_stack.or(own) else {
            return;
        };
        let is_release = step.action == "release";
        let event = Event {
            verb: step.action,
            is_ready: if is_release { "true" } else { step.is_ready },
            url: self.webhooks.urls[url].clone(),
            app_id: app_id(app),
            json: json!({"action": step.action, "isReady": step.is_ready}),
        };
        self.send(event, Some(&step.planned)).await;
    }

    /// Creates, updates or deletes as CloudFormation does; returns the stack that is left.
    async fn change(
        &self,
        from: Option<Stack>,
        to: Option<Stack>,
        planned: Option<&EventFaults>,
    ) -> Option<Stack> {
        match (from, to) {
            (None, None) => None,
            (None, Some(to)) => {
                let (created, is_created) = self.request("Create", to, None, planned).await;
                if is_created {
                    return Some(created);
                }
                self.request("Delete", created, None, planned).await;
                None
            }
            (Some(from), None) => {
                let (left, is_deleted) = self.request("Delete", from, None, planned).await;
                (!is_deleted).then_some(left)
            }
            (Some(from), Some(to)) => Some(self.update(from, to, planned).await),
        }
    }

    /// Updates; a failure is rolled back, and a resource with another id deleted.
    async fn update(&self, from: Stack, to: Stack, planned: Option<&EventFaults>) -> Stack {
        let physical_id = from.physical_id.clone();
        let to = Stack { physical_id, ..to };
        let (updated, is_updated) = self.request("Update", to, Some(&from), planned).await;
        let (left, replaced) = if is_updated {
            (updated, from)
        } else {
            let physical_id = updated.physical_id.clone();
            let back = Stack {
                physical_id,
                ..from
            };
            let (restored, _) = self.request("Update", back, Some(&updated), planned).await;
            (restored, updated)
        };
        if left.physical_id != replaced.physical_id {
            // A patient hold of it would take half a minute.
            let hurried = EventFaults::default();
            let planned = planned.or(Some(&hurried));
            self.request("Delete", replaced, None, planned).await;
        }
        left
    }

    /// Sends CloudFormation's request; returns the stack with the id in the response, and whether it
    /// succeeded.
    async fn request(
        &self,
        request_type: &str,
        stack: Stack,
        old: Option<&Stack>,
        planned: Option<&EventFaults>,
    ) -> (Stack, bool) {
        let properties = |Stack {
                              deploy, deploy_id, ..
                          }: &Stack| {
            json!({
                "AppId": APP_IDS[deploy.app], "WebhookUrl": self.webhooks.urls[deploy.url],
                "ApiVersion": "2026-03", "IsReady": deploy.is_ready,
                "OnDelete": deploy.on_delete, "DeployId": deploy_id.to_string(),
            })
        };
        let mut request = json!({
            "RequestType": request_type, "ResponseURL": self.response_url,
            "StackId": "stack", "RequestId": "request",
            "ResourceType": "Custom::ChannelConnection", "LogicalResourceId": "ChannelConnection",
            "ResourceProperties": properties(&stack),
        });
        if request_type != "Create" {
            request["PhysicalResourceId"] = stack.physical_id.as_str().into();
        }
        if let Some(old) = old {
            request["OldResourceProperties"] = properties(old);
        }
        let deploy = stack.deploy;
        let is_delete = request_type == "Delete";
        let rolls_back_keep =
            old.is_some_and(|old| stack.deploy_id < old.deploy_id && old.deploy.is_ready == "keep");
        let event = Event {
            verb: if is_delete {
                deploy.on_delete
            } else {
                "deploy"
            },
            is_ready: if rolls_back_keep {
                "keep"
            } else {
                deploy.is_ready
            },
            url: self.webhooks.urls[deploy.url].clone(),
            app_id: app_id(deploy.app),
            json: request,
        };
        let response = self.send(event, planned).await;
        let id = response["PhysicalResourceId"].as_str();
        let physical_id = id.map_or(stack.physical_id, str::to_owned);
        let is_success = response["Status"] == "SUCCESS";
        (
            Stack {
                physical_id,
                ..stack
            },
            is_success,
        )
    }

    async fn converge(&self, mut stack: Option<Stack>) -> Result<(), TestCaseError> {
        for url in 0..URLS {
            self.webhooks.set_mode(url, WebhookMode::Works);
        }
        self.hubspot.settled().await;
        let deploy = Deploy {
            url: 0,
            app: 0,
            is_ready: "true",
            on_delete: "remove",
        };
        for deploy_id in [100, 101] {
            stack = self
                .change(stack, Some(Stack::new(deploy, deploy_id)), None)
                .await;
        }
        let (log, current) = self
            .hubspot
            .with_account(|account| (account.accesses.clone(), account.current()));
        prop_assert_eq!(current, settings(&self.webhooks.urls[0], true));
        let last = self
            .observations
            .borrow()
            .last()
            .unwrap()
            .accesses(&log)
            .len();
        prop_assert!(
            last == 1,
            "an unchanged deploy reads once, and writes nothing"
        );
        self.change(stack, None, None).await;
        rules::check(self)?;
        prop_assert_eq!(self.hubspot.with_account(|account| account.current()), None);
        Ok(())
    }
}
