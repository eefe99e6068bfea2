//! The picker page as a browser gets it, and what the simulator does for it.
#![allow(clippy::unwrap_used, reason = "a test's set-up may fail loudly")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use channel_connection::{client_secrets::SigningSecret, http_client, webhook_url::UrlPolicy};
use hubspot_simulator::{Account, AccountKeys, Simulator};
use reqwest::{Client, StatusCode, header::HOST};
use serde_json::json;

const KEY: &str = "developer-api-key";
const SETTINGS: &str = "/crm/extensions/calling/2026-03/1234567/settings/channel-connection";

async fn start() -> Simulator {
    let secret = SigningSecret::new("marked-client-secret").unwrap();
    let keys = AccountKeys {
        developer_api_key: KEY.into(),
        access_token: "unused".into(),
        client_id: "unused".into(),
        client_secret: "unused".into(),
    };
    let account = Account::new("1234567".parse().unwrap(), secret, keys);
    Simulator::on_free_port(account).await.unwrap()
}

fn http() -> Client {
    http_client::client(Duration::from_secs(30), UrlPolicy::Local).unwrap()
}

async fn get(url: String) -> reqwest::Response {
    http().get(url).send().await.unwrap()
}

#[tokio::test]
async fn the_simulator_answers_within_50_ms_of_its_start() {
    let http = http();
    let mut fastest = Duration::MAX;
    // The machine may be busy with something else at one of them.
    for _ in 0..5 {
        let started = Instant::now();
        let simulator = start().await;
        let answer = http.get(simulator.api_url() + "/simulator").send().await;
        fastest = fastest.min(started.elapsed());
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[tokio::test]
async fn the_page_and_all_that_it_loads_come_from_the_simulator_alone() {
    let simulator = start().await;
    let page = get(simulator.api_url() + "/").await;
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    let page = page.text().await.unwrap();
    assert!(page.contains("<title>") && !page.contains("<style") && !page.contains("style="));
    let mut texts = vec![page];
    let mut seen = BTreeSet::new();
    while let Some(text) = texts.pop() {
        assert!(
            !text.contains("://") && !text.contains("innerHTML"),
            "{text}"
        );
        for file in loaded(&text) {
            if seen.insert(file.clone()) {
                let answer = get(format!("{}/{file}", simulator.api_url())).await;
                assert_eq!(answer.status(), StatusCode::OK, "{file}");
                texts.push(answer.text().await.unwrap());
            }
        }
    }
    assert!(
        seen.contains("picker.css") && seen.contains("element.js"),
        "{seen:?}"
    );
}

/// What a page or a script loads, by its attributes and imports.
fn loaded(text: &str) -> Vec<String> {
    ["href=\"", "src=\"", "from \"./"]
        .into_iter()
        .flat_map(|mark| text.split(mark).skip(1))
        .filter_map(|behind| behind.split_once('"'))
        .map(|(file, _)| file.to_owned())
        .filter(|file| file != "data:,")
        .collect()
}

#[tokio::test]
async fn a_page_elsewhere_cannot_reach_it_by_a_name_of_its_own() {
    let simulator = start().await;
    let asked = http().get(simulator.api_url() + "/simulator");
    let answer = asked
        .header(HOST, "rebound.example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_page_elsewhere_cannot_post_without_being_asked_for_leave() {
    let simulator = start().await;
    for path in ["/simulator/call", "/simulator/calls", "/simulator/faults"] {
        let asked = http().post(simulator.api_url() + path);
        let answer = asked
            .header("content-type", "text/plain")
            .body("[]")
            .send()
            .await;
        assert_eq!(
            answer.unwrap().status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_fault_stands_until_it_is_taken_away() {
    let simulator = start().await;
    let status = async || {
        let url = format!("{}{SETTINGS}?hapikey={KEY}", simulator.api_url());
        get(url).await.status().as_u16()
    };
    let arm = async |fault| {
        let url = simulator.api_url() + "/simulator/standing-fault";
        let answer = http().put(url).json(&fault).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    };
    assert_eq!(status().await, 404);
    arm(json!({"when": "before", "how": {"status": 429}})).await;
    assert_eq!((status().await, status().await), (429, 429));
    arm(json!({"when": "before", "how": {"delay": 1}})).await;
    assert_eq!(status().await, 404, "late, but HubSpot's own");
    arm(json!(null)).await;
    assert_eq!(status().await, 404);
}
