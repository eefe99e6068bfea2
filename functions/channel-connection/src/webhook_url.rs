//! The webhook's address as HubSpot calls it.

use std::fmt;

use url::{Host, Url};

/// A URL that HubSpot can be told: https, a public host name, no credentials, no fragment.
///
/// The text is kept to the letter, because HubSpot signs it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl(String);

/// Whether addresses that only one machine can reach are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlPolicy {
    /// Only what HubSpot itself could call.
    Public,
    /// Plain http and loopback names too, for the local stack.
    Local,
}

/// The reason a URL cannot be told to HubSpot; it never repeats the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// It does not parse as an absolute URL.
    #[error("not a URL; write it like https://example.com/numbers")]
    NotAUrl,
    /// Its scheme is not https.
    #[error("must start with https://")]
    NotHttps,
    /// Its host is an address, or a name that only this machine knows.
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
    /// Checks a URL before anything is sent to it or said of it.
    pub fn parse(text: &str, reach: UrlPolicy) -> Result<Self, InvalidUrl> {
        let url = Url::parse(text).map_err(|_| InvalidUrl::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if reach == UrlPolicy::Local => {}
            _ => return Err(InvalidUrl::NotHttps),
        }
        if reach == UrlPolicy::Public && !has_public_host(&url) {
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

    /// Tells how far a call of it goes: no further than this machine, or anywhere.
    pub fn reach(&self) -> UrlPolicy {
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

    /// Returns the last part of the path: what is left of it behind any stage or base path.
    pub fn last_segment(&self) -> &str {
        let path = self.0.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the URL to the letter.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells whether a name is this machine's own wherever it is asked for (RFC 6761, 6.3).
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

impl fmt::Display for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str, reach: UrlPolicy) -> InvalidUrl {
        WebhookUrl::parse(text, reach).expect_err(text)
    }

    #[test]
    fn keeps_a_public_url_to_the_letter() {
        for text in [
            "https://abc123.execute-api.us-east-1.amazonaws.com/numbers",
            "https://abc123.execute-api.us-east-1.amazonaws.com/prod/numbers",
            "https://calls.example.com/numbers?tenant=a%40b&x=1",
            "https://calls.example.com:8443/",
        ] {
            assert_eq!(
                WebhookUrl::parse(text, UrlPolicy::Public).unwrap().as_str(),
                text
            );
        }
    }

    #[test]
    fn the_last_segment_is_the_routes_whatever_stands_before_and_behind_it() {
        let last_segment = |text| {
            WebhookUrl::parse(text, UrlPolicy::Public)
                .unwrap()
                .last_segment()
                .to_owned()
        };
        assert_eq!(last_segment("https://calls.example.com/numbers"), "numbers");
        assert_eq!(
            last_segment("https://calls.example.com/prod/numbers?next=/a/b"),
            "numbers"
        );
        assert_eq!(last_segment("https://calls.example.com/"), "");
    }

    #[test]
    fn names_what_is_wrong() {
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
            assert_eq!(refusal(text, UrlPolicy::Public), reason, "{text}");
        }
    }

    #[test]
    fn the_local_stack_may_use_plain_http_on_this_machine_but_no_other_scheme() {
        assert!(
            WebhookUrl::parse(
                "http://a1.execute-api.localhost:4566/numbers",
                UrlPolicy::Local
            )
            .is_ok()
        );
        assert_eq!(
            refusal("ftp://localhost/", UrlPolicy::Local),
            InvalidUrl::NotHttps
        );
    }

    #[test]
    fn a_call_of_a_loopback_name_or_address_stays_on_this_machine_and_no_other_does() {
        let reach = |text| WebhookUrl::parse(text, UrlPolicy::Local).unwrap().reach();
        for local in [
            "http://localhost:3000/",
            "http://a1.execute-api.localhost:4566/numbers",
            "http://127.0.0.1:3000/",
            "http://[::1]:3000/",
        ] {
            assert_eq!(reach(local), UrlPolicy::Local, "{local}");
        }
        for public in [
            "https://calls.example.com/numbers",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
        ] {
            assert_eq!(reach(public), UrlPolicy::Public, "{public}");
        }
    }
}
