//! The function's configuration, from the variables that `infra/template.yaml` sets.

use channel_connection::{
    environment::{EnvironmentError, Lookup, optional, or_default, reach, required, required_with},
    ids::{AppId, PortalId},
    settings::ApiVersion,
    webhook_url::{UrlPolicy, WebhookUrl},
};

/// What the function must know before it can act.
#[derive(Debug, Clone)]
pub struct Config {
    /// What this stack registers when nobody says otherwise.
    pub target: Target,
    /// `HUBSPOT_API_URL`: where HubSpot's API is, like `https://api.hubapi.com/`.
    pub hubspot_api_url: WebhookUrl,
    /// `CLIENT_SECRET_ARN`: the secret that the probe signs with.
    pub client_secret_arn: String,
    /// `HUBSPOT_CREDENTIAL_ARN`: the secret that holds the API credential.
    pub credential_arn: String,
    /// Whose numbers the probe asks for.
    pub probed_portal: ProbedPortal,
    /// `NUMBERS_WEBHOOK_VERSION`: the ARN by which the webhook function's newest version is invoked.
    pub webhook_version: Option<String>,
    /// `ALLOW_LOCAL_URLS`: whether http and localhost are taken, as the local stack needs it.
    pub reach: UrlPolicy,
}

/// Which settings are meant, and what URL they should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `APP_ID`: the vendor's app.
    pub app_id: AppId,
    /// `WEBHOOK_URL`: this stack's webhook.
    pub url: WebhookUrl,
    /// `HUBSPOT_API_VERSION`: the version of HubSpot's API to speak.
    pub api_version: ApiVersion,
}

/// Whose numbers the probe asks for: by default those of a portal that no customer has.
#[derive(Debug, Clone, Copy)]
pub struct ProbedPortal {
    /// `PROBE_PORTAL_ID`.
    pub id: PortalId,
    /// `PROBE_LEAST_NUMBERS`: how many numbers the portal must at least have.
    pub least_numbers: usize,
}

impl Default for ProbedPortal {
    fn default() -> Self {
        Self {
            id: PortalId::LARGEST,
            least_numbers: 0,
        }
    }
}

impl Config {
    /// Reads the configuration; the error names the variable and what it must be.
    pub fn read(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let reach = reach(environment)?;
        let nobody = ProbedPortal::default();
        Ok(Self {
            target: Target {
                app_id: required(environment, "APP_ID")?,
                url: required_with(environment, "WEBHOOK_URL", |text| {
                    WebhookUrl::parse(text, reach)
                })?,
                api_version: required(environment, "HUBSPOT_API_VERSION")?,
            },
            hubspot_api_url: required_with(environment, "HUBSPOT_API_URL", |text| {
                WebhookUrl::parse(text, reach)
            })?,
            client_secret_arn: required(environment, "CLIENT_SECRET_ARN")?,
            credential_arn: required(environment, "HUBSPOT_CREDENTIAL_ARN")?,
            probed_portal: ProbedPortal {
                id: or_default(environment, "PROBE_PORTAL_ID", nobody.id)?,
                least_numbers: or_default(
                    environment,
                    "PROBE_LEAST_NUMBERS",
                    nobody.least_numbers,
                )?,
            },
            webhook_version: optional(environment, "NUMBERS_WEBHOOK_VERSION"),
            reach,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads what the template sets, with one variable changed.
    fn read(changed: &str, value: &str) -> Result<Config, String> {
        let variable = |name: &str| match name {
            _ if name == changed => Some(value),
            "APP_ID" => Some("1234567"),
            "WEBHOOK_URL" => Some("https://calls.example.com/numbers"),
            "HUBSPOT_API_URL" => Some("https://api.hubapi.com/"),
            "HUBSPOT_API_VERSION" => Some("2026-03"),
            "CLIENT_SECRET_ARN" | "HUBSPOT_CREDENTIAL_ARN" => Some("arn"),
            _ => None,
        };
        Config::read(&|name| variable(name).map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_portal_that_no_customer_has_is_probed_where_none_is_named() {
        let probed = read("", "").unwrap().probed_portal;
        assert_eq!((probed.id, probed.least_numbers), (PortalId::LARGEST, 0));
        let named = read("PROBE_PORTAL_ID", "62515").unwrap().probed_portal;
        assert_eq!(named.id, "62515".parse().unwrap());
    }

    #[test]
    fn a_bad_value_is_named_with_what_it_should_be() {
        for (name, value, reason) in [
            ("APP_ID", "", "is not set"),
            (
                "WEBHOOK_URL",
                "http://calls.example.com/",
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
