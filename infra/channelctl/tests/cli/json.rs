//! JSON as a contract: each command's document, and each error, against its schema.

use axum::{Router, routing::post};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    aws::{Account, Aws},
    registering::report,
    stages::{Checkout, deployed},
    support::{document, run},
};

#[track_caller]
pub fn assert_valid(name: &str, text: &str) -> Value {
    document("stack", name, text)
}

fn account() -> Account {
    let mut account = deployed();
    account.report = report(true);
    account.parameters = vec![("AppId", "1234567".into())];
    account.change_sets = vec![("own".into(), "1796000000".into())];
    let secret = r#"{"clientSecret":"marked"}"#.into();
    account.secrets.insert("arn:client".into(), secret);
    account
}

#[tokio::test]
async fn every_document_has_its_shape() {
    let input = r#"{"clientSecret":"marked-2"}"#;
    for (schema, arguments, code) in [
        ("status", &["status"][..], 0),
        ("doctor", &["doctor"], 0),
        ("programVersion", &["version"], 0),
        ("deploy", &["deploy"], 0),
        ("deploy", &["deploy", "--check"], 0),
        ("diff", &["diff"], 0),
        ("secretsSet", &["secrets", "set"], 0),
        ("secretsSet", &["secrets", "end-rotation"], 0),
        ("registration", &["hold", "--yes"], 0),
        ("registration", &["release", "--dry-run"], 0),
        (
            "registration",
            &["register", "--is-ready", "true", "--yes"],
            0,
        ),
        ("registration", &["unregister", "--yes"], 0),
        ("registration", &["verify"], 0),
        ("delete", &["delete", "--yes"], 0),
    ] {
        let (checkout, aws) = (Checkout::new(), Aws::start(account()).await);
        let arguments = [&["--stage", "dev", "--json"], arguments].concat();
        let mut command = checkout.program(&aws, &arguments);
        command.env("PARAMETERS", "DeployId=1796000000");
        let ran = run(command, input).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.errors);
        let document = assert_valid(schema, &ran.output);
        assert!(!ran.output.contains("marked"), "{document:#}");
        let snapshot = arguments[3..].join("-").replace("--", "");
        insta::with_settings!({filters => vec![
            (r"http://127.0.0.1:\d+", "[aws]"),
            (r#""commit": .*,"#, r#""commit": "[commit]","#),
            (r"changed [0-9a-z ]+", "changed [ago]"),
        ]}, {
            insta::assert_snapshot!(format!("json-{snapshot}"), ran.output);
        });
    }
}

#[tokio::test]
async fn a_call_has_its_shape() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/numbers", listener.local_addr().unwrap());
    let webhook = post(|| async { r#"{"phoneNumbers":[]}"# });
    let routes = Router::new().route("/numbers", webhook);
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let mut account = account();
    account.outputs.retain(|(name, _)| *name != "WebhookUrl");
    account.outputs.push(("WebhookUrl", url.leak()));
    let (checkout, aws) = (Checkout::new(), Aws::start(account).await);
    let arguments = ["--stage", "dev", "--json", "call", "--portal", "62515"];
    let ran = checkout.run(&aws, &arguments).await;
    let document = assert_valid("call", &ran.output);
    assert_eq!(
        (&document["status"], &document["body"]["phoneNumbers"]),
        (&200.into(), &Value::Array(vec![]))
    );
}

#[tokio::test]
async fn every_error_has_its_kind_and_exit_code() {
    for (kind, arguments, input, code) in [
        ("usage", &["status", "--stage", "qa"][..], "", 2),
        ("usage", &["stats", "--stage", "dev"], "", 2),
        ("usage", &["logs", "--stage", "dev"], "", 2),
        ("failed", &["status", "--stage", "dev"], "", 1),
        ("findings", &["doctor", "--stage", "dev"], "", 3),
        ("notConfirmed", &["delete", "--stage", "dev"], "", 4),
        ("badInput", &["secrets", "set", "--stage", "dev"], "{}", 5),
        ("badInput", &["deploy", "--stage", "empty"], "", 5),
        ("refused", &["unregister", "--yes", "--stage", "dev"], "", 6),
        ("refused", &["delete", "--yes", "--stage", "prod"], "", 6),
    ] {
        let mut account = account();
        account.report = report(false);
        account.is_protected = arguments.contains(&"prod");
        if ["failed", "findings"].contains(&kind) {
            account.status = None;
        }
        let (checkout, aws) = (Checkout::new(), Aws::start(account).await);
        let arguments = [arguments, &["--json"]].concat();
        let ran = run(checkout.program(&aws, &arguments), input).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.errors);
        let error = ran.errors.lines().last().unwrap();
        assert_eq!(assert_valid("error", error)["error"]["kind"], kind);
    }
}
