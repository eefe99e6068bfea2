use proptest::prelude::*;

use super::*;
use crate::webhook_url::UrlPolicy;

// The secret, requests and signatures of HubSpot's own client libraries' tests (Python and Ruby).
const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const OFFICIAL: [(&str, &str); 2] = [
    (
        "1693657560000",
        "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
    ),
    (
        "1700000300000",
        "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=",
    ),
];
const OFFICIAL_URL: &str = "https://www.example.com/webhook_uri";
const OFFICIAL_BODY: &[u8] = b"{'example_field':'example_value'}";

fn secret(text: &str) -> SigningSecret {
    SigningSecret::new(text).unwrap()
}

fn signed_uri(url: &str) -> SignedUri {
    (&WebhookUrl::parse(url, UrlPolicy::Public).unwrap()).into()
}

fn at(timestamp: &str) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(timestamp.parse().unwrap())
}

fn headers<'a>(signature: &'a str, timestamp: &'a str) -> SignatureHeaders<'a> {
    SignatureHeaders {
        signature: Some(signature),
        timestamp: Some(timestamp),
        legacy: false,
    }
}

/// Verifies the first official request as of the time it was signed, with some of it replaced.
fn verify_official(headers: SignatureHeaders<'_>, now: SystemTime) -> Result<(), SignatureError> {
    verify(
        &[secret(SECRET)],
        "POST",
        &signed_uri(OFFICIAL_URL),
        OFFICIAL_BODY,
        headers,
        now,
    )
}

#[test]
fn signs_and_verifies_the_official_examples() {
    for (timestamp, signature) in OFFICIAL {
        assert_eq!(
            verify_official(headers(signature, timestamp), at(timestamp)),
            Ok(())
        );
        let uri = signed_uri(OFFICIAL_URL);
        let parts = SignedParts {
            method: "POST",
            uri: &uri,
            body: OFFICIAL_BODY,
            timestamp,
        };
        assert_eq!(sign(&secret(SECRET), parts), signature);
    }
}

#[test]
fn shows_the_text_that_is_signed() {
    let uri = signed_uri("https://calls.example.com/numbers?a=%40");
    let parts = SignedParts {
        method: "POST",
        uri: &uri,
        body: b"{}",
        timestamp: &timestamp(UNIX_EPOCH + Duration::from_millis(1_693_657_560_000)),
    };
    assert_eq!(
        parts.base_string(),
        "POSThttps://calls.example.com/numbers?a=@{}1693657560000"
    );
}

#[test]
fn decodes_twelve_percent_encoded_characters_only() {
    for (on_wire, signed) in [
        ("%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", ":/?@!$'()*,;"),
        ("%3a%2f%3f%2a%2c%3b", ":/?*,;"),
        ("a%40b%2Fc%20d&y=%2B1", "a@b/c%20d&y=%2B1"),
        ("%26%3D%23%25%252F%E2%82%AC", "%26%3D%23%25%252F%E2%82%AC"),
        ("100%", "100%"),
        ("%4", "%4"),
        ("%€", "%€"),
    ] {
        assert_eq!(decode_for_signing(on_wire), signed, "{on_wire}");
    }
}

#[test]
fn names_each_defect_of_the_headers() {
    let (timestamp, signature) = OFFICIAL[0];
    let now = at(timestamp);
    let good = headers(signature, timestamp);
    let cases = [
        (
            SignatureHeaders {
                signature: None,
                ..good
            },
            SignatureError::Missing,
        ),
        (
            SignatureHeaders {
                signature: None,
                legacy: true,
                ..good
            },
            SignatureError::LegacyOnly,
        ),
        (
            SignatureHeaders {
                timestamp: None,
                ..good
            },
            SignatureError::MissingTimestamp,
        ),
        (
            headers(signature, "1693657560000.0"),
            SignatureError::MalformedTimestamp,
        ),
        (
            headers(signature, "+1693657560000"),
            SignatureError::MalformedTimestamp,
        ),
        (headers(signature, ""), SignatureError::MalformedTimestamp),
        (
            headers(signature, "99999999999999999999"),
            SignatureError::MalformedTimestamp,
        ),
        (headers("not base64!", timestamp), SignatureError::Malformed),
        (headers("", timestamp), SignatureError::Wrong),
        (headers(OFFICIAL[1].1, timestamp), SignatureError::Wrong),
    ];
    for (headers, error) in cases {
        assert_eq!(verify_official(headers, now), Err(error), "{headers:?}");
    }
}

#[test]
fn accepts_timestamps_within_300_seconds() {
    let (timestamp, signature) = OFFICIAL[0];
    let signed_at = at(timestamp);
    let tick = Duration::from_millis(1);
    for now in [signed_at + MAX_AGE, signed_at - MAX_AGE] {
        assert_eq!(verify_official(headers(signature, timestamp), now), Ok(()));
    }
    for now in [signed_at + MAX_AGE + tick, signed_at - MAX_AGE - tick] {
        assert_eq!(
            verify_official(headers(signature, timestamp), now),
            Err(SignatureError::Stale)
        );
    }
}

#[test]
fn accepts_a_signature_by_any_given_secret() {
    let (timestamp, signature) = OFFICIAL[0];
    let check = |secrets: &[SigningSecret]| {
        let uri = signed_uri(OFFICIAL_URL);
        verify(
            secrets,
            "POST",
            &uri,
            OFFICIAL_BODY,
            headers(signature, timestamp),
            at(timestamp),
        )
    };
    assert_eq!(check(&[secret("new"), secret(SECRET)]), Ok(()));
    assert_eq!(check(&[secret("new")]), Err(SignatureError::Wrong));
    assert_eq!(check(&[]), Err(SignatureError::Wrong));
}

proptest! {
    #[test]
    fn refuses_a_flipped_bit_anywhere(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        query in "[a-z0-9%=&]{0,20}",
        key in "[ -~]{1,40}",
        millis in 300_000_u64..4_102_444_800_000,
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let uri = SignedUri(format!("https://calls.example.com/numbers?{query}"));
        let timestamp = millis.to_string();
        let parts = SignedParts { method: "POST", uri: &uri, body: &body, timestamp: &timestamp };
        let signature = sign(&secret(&key), parts);
        let check = |method: &str, uri: &SignedUri, body: &[u8], signature: &str, timestamp: &str| {
            verify(&[secret(&key)], method, uri, body, headers(signature, timestamp), at(&millis.to_string()))
        };
        prop_assert_eq!(check("POST", &uri, &body, &signature, &timestamp), Ok(()));

        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = flip.0.index(bytes.len());
            bytes[at] ^= 1 << (flip.1 % 8);
            bytes
        };
        if !body.is_empty() {
            prop_assert!(check("POST", &uri, &flipped(&body), &signature, &timestamp).is_err());
        }
        let mac = STANDARD.encode(flipped(&STANDARD.decode(&signature).unwrap()));
        prop_assert!(check("POST", &uri, &body, &mac, &timestamp).is_err());
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let other_method = text(flipped(b"POST"));
        prop_assert!(check(&other_method, &uri, &body, &signature, &timestamp).is_err());
        let other_uri = SignedUri(text(flipped(uri.0.as_bytes())));
        prop_assert!(check("POST", &other_uri, &body, &signature, &timestamp).is_err());
        let other_time = text(flipped(timestamp.as_bytes()));
        prop_assert!(check("POST", &uri, &body, &signature, &other_time).is_err());
    }
}
