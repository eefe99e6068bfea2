//! The function's configuration, from the variables that `infra/template.yaml` sets.

use channel_connection::{
    client_secrets::SigningSecret,
    environment::{EnvironmentError, Lookup, optional, reach, required, required_with},
    ids::AppId,
    public_url::PublicUrl,
};

/// What the function must know before it can answer.
#[derive(Debug)]
pub struct Config {
    /// `APP_ID`: the only app whose requests are answered.
    pub app_id: AppId,
    /// `WEBHOOK_URL`: the URL that is registered with HubSpot, and so the one it signs.
    pub webhook_url: PublicUrl,
    /// `NUMBERS_TABLE`: the name of the DynamoDB table.
    pub numbers_table: String,
    /// Where the client secret is.
    pub client_secret: ClientSecretSource,
}

/// Where the client secret is kept.
#[derive(Debug)]
pub enum ClientSecretSource {
    /// `CLIENT_SECRET_ARN`: a secret in Secrets Manager.
    SecretsManager(String),
    /// `HUBSPOT_CLIENT_SECRET`: the secret itself, for a run on one's own machine.
    Given(SigningSecret),
}

impl Config {
    /// Reads the configuration; the error names the variable and what it must be.
    pub fn read(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let reach = reach(environment)?;
        Ok(Self {
            app_id: required(environment, "APP_ID")?,
            webhook_url: required_with(environment, "WEBHOOK_URL", |text| {
                PublicUrl::parse(text, reach)
            })?,
            numbers_table: required(environment, "NUMBERS_TABLE")?,
            client_secret: match optional(environment, "HUBSPOT_CLIENT_SECRET")
                .and_then(SigningSecret::new)
            {
                Some(secret) => ClientSecretSource::Given(secret),
                None => {
                    ClientSecretSource::SecretsManager(required(environment, "CLIENT_SECRET_ARN")?)
                }
            },
        })
    }
}
