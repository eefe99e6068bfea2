//! AWS's SDK, as far as it is the same for every client.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::SharedHttpClient};
use aws_types::{SdkConfig, region::Region};

use crate::aws_environment::AwsEnvironment;

/// Configures the SDK for a function, without the chain of sources that `aws-config` looks through.
pub fn config(aws: &AwsEnvironment) -> SdkConfig {
    let credentials = SharedCredentialsProvider::new(aws.credentials.clone());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials)
        .http_client(http_client());
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
