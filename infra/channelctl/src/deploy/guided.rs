//! A stage's first deploy of a release: asks for what is missing, and writes samconfig.toml.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{self, IsTerminal},
    path::PathBuf,
};

use anstream::{eprint, eprintln};
use channel_connection::ids::AppId;

use crate::{
    outcome::Failure,
    stack::{samconfig, target::TargetOptions},
};

/// The repository's stages, which a release's user begins with.
const STAGES: &str = include_str!("../../../samconfig.toml");

/// Gives a stage its `AppId`, profile and region where it has no `AppId` yet.
pub(super) fn set_up(options: &TargetOptions, app_id: Option<&str>) -> Result<(), Failure> {
    let Some(stage) = options.stage.as_deref() else {
        return Ok(());
    };
    let existing = samconfig::find();
    let file = existing
        .clone()
        .unwrap_or_else(|| PathBuf::from("samconfig.toml"));
    let shown = file.display();
    let unusable = |error: io::Error| Failure::bad_input(format!("{shown}: {error}"));
    let text = match &existing {
        Some(file) => fs::read_to_string(file).map_err(unusable)?,
        None => STAGES.to_owned(),
    };
    let overrides = samconfig::parse(&text, stage)?.parameter_overrides;
    let has_app = overrides
        .iter()
        .any(|one| one.starts_with("AppId=") && one != "AppId=");
    if has_app || (existing.is_some() && app_id.is_some()) {
        return Ok(());
    }
    let asks = io::stdin().is_terminal();
    let app_id = match app_id {
        Some(app_id) => app_id.to_owned(),
        None if asks => ask("Id of your calling app in HubSpot", "")?,
        None => {
            return Err(Failure::usage(format!(
                "{stage} has no AppId: the id of your calling app in HubSpot. Add --parameter AppId=..., or set it in {shown}."
            )));
        }
    };
    let app_id: AppId = app_id
        .parse()
        .map_err(|error| Failure::bad_input(format!("AppId {error}")))?;
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let (mut profile, mut region) = (options.profile.clone(), options.region.clone());
    if asks && profile.is_none() {
        profile = Some(ask(
            "AWS profile",
            &variable("AWS_PROFILE").unwrap_or_default(),
        )?);
    }
    if asks && region.is_none() {
        let default = variable("AWS_REGION").unwrap_or_else(|| "us-east-1".into());
        region = Some(ask("AWS region", &default)?);
    }
    let text = with_answers(&text, stage, &app_id.to_string(), profile, region);
    let text = text.ok_or_else(|| {
        Failure::bad_input(format!(
            "Set AppId for {stage} in {shown}: the id of your app in HubSpot."
        ))
    })?;
    fs::write(&file, text).map_err(unusable)?;
    eprintln!("{stage} is written to {shown}");
    Ok(())
}

/// Writes answers into a stage's section; `None` where it has no empty `AppId`.
fn with_answers(
    text: &str,
    stage: &str,
    app_id: &str,
    profile: Option<String>,
    region: Option<String>,
) -> Option<String> {
    let header = format!("[{stage}.deploy.parameters]\n");
    let (before, after) = text.split_once(&header)?;
    let end = after.find("\n[").unwrap_or(after.len());
    let (section, after) = after.split_at(end);
    let (first, last) = section.split_once("\"AppId=\"")?;
    let mut settings = String::new();
    for (name, value) in [("profile", profile), ("region", region)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // TOML takes JSON's strings.
            let _ = writeln!(settings, "{name} = {}", serde_json::Value::from(value));
        }
    }
    Some(format!(
        "{before}{header}{settings}{first}\"AppId={app_id}\"{last}{after}"
    ))
}

fn ask(question: &str, default: &str) -> Result<String, Failure> {
    let shown = if default.is_empty() {
        String::new()
    } else {
        format!(" [{default}]")
    };
    eprint!("{question}{shown}: ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    let answer = answer.trim();
    Ok(if answer.is_empty() { default } else { answer }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_reach_one_stage_only() {
        let region = || Some("eu-west-1".to_owned());
        let text = with_answers(STAGES, "staging", "7", Some(String::new()), region()).unwrap();
        let staging = samconfig::parse(&text, "staging").unwrap();
        assert_eq!(staging.region, region());
        assert_eq!(staging.profile, None);
        assert!(
            staging
                .parameter_overrides
                .iter()
                .any(|one| one == "AppId=7")
        );
        for stage in ["dev", "prod"] {
            let parsed = |text| samconfig::parse(text, stage).unwrap();
            assert_eq!(parsed(&text), parsed(STAGES), "{stage}");
        }
        let again = with_answers(&text, "staging", "8", None, None);
        assert_eq!(again, None, "an AppId is never replaced");
    }
}
