//! The page as a browser gets it, and what other pages of that browser cannot do.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use hubspot_simulator::Simulator;
use reqwest::{Method, header::HOST};

use crate::hubspot::{HubSpot, response};

#[tokio::test]
async fn starts_within_50_ms() {
    let mut hubspot = HubSpot::start().await;
    let mut fastest = Duration::MAX;
    // The machine may be busy with something else at one of them.
    for _ in 0..5 {
        let started = Instant::now();
        hubspot.simulator = Simulator::on_free_port(HubSpot::account()).await.unwrap();
        let (status, _) = response(hubspot.request(Method::GET, "/simulator")).await;
        fastest = fastest.min(started.elapsed());
        assert_eq!(status, 200);
    }
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[tokio::test]
async fn loads_nothing_from_elsewhere() {
    let hubspot = HubSpot::start().await;
    let get = async |path: &str| {
        let response = hubspot.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response
    };
    let page = get("/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    let policy_start = "default-src 'none'; script-src 'self'";
    assert!(policy.starts_with(policy_start), "{policy}");
    let page = page.text().await.unwrap();
    assert!(page.contains("<title>") && !page.contains("<style") && !page.contains("style="));
    let (mut texts, mut seen) = (vec![page], BTreeSet::new());
    while let Some(text) = texts.pop() {
        assert!(
            !text.contains("://") && !text.contains("innerHTML"),
            "{text}"
        );
        for file in loaded(&text) {
            if seen.insert(file.clone()) {
                texts.push(get(&format!("/{file}")).await.text().await.unwrap());
            }
        }
    }
    let files = ["page.js", "picker.css", "picker.js", "requests.js"];
    assert_eq!(seen, files.map(str::to_owned).into());
}

/// Lists the files that a page or a script loads, by its attributes and imports.
fn loaded(text: &str) -> Vec<String> {
    ["href=\"", "src=\"", "from \"./"]
        .into_iter()
        .flat_map(|mark| text.split(mark).skip(1))
        .filter_map(|rest| rest.split_once('"'))
        .map(|(file, _)| file.to_owned())
        .filter(|file| file != "data:,")
        .collect()
}

#[tokio::test]
async fn rejects_a_name_of_another_page() {
    let hubspot = HubSpot::start().await;
    let request = hubspot.request(Method::GET, "/simulator");
    let (status, body) = response(request.header(HOST, "rebound.example.com")).await;
    assert_eq!((status, &body["status"]), (421, &"error".into()));
}

#[tokio::test]
async fn rejects_posts_that_browsers_send_unasked() {
    let hubspot = HubSpot::start().await;
    for path in ["/simulator/call", "/simulator/calls", "/simulator/faults"] {
        let request = hubspot.request(Method::POST, path);
        let request = request.header("content-type", "text/plain").body("[]");
        assert_eq!(response(request).await.0, 415, "{path}");
    }
}
