//! Shows what a deploy would change, and leaves nothing of it behind.

use anstream::eprintln;
use aws_sdk_cloudformation::Client;
use serde::Serialize;

use crate::{
    aws::AwsError,
    deploy::{Deploy, DeployOptions, delete},
    outcome::{Failure, Outcome},
    stack::{Stack, target::Target},
    terminal,
};

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
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "ResourceChange")
)]
struct Change {
    action: Option<String>,
    replacement: Option<String>,
    resource: Option<String>,
    r#type: Option<String>,
}

/// Has SAM make a change set and show it, and deletes it again.
pub async fn diff(
    target: Target,
    options: &DeployOptions,
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
        match changes_for(&client, &id, deploy_id).await? {
            // Somebody else began that deploy meanwhile.
            None => others += 1,
            Some(found) => {
                changes = found;
                let deleted = client.delete_change_set().change_set_name(&id).send().await;
                deleted.map_err(|error| AwsError::new("delete the change set", &error))?;
            }
        }
    }
    if stack.has_only_a_change_set() && others == 0 {
        let deleted = client.delete_stack().stack_name(&stack.id).send().await;
        deleted
            .map_err(|error| AwsError::new("delete the stack made for the change set", &error))?;
        delete::until_deleted(&client, &stack.id, None).await?;
    }
    Ok(changes)
}

/// Returns the changes in a change set if it is for a deploy.
async fn changes_for(
    client: &Client,
    change_set: &str,
    deploy_id: &str,
) -> Result<Option<Vec<Change>>, AwsError> {
    let described = client.describe_change_set().change_set_name(change_set);
    let mut pages = described.into_paginator().send();
    let mut changes = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsError::new("read the change set", &error))?;
        let is_for_deploy = page.parameters().iter().any(|one| {
            one.parameter_key() == Some("DeployId") && one.parameter_value() == Some(deploy_id)
        });
        if !is_for_deploy {
            return Ok(None);
        }
        let resources = page
            .changes()
            .iter()
            .filter_map(|one| one.resource_change());
        changes.extend(resources.map(|change| Change {
            action: change.action().map(ToString::to_string),
            replacement: change.replacement().map(ToString::to_string),
            resource: change.logical_resource_id().map(str::to_owned),
            r#type: change.resource_type().map(str::to_owned),
        }));
    }
    Ok(Some(changes))
}
