//! The environment variables that `infra/template.yaml` sets.

use std::{num::ParseIntError, time::Duration};

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

/// The reason a text is not a number of seconds.
#[derive(Debug, thiserror::Error)]
#[error("must be a whole number of seconds from 0 to 86400")]
struct InvalidSeconds;

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

fn max_stale(text: &str) -> Result<Duration, InvalidSeconds> {
    let seconds: u64 = text.parse().map_err(|_: ParseIntError| InvalidSeconds)?;
    if seconds <= 86_400 {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(InvalidSeconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<&'static str> {
        Some(match name {
            "AWS_LAMBDA_FUNCTION_NAME" => "webhook",
            "APP_ID" => "1234567",
            "WEBHOOK_URL" => "https://calls.example.com/numbers",
            "NUMBERS_TABLE" => "numbers",
            "MAX_STALE_SECONDS" => "600",
            "CLIENT_SECRET_ARN" => {
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:client-a1b2c3"
            }
            _ => return None,
        })
    }

    #[test]
    fn reads_the_variables_of_the_template() {
        let config = Config::read(&|name| variable(name).map(str::to_owned)).unwrap();
        assert_eq!(config.max_stale, Duration::from_secs(600));
        assert_eq!(config.webhook_urls.len(), 1);
    }

    #[test]
    fn names_a_bad_variable_and_what_it_must_be() {
        let cases = [
            (
                "APP_ID",
                "0",
                "must be a whole number from 1 to 9223372036854775807",
            ),
            (
                "WEBHOOK_URL",
                "http://calls.example.com/",
                "must start with https://",
            ),
            (
                "WEBHOOK_URL",
                "https://localhost/",
                "must name a public host, not an IP address or localhost",
            ),
            (
                "MAX_STALE_SECONDS",
                "86401",
                "must be a whole number of seconds from 0 to 86400",
            ),
            (
                "MAX_STALE_SECONDS",
                "-1",
                "must be a whole number of seconds from 0 to 86400",
            ),
            (
                "FORMER_WEBHOOK_URL",
                "http://calls.example.com/",
                "must start with https://",
            ),
            ("ALLOW_LOCAL_URLS", "yes", "must be true or false"),
            ("NUMBERS_TABLE", "", "is not set"),
            ("CLIENT_SECRET_ARN", "", "is not set"),
        ];
        for (name, value, reason) in cases {
            let changed = |other: &str| {
                if other == name {
                    Some(value)
                } else {
                    variable(other)
                }
            };
            let error = Config::read(&|name| changed(name).map(str::to_owned)).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the environment variable {name} {reason}")
            );
        }
    }
}
