//! The template's parameters for one deploy.

use std::{collections::BTreeMap, env::consts::ARCH};

use crate::{
    deploy::template::Template,
    samconfig,
    stack::Stack,
    target::{LocalPorts, Target},
};

/// The id of the simulated HubSpot's only app.
const LOCAL_APP: &str = "1234567";
/// As many digits as SAM keeps in a version's logical id.
const MAX_DEPLOY_ID: u64 = 9_999_999_999;

/// Values by the parameters' names.
pub type Parameters = BTreeMap<String, String>;

/// The reason a stack cannot be deployed with these parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It has no value.
    #[error("expected NAME=VALUE, got {0}")]
    NoValue(String),
    /// The template has none of that name.
    #[error("The template has no parameter {0}. infra/README.md lists them.")]
    Unknown(String),
    /// It follows from the build.
    #[error("Set the architecture with --architecture, not as a parameter.")]
    Architecture,
    /// The stage is for no app yet.
    #[error(
        "Set AppId for {stage} in {}: the id of your app in HubSpot.",
        samconfig::FILE
    )]
    NoApp {
        /// The stage's name.
        stage: String,
    },
    /// SAM would cut it.
    #[error("DeployId must be a whole number of at most 10 digits, got {0}.")]
    DeployId(String),
    /// CloudFormation and the deploy-hook would take the deploy for an older one.
    #[error(
        "DeployId must grow with each deploy, got {given} after {present}. It is the clock of whoever deploys: this machine's is behind, or the last deploy's was ahead. Check this clock: {doctor}. If it is right{wait}"
    )]
    NotGrowing {
        /// What the deploy would have.
        given: u64,
        /// What the stack has.
        present: String,
        /// The command that looks at the clock.
        doctor: String,
        /// What else there is to do.
        wait: String,
    },
}

impl ParameterError {
    /// Tells whether the command line has to change, and not a file or a clock.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoValue(_) | Self::Unknown(_) | Self::Architecture | Self::DeployId(_)
        )
    }
}

/// Splits `NAME=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), ParameterError> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or_else(|| ParameterError::NoValue(text.to_owned()))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Returns what the template is given, without what every deploy has of its own.
///
/// Parameters that a stage does not name get the template's defaults: CloudFormation would give
/// them the values of the deploy before. A stack without a stage keeps its values.
pub fn for_target(
    target: &Target,
    template: &Template,
    given: &[(String, String)],
) -> Result<Parameters, ParameterError> {
    let mut named = Parameters::new();
    if let Some(stage) = &target.stage {
        for text in stage.parameter_overrides.iter() {
            named.extend([pair(text)?]);
        }
    }
    if let Some(ports) = target.local.filter(|_| target.stage.is_some()) {
        named.extend(of_local_stages(ports));
    }
    named.extend(given.iter().cloned());
    // An empty one is to be filled in, or left to the template.
    named.retain(|_, value| !value.is_empty());
    if let Some(unknown) = named
        .keys()
        .find(|name| !template.parameters.contains_key(*name))
    {
        return Err(ParameterError::Unknown(unknown.clone()));
    }
    if named.contains_key("Architecture") {
        return Err(ParameterError::Architecture);
    }
    let Some(stage) = &target.stage else {
        return Ok(named);
    };
    if !named.contains_key("AppId") {
        let stage = stage.name.clone();
        return Err(ParameterError::NoApp { stage });
    }
    let mut parameters: Parameters = template
        .parameters
        .iter()
        .filter_map(|(name, default)| Some((name.clone(), default.clone()?)))
        .collect();
    parameters.extend(named);
    Ok(parameters)
}

/// Returns what is different for a stage on the local AWS.
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

/// Checks that a deploy's number is greater than the one that the stack has.
pub fn check_deploy_id(
    target: &Target,
    given: &str,
    stack: Option<&Stack>,
) -> Result<(), ParameterError> {
    let number: Option<u64> = given.parse().ok();
    let number = number.filter(|number| *number <= MAX_DEPLOY_ID && given.len() <= 10);
    let number = number.ok_or_else(|| ParameterError::DeployId(given.to_owned()))?;
    let Some(present) = stack.and_then(|stack| stack.parameter("DeployId")) else {
        return Ok(());
    };
    // Before it was limited, it could have 38 digits.
    let present_number: u128 = present.parse().unwrap_or_default();
    if u128::from(number) > present_number {
        return Ok(());
    }
    let next = present_number + 1;
    Err(ParameterError::NotGrowing {
        given: number,
        present: present.to_owned(),
        doctor: target.command("doctor"),
        wait: if next > u128::from(MAX_DEPLOY_ID) {
            ", delete the stack first: no number of 10 digits is greater.".into()
        } else {
            format!(", go on with the next number: --parameter DeployId={next}")
        },
    })
}

