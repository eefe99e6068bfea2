//! Shows what a deploy would change, and leaves nothing of it behind.

use std::time::Duration;

use anstream::eprintln;
use aws_sdk_cloudformation::{Client, types::ResourceChange};
use serde::Serialize;
use tokio::time;

use crate::{
    aws::AwsError,
    deploy::{
        Deploy, SourceOptions,
        change_set::{self, resource_changes},
        events::INTERVAL,
    },
    outcome::{Failure, Outcome},
    stack::{Stack, target::Target},
    terminal,
};

/// Timeout of the delete of a stack without resources.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a deploy would change.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Diff<'a> {
    account: &'a str,
    changes: Vec<Change>,
    region: &'a str,
    stack: &'a str,
}

/// The change of one resource, in CloudFormation's words.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Change {
    action: Option<String>,
    replacement: Option<String>,
    resource: Option<String>,
    r#type: Option<String>,
}

impl From<&ResourceChange> for Change {
    fn from(change: &ResourceChange) -> Self {
        Self {
            action: change.action().map(ToString::to_string),
            replacement: change.replacement().map(ToString::to_string),
            resource: change.logical_resource_id().map(str::to_owned),
            r#type: change.resource_type().map(str::to_owned),
        }
    }
}

/// Has a change set made and shown, and deletes it again.
pub async fn diff(
    target: Target,
    options: &SourceOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let deploy = Deploy::prepare(target, options).await?;
    let (target, account) = (&deploy.target, &deploy.account);
    eprintln!("What a deploy would change: {}", target.place(account));
    deploy.announce_code()?;
    let failed = "The changes cannot be shown; the reasons are above. Nothing was changed.";
    let ran = deploy.run(false, as_json, failed).await;
    let cleared = Box::pin(take_change_set(target, &deploy.parameters["DeployId"]));
    let changes = terminal::wait("CloudFormation", cleared).await?;
    if ran? == Outcome::Interrupted {
        return Ok(Outcome::Interrupted);
    }
    eprintln!("Nothing was changed, and the change set is deleted again.");
    let document = Diff {
        account,
        changes,
        region: target.region(),
        stack: &target.stack,
    };
    terminal::print(as_json, &document, || Ok(()))?;
    Ok(Outcome::Done)
}

/// Returns the changes of one deploy, and deletes its change set, and the stack if it was only
/// made for that.
async fn take_change_set(target: &Target, deploy_id: &str) -> Result<Vec<Change>, Failure> {
    let client = Client::new(&target.aws);
    let Some(stack) = Stack::lookup(target).await? else {
        return Ok(Vec::new());
    };
    let listed = client.list_change_sets().stack_name(&target.stack);
    let pages = listed.into_paginator().items().send();
    let listed: Result<Vec<_>, _> = pages.collect().await;
    let listed = listed.map_err(|error| AwsError::new("list the change sets", &error))?;
    let (mut changes, mut others) = (Vec::new(), 0);
    for id in listed.into_iter().filter_map(|one| one.change_set_id) {
        let change_set = change_set::describe(&client, &id).await?;
        let is_for_deploy = change_set.parameters().iter().any(|one| {
            one.parameter_key() == Some("DeployId") && one.parameter_value() == Some(deploy_id)
        });
        // Somebody else began that deploy meanwhile.
        if !is_for_deploy {
            others += 1;
            continue;
        }
        changes = resource_changes(&change_set).map(Change::from).collect();
        let deleted = client.delete_change_set().change_set_name(&id).send().await;
        deleted.map_err(|error| AwsError::new("delete the change set", &error))?;
    }
    if stack.has_only_a_change_set() && others == 0 {
        let deleted = client.delete_stack().stack_name(&stack.id).send().await;
        deleted
            .map_err(|error| AwsError::new("delete the stack made for the change set", &error))?;
        let gone = async {
            while let Ok(Some(_)) = Stack::lookup(target).await {
                time::sleep(INTERVAL).await;
            }
        };
        // AWS goes on, should it take longer.
        let _ = time::timeout(TIMEOUT, gone).await;
    }
    Ok(changes)
}
