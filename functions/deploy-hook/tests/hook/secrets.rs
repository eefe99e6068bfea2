//! Deploys without the right secrets, and what is told of them.

use serde_json::{Value, json};

use crate::support::{CLIENT_ID, World, as_it_is};

#[tokio::test]
async fn an_answer_that_broke_off_shows_nothing_of_the_secret_in_it() {
    let world = World::new().await;
    world.aws.secrets.lock().unwrap().client_secret = "broken, and marked".into();
    let told = world.deploy("create", as_it_is).await;
    let reason = told["Reason"].as_str().unwrap();
    assert_eq!(
        reason,
        "cannot read the secret client-secret: Secrets Manager gave no usable answer"
    );
}

#[tokio::test]
async fn a_refused_credential_is_named_by_kind_and_never_shown() {
    let world = World::new().await;
    for credential in [
        json!({"developerApiKey": "marked-wrong"}),
        json!({"accessToken": "marked-wrong"}),
    ] {
        world.aws.secrets.lock().unwrap().credential = credential.to_string();
        let told = world.deploy("create", as_it_is).await;
        let reason = told["Reason"].as_str().unwrap();
        let kind = if credential.get("accessToken").is_some() {
            "access token"
        } else {
            "developer API key"
        };
        assert!(
            reason.starts_with(&format!(
                "HubSpot refused the {kind} with 401 (correlation id "
            )),
            "{reason}"
        );
        assert!(
            reason.ends_with("HubSpot holds what it held before."),
            "{reason}"
        );
        assert!(!told.to_string().contains("marked"), "{told}");
    }
}

#[tokio::test]
async fn a_stack_may_come_before_its_secrets_but_its_url_does_not_change_without_them() {
    let empty: [fn(&World); 2] = [
        |world| world.aws.secrets.lock().unwrap().credential = "{}".into(),
        |world| world.aws.secrets.lock().unwrap().client_secret = "{}".into(),
    ];
    for (unset, name) in empty
        .into_iter()
        .zip(["HubSpot credential", "client secret"])
    {
        let world = World::new().await;
        unset(&world);
        let reason = format!(
            "Nothing was told to HubSpot: the {name} is not set yet. Set it, then deploy again."
        );
        let unchanged = |event: &mut Value| {
            event["OldResourceProperties"]["WebhookUrl"] = world.webhook_url.as_str().into();
        };
        for told in [
            world.deploy("create", as_it_is).await,
            world.deploy("update", unchanged).await,
        ] {
            assert_eq!(
                (&told["Status"], &told["Reason"]),
                (&json!("SUCCESS"), &json!(reason))
            );
        }
        assert_eq!(world.deploy("update", as_it_is).await["Status"], "FAILED");
        assert_eq!(world.deploy("delete", as_it_is).await["Status"], "SUCCESS");
        assert_eq!(world.held(), None);
    }
}

#[tokio::test]
async fn oauth_credentials_that_hubspot_refuses_are_named_with_what_to_check() {
    let world = World::new().await;
    let wrong = json!({"clientId": CLIENT_ID, "clientSecret": "marked-wrong"});
    world.aws.secrets.lock().unwrap().credential = wrong.to_string();
    let told = world.deploy("create", as_it_is).await;
    let reason = told["Reason"].as_str().unwrap();
    assert!(
        reason
            .starts_with("HubSpot refused the OAuth client credentials with 401 (correlation id "),
        "{reason}"
    );
    assert!(
        reason.contains("developers-read and developers-write"),
        "{reason}"
    );
    assert!(!reason.contains("marked"), "{reason}");
}
