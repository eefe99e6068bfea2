//! Whom an AWS client trusts.

use std::{fs, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::environment::{EnvironmentError, Lookup, optional, required_with};

/// The variables that name a PEM file of root certificates, as the AWS CLI and OpenSSL have them.
const FILE_VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

/// Configures TLS with ring; aws-lc takes longer at its first use than a cold start.
pub(crate) fn client_config(environment: Lookup<'_>) -> Result<ClientConfig, EnvironmentError> {
    #[expect(
        clippy::expect_used,
        reason = "only a provider without ciphers has none"
    )]
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for TLS 1.2 and 1.3");
    Ok(config
        .with_root_certificates(roots(environment)?)
        .with_no_client_auth())
}

/// Returns the root certificates of the file that a variable names, or else Mozilla's.
///
/// Mozilla's are compiled in: parsing the system's file takes more instructions than all else in INIT.
fn roots(environment: Lookup<'_>) -> Result<RootCertStore, EnvironmentError> {
    let is_set = |name: &&str| optional(environment, name).is_some();
    match FILE_VARIABLES.into_iter().find(is_set) {
        None => Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()),
        Some(name) => required_with(environment, name, read_roots),
    }
}

fn read_roots(file: &str) -> Result<RootCertStore, String> {
    let pem = fs::read(file).map_err(|error| format!("names an unreadable file: {error}"))?;
    let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    let mut roots = RootCertStore::empty();
    // Some bundles hold a certificate that rustls cannot parse.
    match roots.add_parsable_certificates(certificates) {
        (0, _) => Err("names a file without a PEM certificate".into()),
        _ => Ok(roots),
    }
}
