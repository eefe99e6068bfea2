//! How AWS's SDK reaches AWS.

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// Builds the SDK's HTTP client with ring, as everything else here has it.
///
/// The SDK's own choice, aws-lc, is larger and takes longer at its first use than a cold start: see
/// "Where the time goes" in `functions/README.md`.
pub fn http_client() -> SharedHttpClient {
    Builder::new()
        .tls_provider(Provider::rustls(CryptoMode::Ring))
        .build_https()
}
