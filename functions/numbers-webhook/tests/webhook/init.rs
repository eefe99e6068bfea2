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
    let seconds = "MAX_STALE_SECONDS must be a whole number of seconds from 0 to 86400";
    let https = "WEBHOOK_URL must start with https://";
    let local = "WEBHOOK_URL must name a public host, not an IP address or localhost";
    let authorities = "/nowhere/authorities.pem";
    let unreadable = "SSL_CERT_FILE names an unreadable file";
    let bad_bundle = "AWS_CA_BUNDLE names a file without a PEM certificate";
    let no_certificate = "SSL_CERT_FILE names a file without a PEM certificate";
    let bad_pem = bad_pem.to_str().unwrap();
    let cases = [
        ("APP_ID", "0", "APP_ID must be a whole number from 1 to"),
        ("WEBHOOK_URL", "ftp://marked.example.com/", https),
        ("WEBHOOK_URL", "https://localhost/marked", local),
        ("FORMER_WEBHOOK_URL", "http://marked.example.com/", https),
        ("ALLOW_LOCAL_URLS", "yes", "must be true or false"),
        ("NUMBERS_TABLE", "", "NUMBERS_TABLE is not set"),
        ("CLIENT_SECRET_ARN", "", "CLIENT_SECRET_ARN is not set"),
        ("MAX_STALE_SECONDS", "86401", seconds),
        ("MAX_STALE_SECONDS", "-1", seconds),
        ("AWS_REGION", "", "AWS_REGION is not set"),
        ("AWS_ENDPOINT_URL", "localhost:8000", endpoint),
        ("AWS_ENDPOINT_URL_DYNAMODB", "ftp://localhost", endpoint),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://", endpoint),
        ("SSL_CERT_FILE", authorities, unreadable),
        ("AWS_CA_BUNDLE", no_pem, bad_bundle),
        ("SSL_CERT_FILE", bad_pem, no_certificate),
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
