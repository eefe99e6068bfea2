//! Uploads to the bucket that CloudFormation reads packaged functions and templates from.

use std::time::{Duration, SystemTime};

use anstream::eprintln;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_cloudformation::{Client, types::Tag};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use channel_connection::http_client;

use crate::{
    aws::AwsError,
    deploy::{change_set, events::Events},
    outcome::Failure,
    stack::target::Target,
    terminal,
};

/// The stack with SAM's own bucket, so that both ways to deploy share one.
const MANAGED_STACK: &str = "aws-sam-cli-managed-default";
const MANAGED_TEMPLATE: &str = include_str!("bucket.json");
/// Timeout of one upload: some megabytes over a slow line.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A bucket that files are uploaded to.
pub(super) struct Bucket<'a> {
    target: &'a Target,
    name: String,
    /// S3's address in the region, without a slash at its end.
    endpoint: String,
}

impl<'a> Bucket<'a> {
    /// Finds the stage's own bucket or SAM's, which is created where it is missing.
    pub(super) async fn find(target: &'a Target) -> Result<Self, Failure> {
        let own = target
            .stage
            .as_ref()
            .and_then(|stage| stage.s3_bucket.clone());
        let name = match own {
            Some(name) => name,
            None => managed(target).await?,
        };
        let endpoint = match target.aws.endpoint_url() {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => endpoint(target).await.ok_or_else(|| {
                Failure::failed(format!("Cannot tell S3's address in {}.", target.region()))
            })?,
        };
        Ok(Self {
            target,
            name,
            endpoint,
        })
    }

    /// Returns the URL of an object of the stack's; a pipeline's role may write no other.
    pub(super) fn url(&self, key: &str) -> String {
        format!(
            "{}/{}/{}/{key}",
            self.endpoint, self.name, self.target.stack
        )
    }

    /// Returns the same as SAM's templates name it.
    pub(super) fn uri(&self, key: &str) -> String {
        format!("s3://{}/{}/{key}", self.name, self.target.stack)
    }

    pub(super) async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let url = self.url(key);
        eprintln!("uploading {}", self.uri(key));
        let failed = |reason: String| {
            let uri = self.uri(key);
            Failure::failed(format!(
                "Cannot upload {uri}: {reason}. Nothing was changed."
            ))
        };
        let http = http_client::client(TIMEOUT, self.target.url_policy());
        let http = http.map_err(|error| failed(error.to_string()))?;
        let mut request = http.put(&url);
        for (name, value) in self.signature(&url, &bytes).await? {
            request = request.header(name, value);
        }
        let answer = terminal::wait("S3", request.body(bytes).send()).await;
        let answer = answer.map_err(|error| failed(http_client::cause(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let needed = "You need s3:PutObject on it";
        Err(failed(format!("expected 200, got {status}. {needed}")))
    }

    /// Signs by version 4, with S3's exceptions: the path as it is, and the body's hash in a header.
    ///
    /// One PUT is too little for a client of S3, which would be the largest dependency here.
    async fn signature(&self, url: &str, bytes: &[u8]) -> Result<Vec<(String, String)>, Failure> {
        let aws = &self.target.aws;
        let unsigned = || Failure::failed("Cannot sign the upload.");
        let provider = aws.credentials_provider().ok_or_else(unsigned)?;
        let credentials = provider.provide_credentials().await;
        let identity = credentials
            .map_err(|_| AwsError::SignedOut("none found".into()))?
            .into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.target.region())
            .name("s3")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|_| unsigned())?
            .into();
        let request = SignableRequest::new("PUT", url, [].into_iter(), SignableBody::Bytes(bytes));
        let signed = request.and_then(|request| sign(request, &parameters));
        let (instructions, _) = signed.map_err(|_| unsigned())?.into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.into(), value.into()))
            .collect())
    }
}

/// Returns S3's address, in whichever partition the region is: STS's beside it has the same suffix.
async fn endpoint(target: &Target) -> Option<String> {
    let params = Params::builder()
        .region(target.region())
        .use_fips(target.aws.use_fips().unwrap_or_default())
        .build()
        .ok()?;
    let sts = DefaultResolver::new()
        .resolve_endpoint(&params)
        .await
        .ok()?;
    Some(sts.url().replacen("//sts", "//s3", 1))
}

/// Returns SAM's bucket in the account and region; creates it as SAM does.
async fn managed(target: &Target) -> Result<String, Failure> {
    let client = Client::new(&target.aws);
    if let Some(name) = source_bucket(&client).await {
        return Ok(name);
    }
    eprintln!("creating the stack {MANAGED_STACK}, with a bucket for packaged functions");
    let tag = Tag::builder().key("ManagedStackSource").value("AwsSamCli");
    let created = client
        .create_stack()
        .stack_name(MANAGED_STACK)
        .template_body(MANAGED_TEMPLATE)
        .tags(tag.build())
        .send()
        .await;
    let created = created.map_err(|error| AwsError::new("create a bucket", &error))?;
    let id = created.stack_id.unwrap_or_default();
    change_set::until_settled(&client, &id, Events::default()).await?;
    source_bucket(&client).await.ok_or_else(|| {
        let failed = format!("The stack {MANAGED_STACK} has no bucket. Name one of yours: s3_bucket in the stage of samconfig.toml.");
        Failure::failed(failed)
    })
}

async fn source_bucket(client: &Client) -> Option<String> {
    let described = client
        .describe_stacks()
        .stack_name(MANAGED_STACK)
        .send()
        .await;
    let stack = described.ok()?.stacks?.pop()?;
    let outputs = stack.outputs?.into_iter();
    outputs
        .filter(|output| output.output_key() == Some("SourceBucket"))
        .find_map(|output| output.output_value)
}
