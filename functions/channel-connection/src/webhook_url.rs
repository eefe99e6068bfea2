//! The webhook's URL as HubSpot calls it, and how people get to see a URL.

use std::fmt;

use url::{Host, Url};

/// Maximum characters of a URL in a text for people.
const MAX_SHOWN: usize = 300;

/// A URL that HubSpot can call: https, a public host name, no credentials, no fragment.
///
/// [`as_str`](Self::as_str) is the exact text, because HubSpot signs it; `Display` and `Debug` leave
/// out the query, which may hold a key.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

/// Whether URLs of this machine are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlPolicy {
    /// Only URLs that HubSpot itself could call.
    Public,
    /// Plain http and any host too, for the local stack.
    Local,
}

/// The reason a URL is not accepted; it never repeats the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// It does not parse as an absolute URL.
    #[error("not a URL; write it like https://example.com/numbers")]
    NotAUrl,
    /// Its scheme is not https.
    #[error("must start with https://")]
    NotHttps,
    /// Its host is an IP address, or a name of one machine or network.
    #[error("must name a public host, not an IP address or localhost")]
    NotPublic,
    /// It carries a user name or a password.
    #[error("must not carry a user name or a password")]
    Credentials,
    /// It carries a fragment, which is never sent.
    #[error("must not carry a fragment (#…)")]
    Fragment,
    /// It is written in a way that a client would rewrite before it calls and signs it.
    #[error(
        "must be written as a client sends it: lower-case host, a path, no :443, no ../ or spaces"
    )]
    NotCanonical,
}

