//! A sequence of steps, lived through: after each of them the rules are asked.

use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use crate::{
    account::account,
    cloudformation::{Event, Properties, Stack},
    rules,
    step::{Step, Trouble, URLS},
    webhook::Webhook,
    world::World,
};

impl World {
    /// Lets a sequence happen; after each step the rules must hold, and at its end a deploy that
    /// nothing goes wrong for must lead to what it says.
    pub async fn run(&self, steps: Vec<Step>) -> Result<(), TestCaseError> {
        self.hubspot.with_account(|fresh| *fresh = account());
        *self.webhooks.state.lock().unwrap() = [Webhook::WORKING; URLS];
        let mut stack = None;
        for (deploy_id, step) in (1..).zip(steps) {
            stack = self.happen(stack, step, deploy_id).await?;
        }
        self.converge(stack).await
    }

    async fn happen(
        &self,
        stack: Option<Stack>,
        step: Step,
        deploy_id: u64,
    ) -> Result<Option<Stack>, TestCaseError> {
        match step {
            Step::Meddle(meddling) => self.webhooks.meddle(meddling),
            Step::Webhook { url, mode } => self.webhooks.state.lock().unwrap()[url].mode = mode,
            Step::Deploy {
                url,
                is_ready,
                on_delete,
                trouble,
            } => {
                let wanted = Properties {
                    url,
                    is_ready,
                    on_delete,
                    deploy_id,
                };
                return self.deploy(stack, wanted, trouble).await;
            }
            Step::Delete { trouble } => {
                let Some(stack) = stack else { return Ok(None) };
                let gone = self.handle(&Event::Delete(stack.clone()), &trouble).await?;
                return Ok((!gone).then_some(stack));
            }
            Step::Act {
                action,
                is_ready,
                trouble,
            } => {
                // Without a stack there is no function to invoke.
                if let Some(stack) = &stack {
                    let request = json!({"action": action, "isReady": is_ready});
                    self.act(stack.properties.url, request, &trouble).await?;
                }
            }
        }
        Ok(stack)
    }

    /// What CloudFormation does: what fails is rolled back, with whatever trouble is left.
    async fn deploy(
        &self,
        stack: Option<Stack>,
        wanted: Properties,
        trouble: Trouble,
    ) -> Result<Option<Stack>, TestCaseError> {
        let standing = |properties, physical_id| {
            Some(Stack {
                properties,
                physical_id,
            })
        };
        let Some(stack) = stack else {
            let created = self
                .handle(&Event::Create(wanted.clone()), &trouble)
                .await?;
            let physical_id = self.told.lock().unwrap().take().map_or_else(
                || "made-up-by-cloudformation".to_owned(),
                |told| told["PhysicalResourceId"].as_str().unwrap().to_owned(),
            );
            let made = standing(wanted, physical_id);
            if !created {
                let failed = made.clone().unwrap();
                self.handle(&Event::Delete(failed), &trouble).await?;
                return Ok(None);
            }
            return Ok(made);
        };
        let (to, from) = (wanted, stack.properties.clone());
        let update = Event::Update {
            to: to.clone(),
            from: from.clone(),
        };
        if self.handle(&update, &trouble).await? {
            return Ok(standing(to, stack.physical_id));
        }
        let roll_back = Event::Update { to: from, from: to };
        self.handle(&roll_back, &trouble).await?;
        Ok(Some(stack))
    }

    /// Sends an event to the hook, checks the rules, and returns whether it succeeded.
    async fn handle(&self, event: &Event, trouble: &Trouble) -> Result<bool, TestCaseError> {
        let json = event.to_json(&self.webhooks.urls, &self.cloudformation);
        let happening = self.happening(event.properties().url, json, trouble).await;
        rules::after_every_event(self, &happening)?;
        rules::after_a_stacks_event(self, event, &happening)?;
        Ok(happening.succeeded())
    }

    async fn act(
        &self,
        url: usize,
        request: Value,
        trouble: &Trouble,
    ) -> Result<(), TestCaseError> {
        let happening = self.happening(url, request.clone(), trouble).await;
        rules::after_every_event(self, &happening)?;
        rules::after_an_action(self, &request, &happening)
    }

    async fn converge(&self, stack: Option<Stack>) -> Result<(), TestCaseError> {
        *self.webhooks.state.lock().unwrap() = [Webhook::WORKING; URLS];
        let nothing = Trouble {
            faults: Vec::new(),
            dies: false,
        };
        let wanted = |deploy_id| Properties {
            url: 0,
            is_ready: "true",
            on_delete: "remove",
            deploy_id,
        };
        let stack = self.deploy(stack, wanted(100), nothing.clone()).await?;
        let written = self.hubspot.with_account(|account| account.calls.len());
        let stack = self.deploy(stack, wanted(101), nothing.clone()).await?;
        rules::after_a_deploy_that_changes_nothing(self, written)?;
        self.happen(stack, Step::Delete { trouble: nothing }, 102)
            .await?;
        rules::after_the_end(self)
    }
}
