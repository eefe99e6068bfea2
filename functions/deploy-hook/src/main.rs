use std::{error::Error, sync::Arc};

use channel_connection::{aws_http::AwsHttpClient, aws_sdk, environment};
use deploy_hook::{config::Config, hook::Hook, time_budget::TimeBudget};
use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn, tracing};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing::init_default_subscriber();
    let hook = Arc::new(
        start()
            .await
            .inspect_err(|error| tracing::error!(%error, "cannot start"))?,
    );
    run(service_fn(move |event: LambdaEvent<Value>| {
        let hook = Arc::clone(&hook);
        async move {
            let answer = hook.handle(event.payload, event.context.deadline()).await;
            answer.map_err(|error| Diagnostic {
                error_type: "DeployHook".into(),
                error_message: error.to_string(),
            })
        }
    }))
    .await
}

async fn start() -> Result<Hook, Box<dyn Error + Send + Sync>> {
    let config = Config::read(&environment::process)?;
    let http = AwsHttpClient::new(&environment::process)?;
    let aws = aws_sdk::config(&environment::process, http).await?;
    Ok(Hook::new(config, &aws, TimeBudget::DEPLOYED)?)
}
