//! A release's deploy by CloudFormation alone, which translates SAM's templates itself.

use std::{fs, time::Duration};

use anstream::eprintln;
use aws_sdk_cloudformation::{
    Client,
    operation::describe_change_set::DescribeChangeSetOutput,
    types::{Capability, ChangeSetStatus, ChangeSetType, Parameter, ResourceChange, Tag},
};
use tokio::time;

use crate::{
    aws::AwsError,
    deploy::{
        Deploy,
        events::{self, Events, INTERVAL},
        parameters::Template,
        release,
        upload::Bucket,
    },
    outcome::{self, Failure, Outcome},
    stack::target::Target,
    terminal,
};

/// Timeout of a template's translation.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Uploads the functions, shows the changes, and makes them if `executes` is set.
pub(super) async fn deploy(
    deploy: &Deploy,
    executes: bool,
    if_it_fails: &str,
) -> Result<Outcome, Failure> {
    let (target, parameters) = (&deploy.target, &deploy.parameters);
    let client = Client::new(&target.aws);
    let template_url = upload(target, &deploy.template).await?;
    let given = parameters.iter().map(|(name, value)| {
        let parameter = Parameter::builder().parameter_key(name);
        parameter.parameter_value(value).build()
    });
    let tags = target.stage.iter().flat_map(|stage| stage.tags.iter());
    let tags = tags.filter_map(|tag| tag.split_once('='));
    let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
    let created = client
        .create_change_set()
        .stack_name(&target.stack)
        .change_set_name(format!("channelctl-{}", parameters["DeployId"]))
        .change_set_type(if deploy.stack.is_none() {
            ChangeSetType::Create
        } else {
            ChangeSetType::Update
        })
        .template_url(template_url)
        .set_parameters(Some(given.collect()))
        .set_tags(Some(tags.collect()))
        .capabilities(Capability::CapabilityIam)
        .set_role_arn(deploy.role.clone())
        .send();
    let created = terminal::wait("CloudFormation", created).await;
    let created = created.map_err(|error| AwsError::new("create the change set", &error))?;
    let id = created.id.unwrap_or_default();
    if !has_changes(&client, &id).await? {
        eprintln!("There are no changes.");
        return Ok(Outcome::Done);
    }
    if !executes {
        return Ok(Outcome::Done);
    }
    let stack = created.stack_id.unwrap_or_default();
    let events = Events::until_now(&client, &stack).await?;
    outcome::if_stopped(events::if_stopped(target));
    let begun = client.execute_change_set().change_set_name(&id).send();
    begun
        .await
        .map_err(|error| AwsError::new("deploy the change set", &error))?;
    match events.until_settled(&client, &stack).await?.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" => Ok(Outcome::Done),
        _ => Err(Failure::failed(if_it_fails)),
    }
}

/// Uploads the functions and the template that names them; returns the template's URL.
async fn upload(target: &Target, template: &Template) -> Result<String, Failure> {
    let bucket = Bucket::find(target).await?;
    let mut text = template.text.clone();
    for (written, file) in &template.code {
        let bytes = fs::read(file).map_err(|error| {
            let file = file.display();
            Failure::bad_input(format!("Cannot read {file}: {error}"))
        })?;
        let key = release::sum(&bytes);
        bucket.put(&key, bytes).await?;
        text = text.replace(written, &bucket.uri(&key));
    }
    // Larger than what CloudFormation takes from elsewhere than S3: 51,200 bytes.
    let key = format!("{}.template", release::sum(text.as_bytes()));
    bucket.put(&key, text.into_bytes()).await?;
    Ok(bucket.url(&key))
}

/// Waits for a change set, and shows its changes.
async fn has_changes(client: &Client, id: &str) -> Result<bool, Failure> {
    let created = async {
        loop {
            let described = describe(client, id).await?;
            match described.status() {
                Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress) => {}
                _ => return Ok::<_, AwsError>(described),
            }
            time::sleep(INTERVAL).await;
        }
    };
    let created = terminal::wait("CloudFormation", time::timeout(TIMEOUT, created)).await;
    let created = created.map_err(|_| {
        Failure::failed("CloudFormation has not read the template in time. Nothing was changed.")
    })??;
    for change in resource_changes(&created) {
        let sign = match change.action().map(AsRef::as_ref) {
            Some("Add") => "+ Add",
            Some("Remove") => "- Delete",
            _ => "* Modify",
        };
        let name = change.logical_resource_id().unwrap_or_default();
        let kind = change.resource_type().unwrap_or_default();
        let replacement = change.replacement().map_or("", AsRef::as_ref);
        let replaced = if replacement == "True" {
            "  replaced"
        } else {
            ""
        };
        eprintln!("{sign:<10} {name:<40} {kind}{replaced}");
    }
    if created.status() == Some(&ChangeSetStatus::CreateComplete) {
        return Ok(true);
    }
    let reason = terminal::escape(created.status_reason().unwrap_or_default());
    // No field tells: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-create.html
    if reason.contains("didn't contain changes")
        || reason.contains("No updates are to be performed")
    {
        return Ok(false);
    }
    Err(Failure::failed(format!(
        "CloudFormation refused the template: {reason}"
    )))
}

/// Reads a change set, with the changes of all its pages.
pub(super) async fn describe(
    client: &Client,
    id: &str,
) -> Result<DescribeChangeSetOutput, AwsError> {
    let request = client.describe_change_set().change_set_name(id);
    let pages = request.into_paginator().send();
    let pages: Result<Vec<_>, _> = pages.collect().await;
    let pages = pages.map_err(|error| AwsError::new("read the change set", &error))?;
    let whole = pages.into_iter().reduce(|mut whole, page| {
        let changes = whole.changes.get_or_insert_default();
        changes.extend(page.changes.unwrap_or_default());
        whole
    });
    Ok(whole.unwrap_or_else(|| DescribeChangeSetOutput::builder().build()))
}

pub(super) fn resource_changes(
    change_set: &DescribeChangeSetOutput,
) -> impl Iterator<Item = &ResourceChange> {
    let changes = change_set.changes().iter();
    changes.filter_map(|change| change.resource_change())
}
