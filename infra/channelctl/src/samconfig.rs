//! The stages, as `infra/samconfig.toml` names them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// The file that has the stages.
pub const FILE: &str = "infra/samconfig.toml";

/// A stage: its stack, its account and region where it names them, and its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Stage {
    /// The stage's name.
    #[serde(skip)]
    pub name: String,
    /// The file that has it.
    #[serde(skip)]
    pub file: PathBuf,
    /// The stack's name.
    pub stack_name: String,
    /// The region; the AWS SDK finds one otherwise.
    pub region: Option<String>,
    /// The profile to sign in with; the AWS SDK finds one otherwise.
    pub profile: Option<String>,
    /// The template's parameters as `NAME=VALUE`.
    #[serde(default)]
    pub parameter_overrides: Overrides,
}

/// SAM takes a list, or one text with spaces between the parameters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Overrides {
    /// A parameter each.
    List(Vec<String>),
    /// All in one.
    Text(String),
}

/// The reason a stage cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// Stages are known in the repository only.
    #[error(
        "There is no {FILE} here or in a folder above. Run this in the repository, or name the stack: --stack NAME."
    )]
    NoFile,
    /// The file that has them cannot be read.
    #[error("{FILE}: {0}")]
    Unreadable(String),
    /// The file has no such stage.
    #[error("There is no stage {stage} in {FILE}. There are: {known}.")]
    Unknown {
        /// What was asked for.
        stage: String,
        /// What there is.
        known: String,
    },
}

impl Default for Overrides {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Overrides {
    /// Returns the parameters, each as `NAME=VALUE`.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (list, text) = match self {
            Self::List(list) => (list.as_slice(), ""),
            Self::Text(text) => ([].as_slice(), text.as_str()),
        };
        list.iter()
            .map(String::as_str)
            .chain(text.split_whitespace())
    }
}

/// Reads a stage.
pub fn stage(name: &str) -> Result<Stage, StageError> {
    let file = above(FILE).ok_or(StageError::NoFile)?;
    let text = fs::read_to_string(&file);
    let text = text.map_err(|error| StageError::Unreadable(error.to_string()))?;
    let mut stage = parse(&text, name)?;
    stage.file = file;
    Ok(stage)
}

fn parse(samconfig: &str, name: &str) -> Result<Stage, StageError> {
    let unreadable = |error: toml::de::Error| StageError::Unreadable(error.message().into());
    let mut file: toml::Table = samconfig.parse().map_err(unreadable)?;
    // Beside the stages stands the file's version.
    file.retain(|_, section| section.is_table());
    let Some(section) = file.get(name) else {
        let known: Vec<_> = file.keys().map(String::as_str).collect();
        return Err(StageError::Unknown {
            stage: name.to_owned(),
            known: known.join(", "),
        });
    };
    // As SAM reads them: the command's parameters count more than those of all commands.
    let mut parameters = toml::Table::new();
    for command in ["global", "deploy"] {
        let of_command = section
            .get(command)
            .and_then(|command| command.get("parameters"));
        parameters.extend(
            of_command
                .and_then(|found| found.as_table().cloned())
                .unwrap_or_default(),
        );
    }
    let stage: Stage = parameters.try_into().map_err(|error: toml::de::Error| {
        StageError::Unreadable(format!("[{name}.deploy.parameters]: {}", error.message()))
    })?;
    Ok(Stage {
        name: name.to_owned(),
        ..stage
    })
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

    const SAMCONFIG: &str = r#"
        version = 0.1
        [dev.global.parameters]
        stack_name = "calls-dev"
        [dev.deploy.parameters]
        parameter_overrides = ["AppId=1", "LogLevel=WARN"]
        [prod.global.parameters]
        region = "us-east-1"
        [prod.deploy.parameters]
        stack_name = "calls"
        region = "eu-central-1"
        profile = "production"
        parameter_overrides = "AppId=1 LogLevel=WARN"
    "#;

    #[test]
    fn reads_stack_region_and_profile() {
        let dev = parse(SAMCONFIG, "dev").unwrap();
        assert_eq!((dev.stack_name.as_str(), dev.region), ("calls-dev", None));
        let prod = parse(SAMCONFIG, "prod").unwrap();
        assert_eq!(prod.region.as_deref(), Some("eu-central-1"));
        assert_eq!(prod.profile.as_deref(), Some("production"));
    }

    #[test]
    fn reads_parameters_as_list_or_text() {
        for stage in ["dev", "prod"] {
            let stage = parse(SAMCONFIG, stage).unwrap();
            let parameters: Vec<_> = stage.parameter_overrides.iter().collect();
            assert_eq!(parameters, ["AppId=1", "LogLevel=WARN"]);
        }
    }

    #[test]
    fn an_unknown_stage_lists_the_known_ones() {
        let error = parse(SAMCONFIG, "qa").unwrap_err();
        assert_eq!(
            error.to_string(),
            "There is no stage qa in infra/samconfig.toml. There are: dev, prod."
        );
    }

    #[test]
    fn a_stage_without_a_stack_is_refused() {
        for section in [
            "[dev.build]",
            "[dev.deploy]\nx = 1",
            "[dev.deploy.parameters]\nx = 1",
        ] {
            let error = parse(section, "dev").unwrap_err().to_string();
            let expected =
                "infra/samconfig.toml: [dev.deploy.parameters]: missing field `stack_name`";
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
