//! The template that is deployed: its parameters, and where its functions' code lies.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;
use yaml_rust2::{Yaml, YamlLoader};

use crate::samconfig;

const FILE: &str = "infra/template.yaml";

/// A SAM template.
#[derive(Debug)]
pub struct Template {
    /// Where it is.
    pub path: PathBuf,
    /// Its parameters with their defaults; none where one has to be given.
    pub parameters: BTreeMap<String, Option<String>>,
    /// The packaged functions.
    code: Vec<PathBuf>,
}

/// The reason a template cannot be deployed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is in the repository only.
    #[error(
        "There is no {FILE} here or in a folder above. Run this in the repository, or add --template FILE."
    )]
    NoFile,
    /// It cannot be read.
    #[error("Cannot read the template {0}: {1}")]
    Unreadable(String, String),
    /// A function was not built.
    #[error("There is no {0}. Build the functions first: make build")]
    NotBuilt(String),
}

impl Template {
    /// Reads a template, the repository's unless another one is named.
    pub fn read(path: Option<&Path>) -> Result<Self, TemplateError> {
        let path = path.map(Path::to_owned).or_else(|| samconfig::above(FILE));
        let path = path.ok_or(TemplateError::NoFile)?;
        let unreadable =
            |error: String| TemplateError::Unreadable(path.display().to_string(), error);
        let text = fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        let documents =
            YamlLoader::load_from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        let document = documents.first().unwrap_or(&Yaml::BadValue);
        if document["Resources"].as_hash().is_none() {
            return Err(unreadable("it has no Resources".into()));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        Ok(Self {
            parameters: parameters(document),
            code: code(document).map(|uri| folder.join(uri)).collect(),
            path,
        })
    }

    /// Returns when the older of the functions was built.
    pub fn built(&self) -> Result<Option<Timestamp>, TemplateError> {
        let mut built = None;
        for file in &self.code {
            let changed = fs::metadata(file).and_then(|found| found.modified());
            let changed: SystemTime = changed.map_err(|_| TemplateError::NotBuilt(shown(file)))?;
            let changed = Timestamp::try_from(changed).ok();
            built = match (built, changed) {
                (Some(before), Some(changed)) => Some(std::cmp::min(before, changed)),
                (before, changed) => before.or(changed),
            };
        }
        Ok(built)
    }
}

fn parameters(document: &Yaml) -> BTreeMap<String, Option<String>> {
    let declared = document["Parameters"].as_hash().into_iter().flatten();
    declared
        .filter_map(|(name, parameter)| Some((name.as_str()?.into(), text(&parameter["Default"]))))
        .collect()
}

/// Returns the packages that lie beside the template, and not in a bucket.
fn code(document: &Yaml) -> impl Iterator<Item = &str> {
    let resources = document["Resources"].as_hash().into_iter().flatten();
    resources
        .filter_map(|(_, resource)| resource["Properties"]["CodeUri"].as_str())
        .filter(|uri| !uri.contains("://"))
}

fn text(scalar: &Yaml) -> Option<String> {
    match scalar {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Writes a path without the steps up and down in it.
fn shown(file: &Path) -> String {
    let mut shown = PathBuf::new();
    for part in file.components() {
        match part {
            std::path::Component::ParentDir if shown.file_name().is_some() => {
                shown.pop();
            }
            part => shown.push(part),
        }
    }
    shown.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> Template {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        Template::read(Some(&path)).unwrap()
    }

    #[test]
    fn reads_parameters_with_their_defaults() {
        let parameters = repository().parameters;
        let default = |name: &str| parameters[name].as_deref();
        assert_eq!(default("AppId"), None);
        assert_eq!(default("DeployId"), None);
        assert_eq!(default("IsReady"), Some("keep"));
        assert_eq!(default("ClientSecretArn"), Some(""));
        assert_eq!(default("ProbeLeastNumbers"), Some("0"));
        assert_eq!(default("AllowLocalUrls"), Some("false"));
    }

    #[test]
    fn names_the_function_that_is_not_built() {
        let template = repository();
        assert_eq!(template.code.len(), 2);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("infra/template.yaml");
        fs::create_dir(folder.path().join("infra")).unwrap();
        fs::copy(&template.path, &path).unwrap();
        let missing = Template::read(Some(&path)).unwrap().built().unwrap_err();
        let missing = missing.to_string();
        assert!(missing.contains("/target/lambda/"), "{missing}");
        assert!(!missing.contains(".."), "{missing}");
    }
}
