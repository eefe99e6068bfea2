//! The stages, as `infra/samconfig.toml` names them; and what a release's first deploy adds there.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use anstream::eprintln;
use channel_connection::ids::AppId;
use serde::{Deserialize, Deserializer};

use crate::{outcome::Failure, stack::target::TargetOptions, terminal};

pub const FILE: &str = "infra/samconfig.toml";
/// Where a release's user has the stages.
const BESIDE: &str = "samconfig.toml";
/// The repository's stages, which a release's user begins with.
const STAGES: &str = include_str!("../../../samconfig.toml");

/// A stage: its stack, its account and region where it names them, and its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Stage {
    #[serde(skip)]
    pub name: String,
    /// The file that has it.
    #[serde(skip)]
    pub file: PathBuf,
    pub stack_name: String,
    pub region: Option<String>,
    pub profile: Option<String>,
    /// The bucket for packaged functions, if not SAM's.
    pub s3_bucket: Option<String>,
    /// The stack's tags as `NAME=VALUE`.
    #[serde(default, deserialize_with = "overrides")]
    pub tags: Vec<String>,
    /// The template's parameters as `NAME=VALUE`.
    #[serde(default, deserialize_with = "overrides")]
    pub parameter_overrides: Vec<String>,
}

/// SAM takes a list, or one text with spaces between the parameters.
fn overrides<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Overrides {
        List(Vec<String>),
        Text(String),
    }
    Ok(match Overrides::deserialize(deserializer)? {
        Overrides::List(list) => list,
        Overrides::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
    })
}

/// Reads a stage.
pub fn stage(name: &str) -> Result<Stage, Failure> {
    let file = find().ok_or_else(|| {
        Failure::usage(format!(
            "There is no {FILE} here or in a folder above. Run this in the repository, or name the stack: --stack NAME."
        ))
    })?;
    let text = fs::read_to_string(&file).map_err(|error| unreadable(&error.to_string()))?;
    let stage = parse(&text, name)?;
    Ok(Stage { file, ..stage })
}

fn unreadable(error: &str) -> Failure {
    Failure::bad_input(format!("{FILE}: {error}"))
}

pub fn parse(samconfig: &str, name: &str) -> Result<Stage, Failure> {
    let file: toml::Table = samconfig
        .parse()
        .map_err(|error: toml::de::Error| unreadable(error.message()))?;
    // Beside the stages stands the file's version.
    let Some(section) = file.get(name).filter(|section| section.is_table()) else {
        let stages = file.iter().filter(|(_, section)| section.is_table());
        let known: Vec<_> = stages.map(|(name, _)| name.as_str()).collect();
        return Err(Failure::usage(format!(
            "There is no stage {name} in {FILE}. There are: {}.",
            known.join(", ")
        )));
    };
    // As SAM reads them: the command's parameters count more than those of all commands.
    let mut parameters = toml::Table::new();
    for command in ["global", "deploy"] {
        let found = section
            .get(command)
            .and_then(|command| command.get("parameters")?.as_table());
        parameters.extend(found.cloned().unwrap_or_default());
    }
    let stage: Stage = parameters.try_into().map_err(|error: toml::de::Error| {
        unreadable(&format!("[{name}.deploy.parameters]: {}", error.message()))
    })?;
    Ok(Stage {
        name: name.to_owned(),
        ..stage
    })
}

/// Finds the file with the stages.
pub fn find() -> Option<PathBuf> {
    above(FILE).or_else(|| above(BESIDE))
}

/// Finds a file of the repository from wherever in it the command runs.
pub fn above(file: &str) -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors()
        .map(|folder: &Path| folder.join(file))
        .find(|file| file.is_file())
}

/// Gives a stage its `AppId`, profile and region where it has no `AppId` yet.
pub fn set_up(options: &TargetOptions, app_id: Option<&str>) -> Result<(), Failure> {
    let Some(stage) = options.stage.as_deref() else {
        return Ok(());
    };
    let existing = find();
    let file = existing.clone().unwrap_or_else(|| PathBuf::from(BESIDE));
    let shown = file.display();
    let unusable = |error: io::Error| Failure::bad_input(format!("{shown}: {error}"));
    let text = match &existing {
        Some(file) => fs::read_to_string(file).map_err(unusable)?,
        None => STAGES.to_owned(),
    };
    let overrides = parse(&text, stage)?.parameter_overrides;
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
    let answer = match default {
        "" => terminal::prompt(&format!("{question}: "))?,
        _ => terminal::prompt(&format!("{question} [{default}]: "))?,
    };
    Ok(if answer.is_empty() {
        default.to_owned()
    } else {
        answer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_stage_as_sam_does() {
        let samconfig = r#"
            version = 0.1
            [dev.global.parameters]
            stack_name = "calls-dev"
            region = "us-east-1"
            [dev.deploy.parameters]
            region = "eu-central-1"
            profile = "production"
            parameter_overrides = ["AppId=1", "LogLevel=WARN"]
            [text.deploy.parameters]
            stack_name = "calls"
            parameter_overrides = "AppId=1 LogLevel=WARN"
        "#;
        let dev = parse(samconfig, "dev").unwrap();
        assert_eq!(dev.stack_name, "calls-dev");
        assert_eq!(dev.region.as_deref(), Some("eu-central-1"));
        assert_eq!(dev.profile.as_deref(), Some("production"));
        for stage in ["dev", "text"] {
            let stage = parse(samconfig, stage).unwrap();
            assert_eq!(stage.parameter_overrides, ["AppId=1", "LogLevel=WARN"]);
        }
    }

    #[test]
    fn refuses_a_stage_without_a_stack() {
        let error = parse("[dev.deploy.parameters]\nx = 1", "dev").unwrap_err();
        assert!(
            error.message.contains("missing field `stack_name`"),
            "{error}"
        );
    }

    #[test]
    fn answers_reach_one_stage_only() {
        let region = || Some("eu-west-1".to_owned());
        let text = with_answers(STAGES, "staging", "7", Some(String::new()), region()).unwrap();
        let staging = parse(&text, "staging").unwrap();
        assert_eq!(staging.region, region());
        assert_eq!(staging.profile, None);
        assert!(
            staging
                .parameter_overrides
                .iter()
                .any(|one| one == "AppId=7")
        );
        for stage in ["dev", "prod"] {
            let parsed = |text| parse(text, stage).unwrap();
            assert_eq!(parsed(&text), parsed(STAGES), "{stage}");
        }
        let again = with_answers(&text, "staging", "8", None, None);
        assert_eq!(again, None, "an AppId is never replaced");
    }
}
