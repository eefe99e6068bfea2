//! How the function refuses to start.

use crate::{command, file};

#[tokio::test]
async fn a_bad_configuration_ends_init_with_a_sentence() {
    let no_pem = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // The SDK's own client panics on it.
    let bad_pem = file("bad.pem");
    std::fs::write(
        &bad_pem,
        "-----BEGIN CERTIFICATE-----\nbWFya2Vk\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let endpoint = "must be a URL like http://localhost:4566";
    let cases = [
        ("APP_ID", "none", "APP_ID must be a whole number"),
        (
            "WEBHOOK_URL",
            "ftp://marked.example.com/",
            "WEBHOOK_URL must start with https://",
        ),
        ("NUMBERS_TABLE", "", "NUMBERS_TABLE is not set"),
        (
            "MAX_STALE_SECONDS",
            "soon",
            "MAX_STALE_SECONDS must be a whole number of seconds",
        ),
        ("AWS_REGION", "", "AWS_REGION is not set"),
        ("AWS_ENDPOINT_URL", "localhost:8000", endpoint),
        ("AWS_ENDPOINT_URL_DYNAMODB", "ftp://localhost", endpoint),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://", endpoint),
        (
            "SSL_CERT_FILE",
            "/nowhere/authorities.pem",
            "cannot read the file that SSL_CERT_FILE names",
        ),
        (
            "AWS_CA_BUNDLE",
            no_pem,
            "the file that AWS_CA_BUNDLE names holds no PEM certificate",
        ),
        (
            "SSL_CERT_FILE",
            bad_pem.to_str().unwrap(),
            "the file that SSL_CERT_FILE names holds no PEM certificate",
        ),
    ];
    for (name, value, message) in cases {
        let mut command = command("http://127.0.0.1:1", "http://127.0.0.1:1");
        let output = command.env(name, value).output().await.unwrap();
        let log = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success(), "{name}={value}");
        assert!(log.contains(message), "{name}={value}: {log}");
        assert!(
            !log.contains("marked") && !log.contains("panicked"),
            "{log}"
        );
    }
}
