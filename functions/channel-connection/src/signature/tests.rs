use proptest::prelude::*;

use super::*;
use crate::webhook_url::UrlPolicy;

// The secret, requests and signatures of HubSpot's own client libraries' tests (Python and Ruby).
const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const URL: &str = "https://www.example.com/webhook_uri";
const BODY: &[u8] = b"{'example_field':'example_value'}";
const TIMESTAMP: &str = "1693657560000";
const SIGNATURE: &str = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=";
const OTHER_TIMESTAMP: &str = "1700000300000";
const OTHER_SIGNATURE: &str = "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=";
const HEADERS: SignatureHeaders<'_> = headers(SIGNATURE, TIMESTAMP);

fn secret(text: &str) -> SigningSecret {
    SigningSecret::new(text).unwrap()
}

fn at(timestamp: &str) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(timestamp.parse().unwrap())
}

const fn headers<'a>(signature: &'a str, timestamp: &'a str) -> SignatureHeaders<'a> {
    SignatureHeaders {
        signature: Some(signature),
        timestamp: Some(timestamp),
        legacy: false,
    }
}

fn verify_official(
    secrets: &[&str],
    headers: SignatureHeaders<'_>,
    now: SystemTime,
) -> Result<(), SignatureError> {
    let secrets: Vec<_> = secrets.iter().map(|text| secret(text)).collect();
    let uri = SignedUri(URL.into());
    verify(&secrets, "POST", &uri, BODY, headers, now)
}

#[test]
fn verifies_the_official_examples() {
    let other = headers(OTHER_SIGNATURE, OTHER_TIMESTAMP);
    for (case, secrets, headers, result) in [
        ("Python", &[SECRET][..], HEADERS, Ok(())),
        ("Ruby", &[SECRET], other, Ok(())),
        ("during a rotation", &["new", SECRET], HEADERS, Ok(())),
        (
            "other secret",
            &["new"],
            HEADERS,
            Err(SignatureError::Wrong),
        ),
        ("no secret", &[], HEADERS, Err(SignatureError::Wrong)),
    ] {
        let now = at(headers.timestamp.unwrap());
        assert_eq!(verify_official(secrets, headers, now), result, "{case}");
    }
}

#[test]
fn signs_the_url_as_hubspot_does() {
    let text = "https://calls.example.com/numbers?a=%40";
    let url = WebhookUrl::parse(text, UrlPolicy::Public).unwrap();
    let parts = SignedParts {
        method: "POST",
        uri: &(&url).into(),
        body: b"{}",
        timestamp: &timestamp(at(TIMESTAMP)),
    };
    assert_eq!(
        parts.base_string(),
        "POSThttps://calls.example.com/numbers?a=@{}1693657560000"
    );
}

#[test]
fn decodes_twelve_percent_encoded_characters_only() {
    for (case, on_wire, signed) in [
        (
            "upper",
            "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B",
            ":/?@!$'()*,;",
        ),
        ("lower", "%3a%2f%3f%2a%2c%3b", ":/?*,;"),
        ("mixed", "a%40b%2Fc%20d&y=%2B1", "a@b/c%20d&y=%2B1"),
        (
            "others",
            "%26%3D%23%252F%E2%82%AC",
            "%26%3D%23%252F%E2%82%AC",
        ),
        ("cut off", "%%40%4", "%@%4"),
        ("not ASCII", "%€", "%€"),
    ] {
        assert_eq!(decode_for_signing(on_wire), signed, "{case}");
    }
}

#[test]
fn names_each_defect_of_the_headers() {
    let time = SignatureError::MalformedTimestamp;
    let with_time = |timestamp| headers(SIGNATURE, timestamp);
    let (mut legacy, mut no_time) = (SignatureHeaders::default(), HEADERS);
    (legacy.legacy, no_time.timestamp) = (true, None);
    for (case, headers, error) in [
        ("none", SignatureHeaders::default(), SignatureError::Missing),
        ("version 1", legacy, SignatureError::LegacyOnly),
        ("no time", no_time, SignatureError::MissingTimestamp),
        ("fraction", with_time("1693657560000.0"), time),
        ("sign", with_time("+1693657560000"), time),
        ("empty time", with_time(""), time),
        ("too large", with_time("99999999999999999999"), time),
        (
            "no base64",
            headers("!", TIMESTAMP),
            SignatureError::Malformed,
        ),
        ("empty", headers("", TIMESTAMP), SignatureError::Wrong),
        (
            "another request's",
            headers(OTHER_SIGNATURE, TIMESTAMP),
            SignatureError::Wrong,
        ),
    ] {
        let result = verify_official(&[SECRET], headers, at(TIMESTAMP));
        assert_eq!(result, Err(error), "{case}");
    }
}

#[test]
fn accepts_timestamps_within_300_seconds() {
    let signed_at = at(TIMESTAMP);
    let too_long = Duration::from_millis(300_001);
    let stale = Err(SignatureError::Stale);
    for (case, now, result) in [
        ("later", signed_at + MAX_AGE, Ok(())),
        ("earlier", signed_at - MAX_AGE, Ok(())),
        ("too late", signed_at + too_long, stale),
        ("too early", signed_at - too_long, stale),
    ] {
        assert_eq!(verify_official(&[SECRET], HEADERS, now), result, "{case}");
    }
}

proptest! {
    #[test]
    fn refuses_a_flipped_bit_anywhere(
        body in prop::collection::vec(any::<u8>(), 1..200),
        key in "[ -~]{1,40}",
        millis in 300_000_u64..4_102_444_800_000,
        flipped_part in 0..5_usize,
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let uri = SignedUri(URL.into());
        let parts = SignedParts { method: "POST", uri: &uri, body: &body, timestamp: &millis.to_string() };
        let mac = STANDARD.decode(sign(&secret(&key), parts)).unwrap();
        let check = |[method, uri, timestamp, body, mac]: [Vec<u8>; 5]| {
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            let (mac, timestamp) = (STANDARD.encode(mac), text(timestamp));
            let headers = headers(&mac, &timestamp);
            let uri = SignedUri(text(uri));
            verify(&[secret(&key)], &text(method), &uri, &body, headers, at(&millis.to_string()))
        };
        let mut parts = [b"POST".to_vec(), URL.into(), millis.to_string().into(), body, mac];
        prop_assert_eq!(check(parts.clone()), Ok(()));
        let part = &mut parts[flipped_part];
        let index = flip.index(part.len());
        part[index] ^= 1 << bit;
        prop_assert!(check(parts).is_err());
    }
}
