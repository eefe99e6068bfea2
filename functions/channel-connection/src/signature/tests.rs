use super::*;
use crate::webhook_url::UrlPolicy;

// The secret, requests and signatures of HubSpot's own client libraries' tests (Python and Ruby).
const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
const URL: &str = "https://www.example.com/webhook_uri";
const BODY: &str = "{'example_field':'example_value'}";
const TIMESTAMP: &str = "1693657560000";
const SIGNATURE: &str = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=";
const OTHER_TIMESTAMP: &str = "1700000300000";
const OTHER_SIGNATURE: &str = "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=";
const HEADERS: SignatureHeaders<'_> = headers(SIGNATURE, TIMESTAMP);

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

/// Verifies the official requests' method, URL and body.
fn verify_official(
    secrets: &[&str],
    headers: SignatureHeaders<'_>,
    now: SystemTime,
) -> Result<(), SignatureError> {
    verify_parts(secrets, ["POST", URL, BODY], headers, now)
}

fn verify_parts(
    secrets: &[&str],
    [method, url, body]: [&str; 3],
    headers: SignatureHeaders<'_>,
    now: SystemTime,
) -> Result<(), SignatureError> {
    let secret = |text: &&str| SigningSecret::new(*text).unwrap();
    let secrets: Vec<_> = secrets.iter().map(secret).collect();
    let url = WebhookUrl::parse(url, UrlPolicy::Public).unwrap();
    verify(
        &secrets,
        method,
        &(&url).into(),
        body.as_bytes(),
        headers,
        now,
    )
}

#[test]
fn verifies_the_official_examples() {
    let other = headers(OTHER_SIGNATURE, OTHER_TIMESTAMP);
    let wrong = Err(SignatureError::Wrong);
    for (case, secrets, headers, result) in [
        ("Python", &[SECRET][..], HEADERS, Ok(())),
        ("Ruby", &[SECRET], other, Ok(())),
        ("during a rotation", &["new", SECRET], HEADERS, Ok(())),
        ("other secret", &["new"], HEADERS, wrong),
        ("no secret", &[], HEADERS, wrong),
    ] {
        let now = at(headers.timestamp.unwrap());
        assert_eq!(verify_official(secrets, headers, now), result, "{case}");
    }
}

#[test]
fn signs_the_official_examples() {
    let url = WebhookUrl::parse(URL, UrlPolicy::Public).unwrap();
    for (sent, signature) in [(TIMESTAMP, SIGNATURE), (OTHER_TIMESTAMP, OTHER_SIGNATURE)] {
        let parts = SignedParts {
            method: "POST",
            uri: &(&url).into(),
            body: BODY.as_bytes(),
            timestamp: &timestamp(at(sent)),
        };
        assert_eq!(parts.base_string(), ["POST", URL, BODY, sent].concat());
        let secret = SigningSecret::new(SECRET).unwrap();
        assert_eq!(sign(&secret, parts), signature);
    }
}

#[test]
fn refuses_a_change_of_any_part() {
    let body = BODY.replace("value", "Value");
    let (time, signature) = ("1693657560001", SIGNATURE.replace("/Y=", "/U="));
    for (case, parts, headers) in [
        ("method", ["PUT", URL, BODY], HEADERS),
        ("URL", ["POST", &format!("{URL}/"), BODY], HEADERS),
        ("query", ["POST", &format!("{URL}?"), BODY], HEADERS),
        ("body", ["POST", URL, &body], HEADERS),
        ("time", ["POST", URL, BODY], headers(SIGNATURE, time)),
        (
            "signature",
            ["POST", URL, BODY],
            headers(&signature, TIMESTAMP),
        ),
        (
            "cut signature",
            ["POST", URL, BODY],
            headers("K36d", TIMESTAMP),
        ),
    ] {
        let result = verify_parts(&[SECRET], parts, headers, at(TIMESTAMP));
        assert_eq!(result, Err(SignatureError::Wrong), "{case}");
    }
}

#[test]
fn decodes_twelve_percent_encoded_characters_only() {
    let upper = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B";
    let others = "%26%3D%23%252F%E2%82%AC";
    for (case, on_wire, signed) in [
        ("upper", upper, ":/?@!$'()*,;"),
        ("lower", "%3a%2f%3f%2a%2c%3b", ":/?*,;"),
        ("mixed", "a%40b%2Fc%20d&y=%2B1", "a@b/c%20d&y=%2B1"),
        ("others", others, others),
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
    let no_base64 = headers("!", TIMESTAMP);
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
        ("no base64", no_base64, SignatureError::Malformed),
        ("empty", headers("", TIMESTAMP), SignatureError::Wrong),
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