impl WebhookUrl {
    /// Parses a URL that the policy accepts.
    pub fn parse(text: &str, policy: UrlPolicy) -> Result<Self, InvalidUrl> {
        let url = Url::parse(text).map_err(|_| InvalidUrl::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if policy == UrlPolicy::Local => {}
            _ => return Err(InvalidUrl::NotHttps),
        }
        if policy == UrlPolicy::Public && !has_public_host(&url) {
            return Err(InvalidUrl::NotPublic);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::Credentials);
        }
        if url.fragment().is_some() {
            return Err(InvalidUrl::Fragment);
        }
        if url.as_str() != text {
            return Err(InvalidUrl::NotCanonical);
        }
        Ok(Self(url.into()))
    }

    /// Returns the policy for calls of this URL: local for loopback names and addresses.
    pub fn policy(&self) -> UrlPolicy {
        let url = Url::parse(&self.0).ok();
        let is_loopback = match url.as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => is_loopback_name(name),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if is_loopback {
            UrlPolicy::Local
        } else {
            UrlPolicy::Public
        }
    }

    /// Returns the last part of the path, without any stage or base path before it.
    pub fn last_segment(&self) -> &str {
        let path = self.0.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the exact URL, with its query: for requests, never for people.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a name always means this machine (RFC 6761, 6.3).
pub fn is_loopback_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

fn has_public_host(url: &Url) -> bool {
    match url.host() {
        // Names of one machine or one network: RFC 6761, RFC 6762, and those without a dot.
        Some(Host::Domain(name)) => {
            let (_, last_label) = name.rsplit_once('.').unwrap_or_default();
            !matches!(last_label, "" | "localhost" | "local" | "internal")
        }
        _ => false,
    }
}

/// Returns a URL for people: without query, fragment and user, bounded, control characters escaped.
///
/// Anybody may have registered the URL, so it need not be one.
pub fn redact_url(url: &str) -> String {
    let (address, rest) = match url.find(['?', '#']) {
        Some(at) => (&url[..at], &url[at..]),
        None => (url, ""),
    };
    let (scheme, address) = match address.split_once("://") {
        Some((scheme, address)) => (Some(scheme), address),
        None => (None, address),
    };
    let authority = address.split('/').next().unwrap_or_default();
    let user = authority.rfind('@').map_or(0, |at| at + 1);
    let parts = [
        scheme.unwrap_or_default(),
        if scheme.is_some() { "://" } else { "" },
        if user > 0 { "…@" } else { "" },
        &address[user..],
    ];
    let shown = parts.concat();
    let mark = match rest.chars().next() {
        Some('?') => "?…",
        Some(_) => "#…",
        None => "",
    };
    escape(&shown, MAX_SHOWN) + mark
}

/// Escapes control characters and bidi overrides, and truncates to `max` characters.
pub fn escape(text: &str, max: usize) -> String {
    let is_shown = |c: char| {
        !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let escaped = text.chars().map(|character| {
        if is_shown(character) {
            character.to_string()
        } else {
            character.escape_unicode().to_string()
        }
    });
    escaped.take(max).collect()
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&redact_url(&self.0))
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WebhookUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_public_url_exactly() {
        for text in [
            "https://abc123.execute-api.us-east-1.amazonaws.com/numbers",
            "https://abc123.execute-api.us-east-1.amazonaws.com/prod/numbers",
            "https://calls.example.com/numbers?tenant=a%40b&x=1",
            "https://calls.example.com:8443/",
        ] {
            let url = WebhookUrl::parse(text, UrlPolicy::Public).unwrap();
            assert_eq!(url.as_str(), text);
        }
    }

    #[test]
    fn shows_people_no_query_and_no_user() {
        let cases = [
            (
                "no query",
                "https://a.example/numbers",
                "https://a.example/numbers",
            ),
            (
                "query",
                "https://a.example/n?key=marked",
                "https://a.example/n?…",
            ),
            (
                "fragment",
                "https://a.example/n#marked",
                "https://a.example/n#…",
            ),
            (
                "user",
                "https://u:marked@a.example/n",
                "https://…@a.example/n",
            ),
            (
                "at sign in a path",
                "https://a.example/@n",
                "https://a.example/@n",
            ),
            ("no URL", "a\u{1b}[2J\u{202e}b", "a\\u{1b}[2J\\u{202e}b"),
        ];
        for (case, url, shown) in cases {
            assert_eq!(redact_url(url), shown, "{case}");
        }
        let url = WebhookUrl::parse("https://a.example/n?key=marked", UrlPolicy::Public).unwrap();
        assert_eq!(format!("{url} {url:?}").matches("marked").count(), 0);
        assert!(redact_url(&"é".repeat(9_000)).chars().count() <= MAX_SHOWN);
    }

    #[test]
    fn finds_the_last_path_segment() {
        for (url, segment) in [
            ("https://calls.example.com/numbers", "numbers"),
            (
                "https://calls.example.com/prod/numbers?next=/a/b",
                "numbers",
            ),
            ("https://calls.example.com/", ""),
        ] {
            let parsed = WebhookUrl::parse(url, UrlPolicy::Public).unwrap();
            assert_eq!(parsed.last_segment(), segment, "{url}");
        }
    }

    #[test]
    fn rejects_urls_that_hubspot_cannot_call() {
        let cases = [
            ("numbers", InvalidUrl::NotAUrl),
            ("http://calls.example.com/", InvalidUrl::NotHttps),
            ("ftp://calls.example.com/", InvalidUrl::NotHttps),
            ("https://localhost/", InvalidUrl::NotPublic),
            ("https://api.localhost/", InvalidUrl::NotPublic),
            ("https://calls.internal/", InvalidUrl::NotPublic),
            ("https://10.0.0.1/", InvalidUrl::NotPublic),
            ("https://[::1]/", InvalidUrl::NotPublic),
            ("https://user@calls.example.com/", InvalidUrl::Credentials),
            ("https://calls.example.com/#top", InvalidUrl::Fragment),
            ("https://calls.example.com", InvalidUrl::NotCanonical),
            ("https://Calls.example.com/", InvalidUrl::NotCanonical),
            ("https://calls.example.com:443/", InvalidUrl::NotCanonical),
            ("https://calls.example.com/a/../b", InvalidUrl::NotCanonical),
        ];
        for (text, reason) in cases {
            assert_eq!(
                WebhookUrl::parse(text, UrlPolicy::Public),
                Err(reason),
                "{text}"
            );
        }
    }

    #[test]
    fn local_policy_accepts_http_and_no_other_scheme() {
        let local = "http://a1.execute-api.localhost:4566/numbers";
        assert!(WebhookUrl::parse(local, UrlPolicy::Local).is_ok());
        let ftp = WebhookUrl::parse("ftp://localhost/", UrlPolicy::Local);
        assert_eq!(ftp, Err(InvalidUrl::NotHttps));
    }

    #[test]
    fn loopback_names_and_addresses_are_local() {
        for (url, policy) in [
            ("http://localhost:3000/", UrlPolicy::Local),
            (
                "http://a1.execute-api.localhost:4566/numbers",
                UrlPolicy::Local,
            ),
            ("http://127.0.0.1:3000/", UrlPolicy::Local),
            ("http://[::1]:3000/", UrlPolicy::Local),
            ("https://calls.example.com/numbers", UrlPolicy::Public),
            ("http://localhost.example.com/", UrlPolicy::Public),
            ("http://10.0.0.1/", UrlPolicy::Public),
        ] {
            let parsed = WebhookUrl::parse(url, UrlPolicy::Local).unwrap();
            assert_eq!(parsed.policy(), policy, "{url}");
        }
    }
}
