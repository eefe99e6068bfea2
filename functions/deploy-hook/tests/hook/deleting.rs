//! What is removed with a stack.

use crate::support::{ELSEWHERE, World, as_it_is, settings};

#[tokio::test]
async fn delete_removes_the_settings_only_if_they_are_this_stacks() {
    let world = World::new().await;
    world.hold(&world.webhook_url, true);
    assert_eq!(world.deploy("delete", as_it_is).await["Status"], "SUCCESS");
    assert_eq!(world.held(), None);
    assert_eq!(
        world.deploy("delete", as_it_is).await["Reason"],
        "HubSpot held no settings."
    );
    world.hold(ELSEWHERE, true);
    let told = world.deploy("delete", as_it_is).await;
    assert_eq!(
        told["Reason"],
        "HubSpot holds another URL, which was left alone."
    );
    assert_eq!(world.held(), settings(ELSEWHERE, true));
}
