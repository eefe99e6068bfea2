use std::{error::Error, sync::Arc, time::SystemTime};

use channel_connection::environment;
use lambda_http::{lambda_runtime, tracing};
use numbers_webhook::{aws::AwsClients, config::Config, lambda, webhook::Webhook};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing::init_default_subscriber();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    let webhook = start()
        .await
        .inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    lambda_runtime::run(lambda::service(Arc::new(webhook), SystemTime::now)).await
}

async fn start() -> Result<Webhook, Box<dyn Error + Send + Sync>> {
    let config = Config::read(&environment::process)?;
    let aws = AwsClients::load(&environment::process).await?;
    Ok(Webhook::start(config, aws).await)
}
