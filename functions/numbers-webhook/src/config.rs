//! The environment variables that `infra/template.yaml` sets.

use std::time::Duration;

use channel_connection::{
    environment::{EnvironmentError, Lookup, optional, required, required_with, url_policy},
    ids::AppId,
    webhook_url::WebhookUrl,
};

/// The function's configuration.
#[derive(Debug)]
pub struct Config {
    /// `AWS_LAMBDA_FUNCTION_NAME`: a dimension of the metrics; Lambda sets it.
    pub function_name: String,
    /// `APP_ID`: the only app whose requests are answered.
    pub app_id: AppId,
    /// `WEBHOOK_URL`, the URL that is registered with HubSpot, and `FORMER_WEBHOOK_URL`.
    ///
    /// The latter is the previous one, while HubSpot may still sign that.
    pub webhook_urls: Vec<WebhookUrl>,
    /// `NUMBERS_TABLE`: the name of the DynamoDB table.
    pub numbers_table: String,
    /// `MAX_STALE_SECONDS`: the age of numbers that may be served while DynamoDB fails; 0 for none.
    pub max_stale: Duration,
    /// `CLIENT_SECRET_ARN`: the secret in Secrets Manager that holds the client secret.
    pub client_secret_arn: String,
}

impl Config {
    /// Reads the configuration; the error names the variable and what it must be.
    pub fn read(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let policy = url_policy(environment)?;
        let url = |name| required_with(environment, name, |text| WebhookUrl::parse(text, policy));
        let mut webhook_urls = vec![url("WEBHOOK_URL")?];
        if optional(environment, "FORMER_WEBHOOK_URL").is_some() {
            webhook_urls.push(url("FORMER_WEBHOOK_URL")?);
        }
        Ok(Self {
            function_name: required(environment, "AWS_LAMBDA_FUNCTION_NAME")?,
            app_id: required(environment, "APP_ID")?,
            webhook_urls,
            numbers_table: required(environment, "NUMBERS_TABLE")?,
            max_stale: required_with(environment, "MAX_STALE_SECONDS", max_stale)?,
            client_secret_arn: required(environment, "CLIENT_SECRET_ARN")?,
        })
    }
}

fn max_stale(text: &str) -> Result<Duration, &'static str> {
    match text.parse() {
        Ok(seconds @ 0..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("must be a whole number of seconds from 0 to 86400"),
    }
}
