//! The template that is deployed, and its parameters for one deploy.

use std::{
    collections::BTreeMap,
    env::{self, consts::ARCH},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use jiff::Timestamp;
use yaml_rust2::{Yaml, YamlLoader};

use crate::{
    outcome::Failure,
    stack::{
        Stack, samconfig,
        target::{LocalPorts, Target},
    },
};

const FILE: &str = "infra/template.yaml";
/// Where `make run` puts the functions that it packages.
const LOCAL_TEMPLATE: &str = ".local/run/cloud/infra/template.yaml";
/// The id of the simulated HubSpot's only app.
const LOCAL_APP: &str = "1234567";
/// As many digits as SAM keeps in a version's logical id.
const MAX_DEPLOY_ID: u64 = 9_999_999_999;

/// Values by the parameters' names.
pub type Parameters = BTreeMap<String, String>;

/// A SAM template.
#[derive(Debug)]
pub struct Template {
    pub path: PathBuf,
    pub text: String,
    /// Its parameters with their defaults; none where one has to be given.
    parameters: BTreeMap<String, Option<String>>,
    /// The packaged functions, by what the template calls them.
    pub code: BTreeMap<String, PathBuf>,
}

impl Template {
    /// Reads a template, the repository's unless another one is named.
    pub fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let path = path.map(Path::to_owned).or_else(|| samconfig::above(FILE));
        let path = path.ok_or_else(|| {
            Failure::bad_input(format!(
                "There is no {FILE} here or in a folder above. Run this in the repository, or add --template FILE."
            ))
        })?;
        let unreadable = |error: String| {
            let path = path.display();
            Failure::bad_input(format!("Cannot read the template {path}: {error}"))
        };
        let text = fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        let documents =
            YamlLoader::load_from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        let document = documents.first().unwrap_or(&Yaml::BadValue);
        let Some(resources) = document["Resources"].as_hash() else {
            return Err(unreadable("it has no Resources".into()));
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let parameters = document["Parameters"].as_hash().into_iter().flatten();
        // Other packages lie in a bucket.
        let code = resources
            .iter()
            .filter_map(|(_, resource)| resource["Properties"]["CodeUri"].as_str())
            .filter(|uri| !uri.contains("://"));
        Ok(Self {
            parameters: parameters
                .filter_map(|(name, parameter)| {
                    Some((name.as_str()?.into(), text_of(&parameter["Default"])))
                })
                .collect(),
            code: code.map(|uri| (uri.into(), folder.join(uri))).collect(),
            path,
            text,
        })
    }

    /// Returns a parameter's default.
    pub fn default(&self, parameter: &str) -> Option<&str> {
        self.parameters.get(parameter)?.as_deref()
    }

    /// Writes a copy beside the functions that `make run` has packaged, and reads it.
    ///
    /// The local AWS shows SAM the parameters' defaults only, and SAM makes a version of `DeployId`.
    pub fn laid_out(&self, deploy_id: &str) -> Result<Self, Failure> {
        let failed = |error: String| {
            Failure::failed(format!(
                "Cannot lay out the template for the local AWS: {error}. Start it in another terminal: make run"
            ))
        };
        let beside = samconfig::above(LOCAL_TEMPLATE);
        let beside = beside.ok_or_else(|| failed(format!("there is no {LOCAL_TEMPLATE}")))?;
        let copy = beside.with_file_name("channelctl.yaml");
        fs::write(&copy, with_default(&self.text, deploy_id))
            .map_err(|error| failed(error.to_string()))?;
        Self::read(Some(&copy))
    }

    /// Returns when the older of the functions was built.
    pub fn built(&self) -> Result<Option<Timestamp>, Failure> {
        let built = self.code.values().map(|file| {
            let modified = fs::metadata(file).and_then(|found| found.modified());
            modified.map_err(|_| {
                let file = file.display().to_string().replace("infra/../", "");
                Failure::bad_input(format!("There is no {file}. Build the functions first."))
                    .then("make build".to_owned())
            })
        });
        let built = built.collect::<Result<Vec<_>, _>>()?;
        let oldest = built.into_iter().min();
        Ok(oldest.and_then(|time| Timestamp::try_from(time).ok()))
    }

    /// Returns the commit that the template lies in, if git knows it.
    fn commit(&self) -> Option<String> {
        let folder = fs::canonicalize(&self.path).ok()?;
        let described = Command::new("git")
            .current_dir(folder.parent()?)
            .args(["describe", "--always", "--dirty"])
            .output();
        let described = described.ok().filter(|ran| ran.status.success())?;
        let described = String::from_utf8(described.stdout).ok()?;
        // A tag may have a slash or a plus, which the template's parameter does not take.
        Some(described.trim().replace(['/', '+'], "-"))
    }
}

/// Gives the parameter `DeployId` a default.
pub fn with_default(template: &str, deploy_id: &str) -> String {
    let declared = "  DeployId:\n    Type: String\n";
    let default = format!("{declared}    Default: \"{deploy_id}\"\n");
    template.replacen(declared, &default, 1)
}

fn text_of(scalar: &Yaml) -> Option<String> {
    match scalar {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Splits `NAME=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), Failure> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) =
        pair.ok_or_else(|| Failure::usage(format!("expected NAME=VALUE, got {text}")))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Returns what the template is given, without the id and the processor of one deploy.
///
/// Parameters that a stage does not name get the template's defaults: CloudFormation would give
/// them the values of the deploy before. A stack without a stage keeps its values but for `IsReady`.
pub fn for_target(
    target: &Target,
    template: &Template,
    given: &[(String, String)],
    is_new: bool,
) -> Result<Parameters, Failure> {
    let mut named = Parameters::new();
    if let Some(stage) = &target.stage {
        for text in &stage.parameter_overrides {
            named.extend([pair(text)?]);
        }
        if is_new && named.contains_key("DeletionProtection") {
            // A first deploy that fails must be able to take its table back.
            named.insert("DeletionProtection".into(), "false".into());
        }
        if let Some(ports) = target.local {
            named.extend(of_local_stages(ports));
        }
    }
    named.extend(given.iter().cloned());
    // An empty one is to be filled in, or left to the template.
    named.retain(|_, value| !value.is_empty());
    let unknown = named
        .keys()
        .find(|name| !template.parameters.contains_key(*name));
    if let Some(unknown) = unknown {
        return Err(Failure::usage(format!(
            "The template has no parameter {unknown}. infra/README.md lists them."
        )));
    }
    if named.contains_key("Architecture") {
        return Err(Failure::usage(
            "Set the architecture with --architecture, not as a parameter.",
        ));
    }
    if template.parameters.contains_key("Version")
        && !named.contains_key("Version")
        && let Some(commit) = template.commit()
    {
        named.insert("Version".into(), commit);
    }
    let Some(stage) = &target.stage else {
        if template.parameters.contains_key("IsReady") {
            // A value of an earlier deploy would undo a hold.
            named.entry("IsReady".into()).or_insert("keep".into());
        }
        return Ok(named);
    };
    if !named.contains_key("AppId") {
        return Err(Failure::bad_input(format!(
            "Set AppId for {} in {}: the id of your app in HubSpot.",
            stage.name,
            samconfig::FILE
        )));
    }
    let defaults = template.parameters.iter();
    let mut parameters: Parameters = defaults
        .filter_map(|(name, default)| Some((name.clone(), default.clone()?)))
        .collect();
    parameters.extend(named);
    Ok(parameters)
}

fn of_local_stages(ports: LocalPorts) -> [(String, String); 4] {
    let hubspot = format!("http://127.0.0.1:{}/", ports.hubspot);
    // The local AWS has no CodeDeploy.
    [
        ("AppId", LOCAL_APP),
        ("HubSpotApiUrl", &hubspot),
        ("AllowLocalUrls", "true"),
        ("Deployment", "AllAtOnce"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
}

/// Reads the parameters that a pipeline sets, with spaces between them.
pub fn from_environment() -> Result<Vec<(String, String)>, Failure> {
    let text = env::var("PARAMETERS").unwrap_or_default();
    text.split_whitespace().map(pair).collect()
}

/// Checks that a deploy's number is greater than the one that the stack has.
pub fn check_deploy_id(target: &Target, given: &str, stack: Option<&Stack>) -> Result<(), Failure> {
    let number: Option<u64> = given.parse().ok();
    let number = number.filter(|number| *number <= MAX_DEPLOY_ID && given.len() <= 10);
    let number = number.ok_or_else(|| {
        Failure::usage(format!(
            "DeployId must be a whole number of at most 10 digits, got {given}."
        ))
    })?;
    let Some(present) = stack.and_then(|stack| stack.parameter("DeployId")) else {
        return Ok(());
    };
    let next = present.parse::<u64>().unwrap_or_default() + 1;
    if number >= next {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "DeployId must grow with each deploy, got {given} after {present}. It is the clock of whoever deploys: this machine's is behind, or the last deploy's was ahead. Check this clock. If it is right, go on with the next number: --parameter DeployId={next}"
    ))
    .then(target.command("doctor")))
}

/// Returns the processor that functions are built for, as AWS names it.
pub fn architecture(target: &Target) -> &'static str {
    match ARCH {
        "x86_64" if target.is_local() => "x86_64",
        _ => "arm64",
    }
}
