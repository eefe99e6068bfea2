//! TLS to AWS: who is trusted, and by what means.

use std::{fs, io, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio_rustls::rustls::{
    ClientConfig, Error, RootCertStore, crypto::ring, pki_types::CertificateDer,
};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The reason there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of authorities cannot be read.
    #[error("SSL_CERT_FILE cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// There is no certificate in it.
    #[error("SSL_CERT_FILE holds no certificate")]
    NoCertificate,
    /// The cryptography knows no version of TLS.
    #[error(transparent)]
    Rustls(#[from] Error),
}

/// Trusts the certificates of the PEM file `authorities`, or else Mozilla's, which are compiled in.
///
/// The system's own file is not looked for: to parse it took more than the rest of INIT, see "Where
/// the time goes" in `functions/README.md`.
pub(crate) fn trusting(authorities: Option<&str>) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = match authorities {
        Some(file) => parse(&text(fs::read(file)?))?,
        None => webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
    };
    // What aws-lc, rustls's own choice, does at its first use takes longer than a cold start.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

/// Takes every certificate that can be parsed, as other TLS clients do.
fn parse(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    match roots.add_parsable_certificates(certificates(pem)) {
        (0, _) => Err(TlsError::NoCertificate),
        _ => Ok(roots),
    }
}

/// Reads a file as text: a comment in it may be in any encoding.
///
/// To look at each byte for that takes long.
fn text(pem: Vec<u8>) -> String {
    String::from_utf8(pem)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    let (mut certificates, mut base64) = (Vec::new(), String::new());
    for line in pem.lines() {
        match line.trim_ascii_end() {
            BEGIN => base64.clear(),
            END => certificates.extend(STANDARD.decode(&base64).map(CertificateDer::from)),
            text => base64.push_str(text),
        }
    }
    certificates
}
