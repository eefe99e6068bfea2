//! The webhook of a deployed stage, which is called without having been registered here.

use channel_connection::webhook_url::{InvalidUrl, UrlPolicy, WebhookUrl};

/// Takes a webhook's URL: one that HubSpot itself could call, or one of this machine.
pub fn deployed_webhook(url: &str) -> Result<WebhookUrl, InvalidUrl> {
    let reach = WebhookUrl::parse(url, UrlPolicy::Local)?.reach();
    WebhookUrl::parse(url, reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stages_webhook_is_called_by_https_only() {
        assert!(deployed_webhook("https://calls.example.com/numbers").is_ok());
        let plain = deployed_webhook("http://calls.example.com/numbers");
        assert_eq!(plain, Err(InvalidUrl::NotHttps));
    }

    #[test]
    fn this_machines_own_may_be_called_without() {
        for url in ["http://localhost:3000/", "http://127.0.0.1:3000/"] {
            assert!(deployed_webhook(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn an_address_within_a_network_is_neither() {
        let refused = |url| deployed_webhook(url).unwrap_err();
        assert_eq!(refused("http://10.0.0.1/"), InvalidUrl::NotHttps);
        assert_eq!(refused("https://10.0.0.1/"), InvalidUrl::NotPublic);
    }
}
