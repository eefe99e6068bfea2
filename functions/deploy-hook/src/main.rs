use std::{error::Error, sync::Arc};

use channel_connection::{aws_http::AwsHttpClient, aws_sdk, environment};
use deploy_hook::{Handler, config::Config, retries::TimeBudget};
use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn, tracing};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing::init_default_subscriber();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    let handler = start()
        .await
        .inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let handler = Arc::new(handler);
    run(service_fn(move |event: LambdaEvent<Value>| {
        let handler = Arc::clone(&handler);
        async move {
            let deadline = event.context.deadline();
            let result = handler.handle(event.payload, deadline).await;
            result.map_err(|error| Diagnostic {
                error_type: "DeployHook".into(),
                error_message: error.to_string(),
            })
        }
    }))
    .await
}

async fn start() -> Result<Handler, Box<dyn Error + Send + Sync>> {
    let config = Config::read(&environment::process)?;
    let http = AwsHttpClient::new(&environment::process)?;
    let aws = aws_sdk::config(&environment::process, http).await?;
    Ok(Handler::new(config, &aws, TimeBudget::DEPLOYED)?)
}