/// Returns the processor that functions are built for, as AWS names it.
pub fn architecture(target: &Target) -> &'static str {
    match ARCH {
        "x86_64" if target.is_local() => "x86_64",
        _ => "arm64",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samconfig::Overrides;
    use std::path::Path;

    fn template() -> Template {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        Template::read(Some(&path)).unwrap()
    }

    fn stage(options: &[&str], overrides: &[&str]) -> Target {
        let mut target = Target::of_options(options);
        let overrides = overrides.iter().copied().map(str::to_owned).collect();
        if let Some(stage) = &mut target.stage {
            stage.parameter_overrides = Overrides::List(overrides);
        }
        target
    }

    fn refused(overrides: &[&str], given: &[(&str, &str)]) -> ParameterError {
        let given: Vec<_> = given
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        for_target(&stage(&["--stage", "dev"], overrides), &template(), &given).unwrap_err()
    }

    #[test]
    fn unnamed_parameters_of_a_stage_get_their_defaults() {
        let dev = stage(
            &["--stage", "dev"],
            &["AppId=7", "AlarmEmail=", "IsReady=true"],
        );
        let given = [("IsReady".into(), "false".into())];
        let parameters = for_target(&dev, &template(), &given).unwrap();
        assert_eq!(parameters["AppId"], "7");
        assert_eq!(parameters["IsReady"], "false");
        assert_eq!(
            (
                parameters["AlarmEmail"].as_str(),
                parameters["OnDelete"].as_str()
            ),
            ("", "remove")
        );
        assert!(!parameters.contains_key("DeployId"));
    }

    #[test]
    fn a_stack_without_a_stage_keeps_its_parameters() {
        let given = [("IsReady".into(), "false".into())];
        for options in [&["--stack", "calls"][..], &["--local"]] {
            let parameters = for_target(&Target::of_options(options), &template(), &given);
            assert_eq!(parameters.unwrap().len(), 1, "{options:?}");
        }
    }

    #[test]
    fn a_local_stage_uses_the_simulated_hubspot() {
        let local = stage(
            &["--local", "--stage", "prod"],
            &["AppId=", "Deployment=Canary10Percent10Minutes"],
        );
        let parameters = for_target(&local, &template(), &[]).unwrap();
        assert_eq!(parameters["AppId"], LOCAL_APP);
        assert_eq!(parameters["HubSpotApiUrl"], "http://127.0.0.1:4577/");
        assert_eq!(parameters["Deployment"], "AllAtOnce");
    }

    #[test]
    fn unusable_parameters_are_refused() {
        for (error, expected) in [
            (
                refused(&["AppId="], &[]),
                "Set AppId for dev in infra/samconfig.toml",
            ),
            (refused(&["AppId"], &[]), "expected NAME=VALUE, got AppId"),
            (
                refused(&["AppId=7"], &[("Isready", "true")]),
                "no parameter Isready",
            ),
            (
                refused(&["AppId=7", "Architecture=arm64"], &[]),
                "--architecture",
            ),
        ] {
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_deploy_id_must_grow_within_ten_digits() {
        let target = Target::of_options(&["--stage", "dev"]);
        let check = |given: &str, present: Option<&str>| {
            let stack = present.map(|id| Stack::with_parameter("DeployId", id));
            check_deploy_id(&target, given, stack.as_ref()).map_err(|error| error.to_string())
        };
        assert_eq!(check("1796000000", None), Ok(()));
        assert_eq!(check("1796000001", Some("1796000000")), Ok(()));
        for present in ["1796000000", "1796000001"] {
            let error = check("1796000000", Some(present)).unwrap_err();
            assert!(error.contains("channelctl --stage dev doctor"), "{error}");
            assert!(error.contains("--parameter DeployId=179600000"), "{error}");
        }
        let error = check("1796000000", Some("20261127120130")).unwrap_err();
        assert!(error.contains("delete the stack first"), "{error}");
        for given in ["20261127120130", "abc", "", "-1", "00000000001"] {
            assert!(
                check(given, None)
                    .unwrap_err()
                    .contains("at most 10 digits"),
                "{given}"
            );
        }
    }
}
