//! The function's configuration.

use channel_connection::{
    environment::{
        EnvironmentError, Lookup, optional, or_default, required, required_with, url_policy,
    },
    ids::{AppId, PortalId},
    settings::ApiVersion,
    webhook_url::{UrlPolicy, WebhookUrl},
};

/// The variables that `infra/template.yaml` sets, parsed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The settings of this stack.
    pub target: Target,
    /// `HUBSPOT_API_URL`, like `https://api.hubapi.com/`.
    pub hubspot_api_url: WebhookUrl,
    /// `CLIENT_SECRET_ARN`: the secret that the probe signs with.
    pub client_secret_arn: String,
    /// `HUBSPOT_CREDENTIAL_ARN`: the secret with the API credential.
    pub credential_arn: String,
    /// `PROBE_PORTAL_ID`: the portal that the probe asks for; by default one that no customer has.
    pub probe_portal: PortalId,
    /// `PROBE_LEAST_NUMBERS`: the numbers that the portal must have.
    pub probe_least_numbers: usize,
    /// `NUMBERS_WEBHOOK_VERSION`: the ARN of the alias of the webhook function's newest version.
    pub webhook_version: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`: a dimension of the metrics; Lambda sets it.
    pub function_name: String,
    /// `ALLOW_LOCAL_URLS`: only the local stack sets it to true.
    pub url_policy: UrlPolicy,
}

/// One app's settings, and the URL that they should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `APP_ID`: the vendor's app.
    pub app_id: AppId,
    /// `WEBHOOK_URL`: this stack's webhook.
    pub url: WebhookUrl,
    /// `HUBSPOT_API_VERSION`: the version of HubSpot's API.
    pub api_version: ApiVersion,
}

impl Config {
    /// Reads the configuration; the error names the variable and what it must be.
    pub fn read(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let url_policy = url_policy(environment)?;
        let url = |name| {
            required_with(environment, name, |text| {
                WebhookUrl::parse(text, url_policy)
            })
        };
        Ok(Self {
            target: Target {
                app_id: required(environment, "APP_ID")?,
                url: url("WEBHOOK_URL")?,
                api_version: required(environment, "HUBSPOT_API_VERSION")?,
            },
            hubspot_api_url: url("HUBSPOT_API_URL")?,
            client_secret_arn: required(environment, "CLIENT_SECRET_ARN")?,
            credential_arn: required(environment, "HUBSPOT_CREDENTIAL_ARN")?,
            probe_portal: or_default(environment, "PROBE_PORTAL_ID", PortalId::MAX)?,
            probe_least_numbers: or_default(environment, "PROBE_LEAST_NUMBERS", 0)?,
            webhook_version: optional(environment, "NUMBERS_WEBHOOK_VERSION"),
            function_name: required(environment, "AWS_LAMBDA_FUNCTION_NAME")?,
            url_policy,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the template's variables, with one of them changed.
    fn read(changed: &str, value: &str) -> Result<Config, String> {
        let variable = |name: &str| match name {
            _ if name == changed => Some(value),
            "APP_ID" => Some("1234567"),
            "WEBHOOK_URL" => Some("https://calls.example.com/numbers"),
            "HUBSPOT_API_URL" => Some("https://api.hubapi.com/"),
            "HUBSPOT_API_VERSION" => Some("2026-03"),
            "CLIENT_SECRET_ARN" | "HUBSPOT_CREDENTIAL_ARN" => Some("arn"),
            "AWS_LAMBDA_FUNCTION_NAME" => Some("hook"),
            _ => None,
        };
        Config::read(&|name| variable(name).map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn probes_a_portal_without_customers_by_default() {
        let default = read("", "").unwrap();
        assert_eq!(default.probe_portal, PortalId::MAX);
        assert_eq!(default.probe_least_numbers, 0);
        let named = read("PROBE_PORTAL_ID", "62515").unwrap();
        assert_eq!(named.probe_portal, "62515".parse().unwrap());
    }

    #[test]
    fn names_an_invalid_variable() {
        for (name, value, reason) in [
            ("APP_ID", "", "is not set"),
            (
                "WEBHOOK_URL",
                "http://a.example/",
                "must start with https://",
            ),
            (
                "HUBSPOT_API_URL",
                "http://localhost:1/",
                "must start with https://",
            ),
            (
                "HUBSPOT_API_VERSION",
                "v4",
                "must be 2026-03, 2026-09 or v3",
            ),
            ("HUBSPOT_CREDENTIAL_ARN", "", "is not set"),
            (
                "PROBE_PORTAL_ID",
                "0",
                "must be a whole number from 1 to 9223372036854775807",
            ),
        ] {
            let error = read(name, value).unwrap_err();
            assert_eq!(error, format!("the environment variable {name} {reason}"));
        }
    }
}
