//! A deploy by CloudFormation alone, where SAM is missing: CloudFormation translates SAM's templates itself.

use std::{fs, time::Duration};

use anstream::eprintln;
use aws_sdk_cloudformation::{
    Client,
    types::{Capability, ChangeSetStatus, ChangeSetType, Parameter, Tag},
};
use tokio::time;

use crate::{
    aws::AwsError,
    deploy::{
        Deploy, bundle, delete::sentence, events::Events, parameters::Template, upload::Bucket,
    },
    outcome::{self, Failure, Outcome},
    stack::target::Target,
    terminal,
};

const INTERVAL: Duration = Duration::from_secs(2);
/// Timeout of a template's translation.
const CHANGE_SET_TIMEOUT: Duration = Duration::from_secs(300);
/// Timeout of a deploy: a canary may take hours.
const TIMEOUT: Duration = Duration::from_secs(6 * 3_600);

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
    outcome::if_stopped(sentence(target));
    let begun = client.execute_change_set().change_set_name(&id).send();
    begun
        .await
        .map_err(|error| AwsError::new("deploy the change set", &error))?;
    let status = until_settled(&client, &stack, events).await?;
    match status.as_str() {
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
        let key = bundle::sum(&bytes);
        bucket.put(&key, bytes).await?;
        text = text.replace(written, &bucket.uri(&key));
    }
    // Larger than what CloudFormation takes from elsewhere than S3: 51,200 bytes.
    let key = format!("{}.template", bundle::sum(text.as_bytes()));
    bucket.put(&key, text.into_bytes()).await?;
    Ok(bucket.url(&key))
}

/// Waits for a change set, and shows its changes.
async fn has_changes(client: &Client, id: &str) -> Result<bool, Failure> {
    let created = async {
        loop {
            let described = client
                .describe_change_set()
                .change_set_name(id)
                .send()
                .await;
            let described =
                described.map_err(|error| AwsError::new("read the change set", &error))?;
            match described.status() {
                Some(ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress) => {}
                _ => return Ok::<_, AwsError>(described),
            }
            time::sleep(INTERVAL).await;
        }
    };
    let created =
        terminal::wait("CloudFormation", time::timeout(CHANGE_SET_TIMEOUT, created)).await;
    let created = created.map_err(|_| {
        Failure::failed("CloudFormation has not read the template in time. Nothing was changed.")
    })??;
    for change in created
        .changes()
        .iter()
        .filter_map(|one| one.resource_change())
    {
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

/// Waits until a stack's operation has ended, and returns the stack's status; prints each new event.
pub(super) async fn until_settled(
    client: &Client,
    stack: &str,
    mut events: Events,
) -> Result<String, Failure> {
    let settled = async {
        loop {
            for event in events.print_new(client, stack).await? {
                let status = event.resource_status().map_or("", AsRef::as_ref);
                if event.physical_resource_id() == Some(stack) && !status.ends_with("_IN_PROGRESS")
                {
                    return Ok::<_, AwsError>(status.to_owned());
                }
            }
            time::sleep(INTERVAL).await;
        }
    };
    let status = time::timeout(TIMEOUT, settled).await;
    Ok(status.map_err(|_| Failure::failed("CloudFormation is not done after hours."))??)
}
