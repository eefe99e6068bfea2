//! A sequence of rounds; the rules are checked after each of them.

use std::time::Duration;

use futures_util::future::join_all;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    cloudformation::{Event, Properties, Stack},
    env::{Sent, TestEnv, app_id},
    observation::Operation,
    rules,
    steps::{
        APPS, ConcurrentWrite, Deploy, OperatorStep, Round, StackStep, Trouble, URLS, WebhookMode,
    },
};

/// The stack, and the apps that it has registered.
#[derive(Default)]
struct Deployed {
    stack: Option<Stack>,
    owned: [bool; APPS],
}

impl TestEnv {
    /// Runs the rounds; then a deploy without trouble must lead to what it says.
    pub async fn run(&self, rounds: Vec<Round>) -> Result<(), TestCaseError> {
        self.reset().await;
        let mut deployed = Deployed::default();
        for (deploy_id, round) in (1..).zip(rounds) {
            for (url, mode) in round.webhooks {
                self.webhooks.set_mode(url, mode);
            }
            let before = deployed.stack.clone();
            let writes = round.writes.into_iter().map(|write| self.write(write));
            let operators = round.operators.into_iter();
            let actions = operators.map(|step| self.act(before.as_ref(), step));
            let stack = async {
                if let Some(step) = round.stack {
                    self.step(&mut deployed, step, deploy_id).await;
                }
            };
            tokio::join!(stack, join_all(actions), join_all(writes));
            rules::check(self)?;
        }
        self.converge(deployed).await
    }

    async fn write(&self, write: ConcurrentWrite) {
        sleep(Duration::from_millis(write.after_ms)).await;
        let settings = write.settings.settings(&self.webhooks.urls);
        self.hubspot.with_account(|account| {
            let registered = settings.map(|settings| account.registered(settings));
            account.write(None, app_id(write.app), registered);
        });
    }

    async fn act(&self, stack: Option<&Stack>, step: OperatorStep) {
        let own = stack.map(|stack| stack.properties.deploy);
        let own = own.map(|deploy| (deploy.url, deploy.app));
        // Without a stack there is no function to invoke.
        let Some((url, app)) = step.other_stack.or(own) else {
            return;
        };
        let OperatorStep {
            action: name,
            is_ready,
            ..
        } = step;
        self.send(Sent {
            operation: Operation::Action { name, is_ready },
            event: json!({"action": name, "isReady": is_ready}),
            url,
            app,
            is_owned: true,
            trouble: &step.trouble,
            is_patient: false,
        })
        .await;
    }

    async fn step(&self, deployed: &mut Deployed, step: StackStep, deploy_id: u64) {
        match (step.deploy, deployed.stack.clone()) {
            (Some(deploy), _) => {
                let wanted = Properties { deploy, deploy_id };
                self.deploy(deployed, wanted, &step.trouble, false).await;
            }
            (None, Some(stack)) => self.delete(deployed, stack, &step.trouble, false).await,
            (None, None) => {}
        }
    }

    /// Does what CloudFormation does: a failed deploy is rolled back, with the same trouble.
    async fn deploy(
        &self,
        deployed: &mut Deployed,
        wanted: Properties,
        trouble: &Trouble,
        is_patient: bool,
    ) {
        let Some(stack) = deployed.stack.clone() else {
            let create = Event::Create(wanted);
            let (is_created, id) = self.handle(deployed, &create, trouble, is_patient).await;
            let physical_id = id.unwrap_or_else(|| {
                // Without a response, it may have been created.
                deployed.owned[wanted.deploy.app] = true;
                "made-up-by-cloudformation".into()
            });
            let created = Stack {
                properties: wanted,
                physical_id,
            };
            if is_created {
                deployed.stack = Some(created);
            } else {
                self.delete(deployed, created, trouble, is_patient).await;
                deployed.stack = None;
            }
            return;
        };
        let Stack {
            properties: from,
            physical_id,
        } = stack.clone();
        let update = Event::Update {
            to: wanted,
            from,
            physical_id: physical_id.clone(),
        };
        let (is_updated, id) = self.handle(deployed, &update, trouble, is_patient).await;
        let updated = Stack {
            properties: wanted,
            physical_id: id.unwrap_or(physical_id),
        };
        let (left, replaced) = if is_updated {
            (updated, stack)
        } else {
            let roll_back = Event::Update {
                to: from,
                from: wanted,
                physical_id: updated.physical_id.clone(),
            };
            let (_, id) = self.handle(deployed, &roll_back, trouble, is_patient).await;
            let restored = Stack {
                properties: from,
                physical_id: id.unwrap_or_else(|| updated.physical_id.clone()),
            };
            (restored, updated)
        };
        let is_replaced = left.physical_id != replaced.physical_id;
        deployed.stack = Some(left);
        if is_replaced {
            let clean_up = Event::Delete(replaced);
            self.handle(deployed, &clean_up, trouble, false).await;
        }
    }

    async fn delete(
        &self,
        deployed: &mut Deployed,
        stack: Stack,
        trouble: &Trouble,
        is_patient: bool,
    ) {
        let delete = Event::Delete(stack);
        let (is_deleted, _) = self.handle(deployed, &delete, trouble, is_patient).await;
        if is_deleted {
            deployed.stack = None;
        }
    }

    /// Sends an event; returns whether it succeeded, and the physical id in the response.
    async fn handle(
        &self,
        deployed: &mut Deployed,
        event: &Event,
        trouble: &Trouble,
        is_patient: bool,
    ) -> (bool, Option<String>) {
        let deploy = event.properties().deploy;
        let operation = match event {
            Event::Create(_) | Event::Update { .. } => Operation::Deploy(deploy),
            Event::Delete(_) => Operation::Delete {
                on_delete: deploy.on_delete,
            },
        };
        let response = self
            .send(Sent {
                operation,
                event: event.to_json(&self.webhooks.urls, &self.response_url),
                url: deploy.url,
                app: deploy.app,
                is_owned: deployed.owned[deploy.app],
                trouble,
                is_patient,
            })
            .await;
        let is_success = response
            .as_ref()
            .is_some_and(|response| response["Status"] == "SUCCESS");
        match event {
            Event::Delete(_) if is_success => deployed.owned[deploy.app] = false,
            Event::Create(_) | Event::Update { .. } if is_success => {
                deployed.owned[deploy.app] = true;
            }
            _ => {}
        }
        let id = response
            .as_ref()
            .map(|response| response["PhysicalResourceId"].clone());
        (
            is_success,
            id.as_ref().and_then(Value::as_str).map(str::to_owned),
        )
    }

    async fn converge(&self, mut deployed: Deployed) -> Result<(), TestCaseError> {
        for url in 0..URLS {
            self.webhooks.set_mode(url, WebhookMode::Works);
        }
        self.hubspot.settled().await;
        let wanted = |deploy_id| Properties {
            deploy: Deploy {
                url: 0,
                app: 0,
                is_ready: "true",
                on_delete: "remove",
            },
            deploy_id,
        };
        self.deploy(&mut deployed, wanted(100), &Trouble::NONE, true)
            .await;
        self.deploy(&mut deployed, wanted(101), &Trouble::NONE, true)
            .await;
        rules::after_an_unchanged_deploy(self)?;
        if let Some(stack) = deployed.stack.clone() {
            self.delete(&mut deployed, stack, &Trouble::NONE, true)
                .await;
        }
        rules::check(self)?;
        rules::after_the_end(self)
    }
}
