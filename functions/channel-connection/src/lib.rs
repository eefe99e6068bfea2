//! HubSpot's channel connection contract, and the numbers that a vendor keeps for it.
//!
//! Its rules know neither AWS nor HTTP, and functions/README.md says which file owns which. One adapter
//! per outside system stands beside them, each behind the feature of its name: `http_client` and
//! `webhook_call` (`http-client`), `aws_error`, `aws_http`, `aws_sdk`, `embedded_metrics`, `secret_store`,
//! `tls` (`aws`).

#[cfg(feature = "aws")]
pub mod aws_error;
#[cfg(feature = "aws")]
pub mod aws_http;
#[cfg(feature = "aws")]
pub mod aws_sdk;
pub mod client_secrets;
pub mod contract;
#[cfg(feature = "aws")]
pub mod embedded_metrics;
pub mod environment;
pub mod friendly_name;
pub mod hook_report;
#[cfg(feature = "http-client")]
pub mod http_client;
pub mod ids;
pub mod number_row;
pub mod numbers_request;
pub mod numbers_response;
pub mod phone_number;
pub mod portal_numbers;
#[cfg(feature = "aws")]
pub mod secret_store;
pub mod settings;
pub mod shown_number;
pub mod signature;
#[cfg(feature = "aws")]
pub mod tls;
#[cfg(feature = "http-client")]
pub mod webhook_call;
pub mod webhook_url;
