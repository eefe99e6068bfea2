use std::{convert::Infallible, error::Error, sync::Arc, time::SystemTime};

use channel_connection::{aws_environment::AwsEnvironment, environment};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};
use numbers_webhook::{
    config::Config,
    webhook::{Invocation, Webhook},
};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing::init_default_subscriber();
    let webhook = start()
        .await
        .inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let webhook = Arc::new(webhook);
    run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let webhook = Arc::clone(&webhook);
        let invocation = Invocation {
            deadline: event.context.deadline(),
            request_id: event.context.request_id,
            xray_trace_id: event.context.xray_trace_id,
            now: SystemTime::now(),
        };
        async move {
            let answered = webhook
                .answer(event.payload.get().as_bytes(), invocation)
                .await;
            println!("{}", answered.log_line);
            Ok::<_, Infallible>(answered.answer)
        }
    }))
    .await
}

async fn start() -> Result<Webhook, Box<dyn Error + Send + Sync>> {
    let config = Config::read(&environment::process)?;
    let aws = AwsEnvironment::read(&environment::process)?;
    Ok(Webhook::start(config, &aws).await?)
}
