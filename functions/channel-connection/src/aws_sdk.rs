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

/// The reason a text is not an endpoint.
#[derive(Debug, thiserror::Error)]
#[error("must be a URL like http://localhost:4566")]
struct InvalidEndpoint;

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

fn check_endpoint(text: &str) -> Result<(), InvalidEndpoint> {
    let url = Url::parse(text).map_err(|_| InvalidEndpoint)?;
    let is_server = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_server.then_some(()).ok_or(InvalidEndpoint)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::Client;
    use aws_smithy_runtime_api::client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::HttpRequest,
        result::ConnectorError,
    };
    use aws_types::os_shim_internal::Env;

    use super::*;

    /// Keeps where a request would go, and sends nothing.
    #[derive(Debug, Clone, Default)]
    struct Capture(Arc<Mutex<String>>);

    impl HttpConnector for Capture {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            *self.0.lock().unwrap() = request.uri().to_owned();
            HttpConnectorFuture::ready(Err(ConnectorError::user("not sent".into())))
        }
    }

    async fn endpoint(region: &'static str, variables: &[(&str, &str)]) -> String {
        let capture = Capture::default();
        let connector = SharedHttpConnector::new(capture.clone());
        let sdk = loader(Region::from_static(region))
            .env(Env::from_slice(variables))
            .test_credentials()
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .load()
            .await;
        let sent = Client::new(&sdk).list_tables().send();
        sent.await.unwrap_err();
        capture.0.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn resolves_the_endpoint_of_region_and_variables() {
        let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
        let dual_stack = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
        let local = ("AWS_ENDPOINT_URL", "http://localhost:4566");
        let own = ("AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:4567");
        for (case, region, variables, expected) in [
            (
                "commercial",
                "us-east-1",
                &[][..],
                "https://dynamodb.us-east-1.amazonaws.com/",
            ),
            (
                "FIPS and dual stack",
                "us-gov-west-1",
                &[fips, dual_stack],
                "https://dynamodb-fips.us-gov-west-1.api.aws/",
            ),
            (
                "China",
                "cn-north-1",
                &[],
                "https://dynamodb.cn-north-1.amazonaws.com.cn/",
            ),
            ("local", "us-east-1", &[local], "http://localhost:4566/"),
            ("own", "us-east-1", &[local, own], "http://localhost:4567/"),
        ] {
            assert_eq!(endpoint(region, variables).await, expected, "{case}");
        }
    }
}
