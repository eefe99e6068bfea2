//! The stages, as `infra/samconfig.toml` names them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer};

use crate::outcome::Failure;

pub const FILE: &str = "infra/samconfig.toml";
/// Where a release's user has the stages.
const BESIDE: &str = "samconfig.toml";

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
}
