//! Configuration from environment variables, parsed into types once, at start.

use std::{error::Error, str::FromStr};

use crate::webhook_url::UrlPolicy;

/// Looks a variable up by name; `std::env::var(name).ok()` in a function, a table in a test.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that keeps the function from starting.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// The variable's value, which is not repeated, does not parse.
    #[error("the environment variable {name} {reason}")]
    Invalid {
        /// The variable's name.
        name: &'static str,
        /// What its value must be.
        reason: Box<dyn Error + Send + Sync>,
    },
}

/// Reads a variable that must be set.
pub fn required<T>(lookup: Lookup<'_>, name: &'static str) -> Result<T, EnvironmentError>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    required_with(lookup, name, T::from_str)
}

/// Reads a variable that must be set, with a parser of its own.
pub fn required_with<T, E: Error + Send + Sync + 'static>(
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
    match optional(lookup, NAME).as_deref() {
        Some("true") => Ok(UrlPolicy::Local),
        None | Some("false") => Ok(UrlPolicy::Public),
        Some(_) => Err(EnvironmentError::Invalid {
            name: NAME,
            reason: "must be true or false".into(),
        }),
    }
}

/// Reads the process's own variables.
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AppId;

    #[test]
    fn names_a_bad_variable_without_its_value() {
        let error = required::<AppId>(&|_| Some("marked".into()), "APP_ID")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the environment variable APP_ID must be a whole number from 1 to 9223372036854775807"
        );
    }

    #[test]
    fn names_an_unset_or_empty_variable() {
        for value in [None, Some(String::new())] {
            let error = required::<AppId>(&|_| value.clone(), "APP_ID")
                .unwrap_err()
                .to_string();
            assert_eq!(error, "the environment variable APP_ID is not set");
        }
    }
}
