//! AWS's SDK, as far as it is the same for every client.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::SharedHttpClient};
use aws_smithy_types::retry::RetryConfig;
use aws_types::{
    SdkConfig,
    region::Region,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};

use crate::{aws_environment::AwsEnvironment, environment};

/// What the SDK asks for each service by itself, like `AWS_ENDPOINT_URL_CODEDEPLOY`.
#[derive(Debug)]
struct ServiceVariables;

/// Configures the SDK for a function, without the chain of sources that `aws-config` looks through.
pub fn config(aws: &AwsEnvironment) -> SdkConfig {
    let credentials = SharedCredentialsProvider::new(aws.credentials.clone());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials)
        .http_client(http_client())
        .retry_config(RetryConfig::standard())
        .service_config(ServiceVariables);
    config.set_endpoint_url(aws.endpoint.clone());
    config.build()
}

/// Builds the SDK's HTTP client with ring, as everything else here has it.
///
/// The SDK's own choice, aws-lc, is larger and takes longer at its first use than a cold start: see
/// "Where the time goes" in `functions/README.md`.
pub fn http_client() -> SharedHttpClient {
    Builder::new()
        .tls_provider(Provider::rustls(CryptoMode::Ring))
        .build_https()
}

impl LoadServiceConfig for ServiceVariables {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        environment::optional(&environment::process, &variable(&key))
    }
}

fn variable(key: &ServiceConfigKey<'_>) -> String {
    let service = key.service_id().replace(' ', "_").to_uppercase();
    format!("{}_{service}", key.env())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_own_variable_is_named_as_aws_documents_it() {
        let key = ServiceConfigKey::builder()
            .service_id("Secrets Manager")
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .unwrap();
        assert_eq!(variable(&key), "AWS_ENDPOINT_URL_SECRETS_MANAGER");
    }
}
