//! Uploads to the bucket that CloudFormation reads packaged functions and templates from.

use std::time::Duration;

use anstream::eprintln;
use aws_sdk_cloudformation::types::Tag;
use aws_sdk_s3::config::{
    Builder,
    endpoint::{DefaultResolver, Params, ResolveEndpoint},
};

use crate::{
    aws::{self, AwsError},
    deploy::events::Events,
    outcome::Failure,
    stack::{Stack, target::Target},
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
    client: aws_sdk_s3::Client,
    name: String,
    url: String,
}

impl<'a> Bucket<'a> {
    /// Finds the stage's own bucket or SAM's, which is created where it is missing.
    pub(super) async fn find(target: &'a Target) -> Result<Self, Failure> {
        let stage = target.stage.as_ref();
        let name = match stage.and_then(|stage| stage.s3_bucket.clone()) {
            Some(name) => name,
            None => managed(target).await?,
        };
        let url = url(target, &name).await.ok_or_else(|| {
            Failure::failed(format!("Cannot tell S3's address in {}.", target.region()))
        })?;
        let config = Builder::from(&target.aws)
            .force_path_style(true)
            .timeout_config(aws::timeouts(TIMEOUT))
            .build();
        Ok(Self {
            target,
            client: aws_sdk_s3::Client::from_conf(config),
            name,
            url,
        })
    }

    /// Returns the key of a file of the stack's; a pipeline's role may write no other.
    fn key(&self, file: &str) -> String {
        format!("{}/{file}", self.target.stack)
    }

    /// Returns a file's URL, as CloudFormation takes it.
    pub(super) fn url(&self, file: &str) -> String {
        format!("{}/{}", self.url, self.key(file))
    }

    /// Returns the same as SAM's templates name it.
    pub(super) fn uri(&self, file: &str) -> String {
        format!("s3://{}/{}", self.name, self.key(file))
    }

    pub(super) async fn put(&self, file: &str, bytes: Vec<u8>) -> Result<(), AwsError> {
        eprintln!("uploading {}", self.uri(file));
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(self.key(file))
            .body(bytes.into())
            .send();
        let response = terminal::wait("S3", Box::pin(request)).await;
        response
            .map(drop)
            .map_err(|error| AwsError::new("upload to the bucket", &error))
    }
}

/// Returns the bucket's address, in whichever partition the region is.
async fn url(target: &Target, bucket: &str) -> Option<String> {
    let params = Params::builder()
        .region(target.region())
        .bucket(bucket)
        .force_path_style(true)
        .use_fips(target.aws.use_fips().unwrap_or_default())
        .set_endpoint(target.aws.endpoint_url().map(str::to_owned))
        .build()
        .ok()?;
    let resolved = DefaultResolver::new().resolve_endpoint(&params).await;
    Some(resolved.ok()?.url().trim_end_matches('/').to_owned())
}

/// Returns SAM's bucket in the account and region; creates it as SAM does.
async fn managed(target: &Target) -> Result<String, Failure> {
    let managed = Target {
        stack: MANAGED_STACK.into(),
        ..target.clone()
    };
    let bucket = |stack: &Stack| {
        let name = stack.output("SourceBucket").map(str::to_owned);
        name.map_err(|failure| {
            let other = "Name one of yours: s3_bucket in the stage of samconfig.toml.";
            Failure::failed(format!("{} {other}", failure.message))
        })
    };
    if let Some(stack) = Stack::lookup(&managed).await? {
        return bucket(&stack);
    }
    eprintln!("creating the stack {MANAGED_STACK}, with a bucket for packaged functions");
    let client = aws_sdk_cloudformation::Client::new(&target.aws);
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
    Events::default().until_settled(&client, &id).await?;
    bucket(&Stack::find(managed).await?)
}
