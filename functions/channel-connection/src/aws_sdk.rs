//! The AWS SDK's configuration in a Lambda function.

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig,
    environment::EnvironmentVariableCredentialsProvider, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use url::Url;

use crate::{
    aws_http::AwsHttpClient,
    environment::{EnvironmentError, Lookup, optional, required, required_with},
};

/// The variables that name the endpoint of a local AWS.
const ENDPOINT_VARIABLES: [&str; 3] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];

/// Loads the configuration from the variables that Lambda sets; the error names one that is wrong.
pub async fn config(
    environment: Lookup<'_>,
    http: AwsHttpClient,
) -> Result<SdkConfig, EnvironmentError> {
    for variable in ENDPOINT_VARIABLES {
        if optional(environment, variable).is_some() {
            required_with(environment, variable, check_endpoint)?;
        }
    }
    let region = Region::new(required::<String>(environment, "AWS_REGION")?);
    Ok(loader(region).http_client(http).load().await)
}

/// Leaves out what a function has no use for: profile files, and other sources of credentials.
///
/// Lambda sets the role's credentials in the environment, and replaces the function before they expire.
fn loader(region: Region) -> ConfigLoader {
    let no_files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, "")
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .profile_files(no_files)
        .retry_config(RetryConfig::standard())
        // Deadlines bound every call already.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

fn check_endpoint(text: &str) -> Result<(), &'static str> {
    let is_server = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    match Url::parse(text) {
        Ok(url) if is_server(&url) => Ok(()),
        _ => Err("must be a URL like http://localhost:4566"),
    }
}

#[cfg(test)]
mod tests {
    use aws_types::os_shim_internal::Env;

    use super::*;

    #[tokio::test]
    async fn endpoint_variables_reach_the_sdk() {
        let variables = [
            ("AWS_USE_FIPS_ENDPOINT", "true"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
            ("AWS_ENDPOINT_URL", "http://localhost:4566"),
        ];
        let loader = loader(Region::from_static("us-gov-west-1"));
        let loader = loader.env(Env::from_slice(&variables)).test_credentials();
        let sdk = loader.load().await;
        assert_eq!(sdk.use_fips(), Some(true));
        assert_eq!(sdk.use_dual_stack(), Some(true));
        assert_eq!(sdk.endpoint_url(), Some("http://localhost:4566"));
    }
}
