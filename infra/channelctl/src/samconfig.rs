//! The stages, as `infra/samconfig.toml` names them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

const STAGES: &str = "infra/samconfig.toml";

/// A stage's stack, and its region where the file names one.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Stage {
    /// The stack's name.
    pub stack_name: String,
    /// The region, for the AWS SDK's own ways to find one otherwise.
    pub region: Option<String>,
}

/// The reason nobody can tell a stage's stack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// Stages are known in the repository only.
    #[error("There is no {STAGES} here or in a folder above. Name the stack itself: --stack NAME.")]
    NoFile,
    /// The file that has them cannot be read.
    #[error("{STAGES}: {0}")]
    Unreadable(String),
    /// The file has no such stage.
    #[error("There is no stage {stage} in {STAGES}. There are: {known}.")]
    Unknown {
        /// What was asked for.
        stage: String,
        /// What there is.
        known: String,
    },
}

/// Reads which stack a stage has.
pub fn stage(name: &str) -> Result<Stage, StageError> {
    let file = above(STAGES).ok_or(StageError::NoFile)?;
    let text = fs::read_to_string(file);
    let text = text.map_err(|error| StageError::Unreadable(error.to_string()))?;
    parse(&text, name)
}

/// What a stage's section holds of what is read here.
#[derive(Deserialize)]
struct Section {
    deploy: Command,
}

/// A command of SAM, and what it is told.
#[derive(Deserialize)]
struct Command {
    parameters: Stage,
}

fn parse(samconfig: &str, name: &str) -> Result<Stage, StageError> {
    let unreadable = |error: toml::de::Error| StageError::Unreadable(error.message().into());
    let mut file: toml::Table = samconfig.parse().map_err(unreadable)?;
    // Beside the stages stands the file's version.
    file.retain(|_, section| section.is_table());
    let Some(section) = file.remove(name) else {
        let known: Vec<_> = file.keys().map(String::as_str).collect();
        return Err(StageError::Unknown {
            stage: name.to_owned(),
            known: known.join(", "),
        });
    };
    let section: Section = section.try_into().map_err(unreadable)?;
    Ok(section.deploy.parameters)
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
        [dev.deploy.parameters]
        stack_name = "calls-dev"
        parameter_overrides = ["AppId=1"]
        [prod.deploy.parameters]
        stack_name = "calls"
        region = "eu-central-1"
    "#;

    #[test]
    fn a_stage_names_its_stack_and_maybe_its_region() {
        let of = |name| parse(SAMCONFIG, name).unwrap();
        assert_eq!(
            (of("dev").stack_name, of("dev").region),
            ("calls-dev".into(), None)
        );
        assert_eq!(of("prod").region.as_deref(), Some("eu-central-1"));
    }

    #[test]
    fn a_stage_that_is_none_is_told_from_those_there_are() {
        let error = parse(SAMCONFIG, "qa").unwrap_err();
        assert_eq!(
            error.to_string(),
            "There is no stage qa in infra/samconfig.toml. There are: dev, prod."
        );
    }

    #[test]
    fn a_stage_without_a_stack_is_said_to_be_wrong() {
        for (section, lacks) in [
            ("[dev.build]", "deploy"),
            ("[dev.deploy]\nx = 1", "parameters"),
            ("[dev.deploy.parameters]\nx = 1", "stack_name"),
        ] {
            let told = parse(section, "dev").unwrap_err().to_string();
            let field = format!("infra/samconfig.toml: missing field `{lacks}`");
            assert!(told.starts_with(&field), "{told}");
        }
    }
}
