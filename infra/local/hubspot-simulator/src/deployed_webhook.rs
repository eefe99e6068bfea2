//! The webhook of a deployed stage, which is called without having been registered here.

use std::str::FromStr;

use channel_connection::public_url::{InvalidUrl, PublicUrl, Reach};
use url::{Host, Url};

/// A webhook's URL: one that HubSpot itself could call, or one of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedWebhook {
    url: PublicUrl,
    reach: Reach,
}

impl DeployedWebhook {
    /// Returns the URL.
    pub fn url(&self) -> &PublicUrl {
        &self.url
    }

    /// Returns how far a call of it goes.
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

impl FromStr for DeployedWebhook {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let reach = if is_of_this_machine(text) {
            Reach::Local
        } else {
            Reach::Public
        };
        let url = PublicUrl::parse(text, reach)?;
        Ok(Self { url, reach })
    }
}

fn is_of_this_machine(text: &str) -> bool {
    let url = Url::parse(text).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => is_loopback_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Tells whether a name is this machine's own wherever it is asked for (RFC 6761, 6.3).
pub(crate) fn is_loopback_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(text: &str) -> Result<Reach, InvalidUrl> {
        text.parse().map(|webhook: DeployedWebhook| webhook.reach())
    }

    #[test]
    fn a_stages_webhook_is_called_by_https_only() {
        assert_eq!(
            reach("https://calls.example.com/numbers"),
            Ok(Reach::Public)
        );
        assert_eq!(
            reach("http://calls.example.com/numbers"),
            Err(InvalidUrl::NotHttps)
        );
    }

    #[test]
    fn this_machines_own_may_be_called_without() {
        for url in [
            "http://localhost:3000/",
            "http://a1.execute-api.localhost:4566/numbers",
            "http://127.0.0.1:3000/",
        ] {
            assert_eq!(reach(url), Ok(Reach::Local), "{url}");
        }
    }

    #[test]
    fn an_address_within_a_network_is_neither() {
        assert_eq!(reach("http://10.0.0.1/"), Err(InvalidUrl::NotHttps));
        assert_eq!(reach("https://10.0.0.1/"), Err(InvalidUrl::NotPublic));
        assert_eq!(
            reach("http://localhost.example.com/"),
            Err(InvalidUrl::NotHttps)
        );
    }
}
