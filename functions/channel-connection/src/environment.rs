//! Configuration from environment variables, parsed into types once, at start.

use std::{error::Error, str::FromStr};

use crate::webhook_url::UrlPolicy;

/// Looks a variable up by name; `std::env::var(name).ok()` in a function, a table in a test.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that keeps the function from starting; its value is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    #[error("the environment variable {name} {reason}")]
    Invalid { name: &'static str, reason: Reason },
}

type Reason = Box<dyn Error + Send + Sync>;

/// Reads a variable that must be set.
pub fn required<T>(lookup: Lookup<'_>, name: &'static str) -> Result<T, EnvironmentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    required_with(lookup, name, T::from_str)
}

/// Reads a variable that must be set, with a parser of its own.
pub fn required_with<T, E: Into<Reason>>(
    lookup: Lookup<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, EnvironmentError> {
    let text = optional(lookup, name).ok_or(EnvironmentError::Missing(name))?;
    parse(&text).map_err(|reason| EnvironmentError::Invalid {
        name,
        reason: reason.into(),
    })
}

/// Reads a variable that may be left unset; an empty one counts as unset.
pub fn optional(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).filter(|text| !text.is_empty())
}

/// Reads a variable that may be left unset, and then has a default.
pub fn or_default<T>(
    lookup: Lookup<'_>,
    name: &'static str,
    default: T,
) -> Result<T, EnvironmentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    match optional(lookup, name) {
        Some(_) => required(lookup, name),
        None => Ok(default),
    }
}

/// Reads `ALLOW_LOCAL_URLS`, which only the local stack sets to `true`.
pub fn url_policy(lookup: Lookup<'_>) -> Result<UrlPolicy, EnvironmentError> {
    const NAME: &str = "ALLOW_LOCAL_URLS";
    if optional(lookup, NAME).is_none() {
        return Ok(UrlPolicy::Public);
    }
    required_with(lookup, NAME, |text| match text {
        "true" => Ok(UrlPolicy::Local),
        "false" => Ok(UrlPolicy::Public),
        _ => Err("must be true or false"),
    })
}

/// Reads the process's own variables.
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
