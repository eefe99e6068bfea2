//! JSON as a contract: each command's document, and each error, against its schema.

use axum::{Router, routing::post};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    aws::Account,
    checkout::{TestEnv, deployed},
    registering::report,
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
    for (schema, line) in [
        ("status", "status"),
        ("doctor", "doctor"),
        ("programVersion", "version"),
        ("deploy", "deploy"),
        ("deploy", "deploy --check"),
        ("diff", "diff"),
        ("secretsSet", "secrets set"),
        ("secretsSet", "secrets end-rotation"),
        ("registration", "hold --yes"),
        ("registration", "release --dry-run"),
        ("registration", "register --is-ready true --yes"),
        ("registration", "unregister --yes"),
        ("registration", "verify"),
        ("delete", "delete --yes"),
    ] {
        let env = TestEnv::start(account()).await;
        let mut command = env.command(&format!("--stage dev --json {line}"));
        command.env("PARAMETERS", "DeployId=1796000000");
        let ran = run(command, input).await;
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.errors);
        let document = assert_valid(schema, &ran.output);
        assert!(!ran.output.contains("marked"), "{document:#}");
        let snapshot = line.replace(' ', "-").replace("---", "-");
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
    let env = TestEnv::start(account).await;
    let ran = env.run("--stage dev --json call --portal 62515").await;
    let document = assert_valid("call", &ran.output);
    assert_eq!(
        (&document["status"], &document["body"]["phoneNumbers"]),
        (&200.into(), &Value::Array(vec![]))
    );
}

#[tokio::test]
async fn every_error_has_its_kind_and_exit_code() {
    for (kind, line, input, code) in [
        ("usage", "--stage qa status", "", 2),
        ("usage", "--stage dev stats", "", 2),
        ("usage", "--stage dev logs", "", 2),
        ("failed", "--stage dev status", "", 1),
        ("findings", "--stage dev doctor", "", 3),
        ("notConfirmed", "--stage dev delete", "", 4),
        ("badInput", "--stage dev secrets set", "{}", 5),
        ("badInput", "--stage empty deploy", "", 5),
        ("refused", "--stage dev unregister --yes", "", 6),
        ("refused", "--stage prod delete --yes", "", 6),
    ] {
        let mut account = account();
        account.report = report(false);
        account.is_protected = line.contains("prod");
        if ["failed", "findings"].contains(&kind) {
            account.status = None;
        }
        let env = TestEnv::start(account).await;
        let ran = run(env.command(&format!("{line} --json")), input).await;
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.errors);
        let error = ran.errors.lines().last().unwrap();
        assert_eq!(assert_valid("error", error)["error"]["kind"], kind);
    }
}
