//! Where AWS is, and as whom the function calls it: from the variables that Lambda sets.
//!
//! Lambda hands a function its role's credentials in its environment, and starts another one before
//! they expire; the SDK's chain of other sources would be built for nothing.

use aws_credential_types::Credentials;

use crate::environment::{EnvironmentError, Lookup, optional, required};

/// What a call of AWS needs to know beside what it asks.
#[derive(Debug, Clone)]
pub struct AwsEnvironment {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; `Debug` shows the first.
    pub credentials: Credentials,
    /// `AWS_ENDPOINT_URL`: where every service is, on a local AWS.
    pub endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, or else `AWS_ENDPOINT_URL`, or else the region's own.
    pub dynamodb: String,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, or else `AWS_ENDPOINT_URL`, or else the region's own.
    pub secrets_manager: String,
    /// `SSL_CERT_FILE`: the only authorities to trust, as PEM, where it is set.
    pub root_certificates: Option<String>,
}

impl AwsEnvironment {
    /// Reads the variables; the error names the one that is missing.
    pub fn read(environment: Lookup<'_>) -> Result<Self, EnvironmentError> {
        let region: String = required(environment, "AWS_REGION")?;
        let endpoint = optional(environment, "AWS_ENDPOINT_URL");
        let endpoint_of = |service, variable| {
            optional(environment, variable)
                .or_else(|| endpoint.clone())
                .unwrap_or_else(|| regional_endpoint(service, &region))
        };
        Ok(Self {
            credentials: Credentials::new(
                required::<String>(environment, "AWS_ACCESS_KEY_ID")?,
                required::<String>(environment, "AWS_SECRET_ACCESS_KEY")?,
                optional(environment, "AWS_SESSION_TOKEN"),
                None,
                "Lambda",
            ),
            dynamodb: endpoint_of("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager: endpoint_of("secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            root_certificates: optional(environment, "SSL_CERT_FILE"),
            endpoint,
            region,
        })
    }
}

/// Returns a service's endpoint in a region of AWS's partitions `aws`, `aws-us-gov`, `aws-cn` and `aws-eusc`.
pub fn regional_endpoint(service: &str, region: &str) -> String {
    let suffix = match region.split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("https://{service}.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> AwsEnvironment {
        let lambda = [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "marked"),
            ("AWS_SESSION_TOKEN", "marked"),
        ];
        let all = [variables, &lambda].concat();
        let lookup = |name: &str| {
            let found = all.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        AwsEnvironment::read(&lookup).unwrap()
    }

    #[test]
    fn without_an_endpoint_the_regions_own_is_called() {
        let aws = read(&[]);
        assert_eq!(aws.dynamodb, "https://dynamodb.eu-central-1.amazonaws.com");
        let aws = read(&[("AWS_REGION", "eusc-de-east-1")]);
        assert_eq!(aws.dynamodb, "https://dynamodb.eusc-de-east-1.amazonaws.eu");
        let aws = read(&[("AWS_REGION", "cn-north-1")]);
        assert_eq!(
            aws.secrets_manager,
            "https://secretsmanager.cn-north-1.amazonaws.com.cn"
        );
    }

    #[test]
    fn a_services_own_endpoint_goes_before_that_of_all() {
        let all = ("AWS_ENDPOINT_URL", "http://localhost:4566");
        let one = ("AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:8000");
        let aws = read(&[all, one]);
        assert_eq!(
            (aws.dynamodb.as_str(), aws.secrets_manager.as_str()),
            (one.1, all.1)
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", read(&[]));
        assert!(!shown.contains("marked"), "{shown}");
    }
}
