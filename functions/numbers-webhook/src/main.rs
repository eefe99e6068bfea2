use std::{error::Error, sync::Arc, time::SystemTime};

use aws_config::BehaviorVersion;
use channel_connection::environment;
use lambda_http::{Request, run, service_fn, tracing};
use numbers_webhook::{config::Config, webhook::Webhook};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing::init_default_subscriber();
    let webhook = Arc::new(
        start()
            .await
            .inspect_err(|error| tracing::error!(%error, "cannot start"))?,
    );
    run(service_fn(move |request: Request| {
        let webhook = Arc::clone(&webhook);
        async move {
            Ok::<_, std::convert::Infallible>(webhook.answer(request, SystemTime::now()).await)
        }
    }))
    .await
}

async fn start() -> Result<Webhook, Box<dyn Error + Send + Sync>> {
    let config = Config::read(&environment::process)?;
    let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
    Ok(Webhook::start(config, &aws).await?)
}
