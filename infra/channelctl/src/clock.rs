//! This machine's clock, beside that of AWS.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use channel_connection::{
    http_client,
    webhook_url::{UrlPolicy, WebhookUrl},
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::header::DATE;

use crate::terminal::counted;

/// Tells how far this machine's clock is ahead of AWS's; `None` where AWS does not say.
///
/// HTTP's own `Date` has whole seconds, so it is a second off at best.
pub async fn ahead_of_aws(aws: &SdkConfig) -> Option<SignedDuration> {
    // It looks at no signature before it tells the time.
    let url = match aws.endpoint_url() {
        Some(endpoint) => endpoint.to_owned(),
        None => regional_endpoint(aws).await?,
    };
    let url =
        WebhookUrl::parse(&format!("{}/", url.trim_end_matches('/')), UrlPolicy::Local).ok()?;
    let http = http_client::client(Duration::from_secs(5), url.policy()).ok()?;
    let answer = http.head(url.as_str()).send().await.ok()?;
    let date = answer.headers().get(DATE)?.to_str().ok()?;
    let server = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(Timestamp::now().duration_since(server))
}

/// Returns the endpoint of AWS STS that the SDK would call.
async fn regional_endpoint(aws: &SdkConfig) -> Option<String> {
    let params = Params::builder()
        .region(aws.region()?.as_ref())
        .use_fips(aws.use_fips().unwrap_or_default())
        .use_dual_stack(aws.use_dual_stack().unwrap_or_default())
        .build()
        .ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await;
    Some(endpoint.ok()?.url().to_owned())
}

/// Says how long ago something was, in the largest unit that fits.
pub fn ago(then: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(then).as_secs().max(0);
    let (count, unit) = match seconds {
        0..60 => return "just now".into(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{} ago", counted(count.unsigned_abs(), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_largest_unit_that_fits() {
        let ago = |seconds| ago(Timestamp::now() - SignedDuration::from_secs(seconds));
        assert_eq!(ago(-20), "just now");
        assert_eq!(ago(61), "1 minute ago");
        assert_eq!(ago(3 * 3_600 + 5), "3 hours ago");
        assert_eq!(ago(400 * 86_400), "400 days ago");
    }
}
