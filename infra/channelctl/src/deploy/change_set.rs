//! The change set that shows what a deploy would change.

use aws_sdk_cloudformation::{Client, types::StackStatus};

use crate::{
    aws_error::AwsError,
    ending::Failure,
    events,
    stack::{Stack, StackError},
    target::Target,
};

/// Deletes the change set of one deploy, and the stack if it was only made for that.
pub async fn clear_up(target: &Target, deploy_id: &str) -> Result<(), Failure> {
    let client = Client::new(&target.aws);
    let Some(stack) = Stack::lookup(target).await? else {
        return Ok(());
    };
    let listed = list(&client, &target.stack).await?;
    let mut others = 0;
    for change_set in listed {
        if is_for(&client, &change_set, deploy_id).await? {
            let deleted = client
                .delete_change_set()
                .change_set_name(&change_set)
                .send();
            deleted
                .await
                .map_err(|error| AwsError::new("delete the change set", &error))?;
        } else {
            others += 1;
        }
    }
    if stack.status == StackStatus::ReviewInProgress.as_str() && others == 0 {
        let deleted = client.delete_stack().stack_name(&stack.id).send().await;
        deleted
            .map_err(|error| AwsError::new("delete the stack made for the change set", &error))?;
        events::until_deleted(&client, &stack.id, None).await?;
    }
    Ok(())
}

async fn list(client: &Client, stack: &str) -> Result<Vec<String>, StackError> {
    let mut listed = Vec::new();
    let mut token = None;
    loop {
        let asked = client
            .list_change_sets()
            .stack_name(stack)
            .set_next_token(token);
        let page = asked.send().await;
        let page = page.map_err(|error| AwsError::new("list the change sets", &error))?;
        let summaries = page.summaries.unwrap_or_default().into_iter();
        listed.extend(summaries.filter_map(|one| one.change_set_id));
        token = page.next_token;
        if token.is_none() {
            return Ok(listed);
        }
    }
}

/// Tells whether a change set is for one deploy, and not for one that somebody else began meanwhile.
async fn is_for(client: &Client, change_set: &str, deploy_id: &str) -> Result<bool, StackError> {
    let described = client.describe_change_set().change_set_name(change_set);
    let described = described.send().await;
    let described = described.map_err(|error| AwsError::new("read the change set", &error))?;
    Ok(described.parameters.unwrap_or_default().iter().any(|one| {
        one.parameter_key.as_deref() == Some("DeployId")
            && one.parameter_value.as_deref() == Some(deploy_id)
    }))
}
