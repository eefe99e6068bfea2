//! A release: its place, and the directory with the packaged functions, their templates and sums.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use anstream::eprintln;
use channel_connection::http_client::{self, USER_AGENT};
use reqwest::{Client, StatusCode, redirect};
use semver::Version;
use sha2::{Digest, Sha256};

use crate::{deploy::parameters::Template, outcome::Failure, stack::Stack, terminal};

const SUMS: &str = "SHA256SUMS";
const FUNCTIONS: [&str; 2] = ["numbers-webhook", "deploy-hook"];
/// Where a mirror is, in place of the address that this program was built with.
const VARIABLE: &str = "CHANNELCTL_RELEASES";
const BUILT_WITH: Option<&str> = option_env!("CHANNELCTL_RELEASES");
/// Timeout of one file, over a slow line.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Maximum size of one file; Lambda takes zips of up to 50 MB.
const MAX_BYTES: usize = 50_000_000;

/// The place of a release: on GitHub by its version, or in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Version(Version),
    Directory(PathBuf),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(version) = version(text) {
            return Ok(Self::Version(version));
        }
        let path = PathBuf::from(text);
        if path.is_dir() {
            return Ok(Self::Directory(path));
        }
        Err("expected a version like v1.0.0, or a directory with a release's files".into())
    }
}

/// Opens a release for a processor, and verifies it; a version is downloaded first.
pub(super) async fn open(
    source: &Source,
    architecture: &str,
) -> Result<(Template, Version), Failure> {
    let names = names(architecture);
    let directory = match source {
        Source::Directory(directory) => directory.clone(),
        Source::Version(version) => download(version, &names).await?,
    };
    verify(&directory, &names)?;
    let template = Template::read(Some(&directory.join(template_name(architecture))))?;
    let released = template.default("Version").and_then(version);
    let version = released
        .ok_or_else(|| damaged(&directory, "its template names no version of a release"))?;
    match source {
        Source::Version(wanted) if *wanted != version => {
            let other = format!("expected v{wanted}, got v{version}");
            Err(damaged(&directory, &other))
        }
        _ => Ok((template, version)),
    }
}

/// Refuses to replace a newer release.
pub(super) fn check_newer(own: &Version, stack: &Stack) -> Result<(), Failure> {
    let Some(deployed) = stack.output("Version").ok().and_then(version) else {
        return Ok(());
    };
    if deployed <= *own {
        return Ok(());
    }
    let name = &stack.target.stack;
    Err(Failure::refused(format!(
        "{name} has v{deployed}, which is newer than v{own}. Nothing was uploaded. To go back, read the upgrade notes in the changelog, and add --downgrade."
    ))
    .then(stack.command(&format!("diff --version v{own}"))))
}

fn version(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v')?).ok()
}

fn template_name(architecture: &str) -> String {
    format!("template-{architecture}.yaml")
}

/// Returns the files that a deploy uses.
fn names(architecture: &str) -> Vec<String> {
    let functions = FUNCTIONS.map(|function| format!("{function}-{architecture}.zip"));
    [template_name(architecture)]
        .into_iter()
        .chain(functions)
        .collect()
}

pub(super) fn sum(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    let mut hex = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Reads lines of `sha256sum`: the sums by the files' names.
fn parse_sums(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(sum, name)| (name, sum)).collect()
}

/// Checks that the files are there, and what the sums say.
fn verify(directory: &Path, names: &[String]) -> Result<(), Failure> {
    let place = directory.display();
    let text = fs::read_to_string(directory.join(SUMS)).map_err(|error| {
        let no_release = format!("Cannot read {SUMS} in {place}: {error}. Name a directory with a release's files, or a version like v1.0.0.");
        Failure::bad_input(no_release)
    })?;
    let sums = parse_sums(&text);
    for name in names {
        let reason = match (fs::read(directory.join(name)), sums.get(name.as_str())) {
            (Ok(bytes), Some(expected)) if sum(&bytes) == *expected => continue,
            (Ok(_), Some(_)) => {
                format!("{name} is not what {SUMS} says: it is damaged, or somebody changed it")
            }
            (Ok(_), None) => format!("{SUMS} does not list {name}"),
            (Err(error), _) => format!("cannot read {name}: {error}"),
        };
        return Err(damaged(directory, &reason));
    }
    Ok(())
}

fn damaged(directory: &Path, reason: &str) -> Failure {
    let place = directory.display();
    Failure::bad_input(format!(
        "The release in {place} cannot be used: {reason}. Nothing was uploaded. Delete {place}, and download the release again."
    ))
}

/// Downloads a release's sums, and its files that are not here as these say; returns its directory.
async fn download(version: &Version, names: &[String]) -> Result<PathBuf, Failure> {
    let directory = PathBuf::from(format!("channel-connection-v{version}"));
    let releases = env::var(VARIABLE).ok().filter(|url| !url.is_empty());
    let releases = releases.or_else(|| BUILT_WITH.map(str::to_owned));
    let releases = releases.ok_or_else(|| {
        Failure::usage(format!(
            "This program does not know where releases are. Set {VARIABLE}=https://github.com/OWNER/NAME/releases, or name a directory with the release's files."
        ))
    })?;
    let base = format!("{}/download/v{version}", releases.trim_end_matches('/'));
    let client = client(&base)?;
    let sums = fetch(&client, &base, SUMS).await?;
    fs::create_dir_all(&directory).map_err(|error| unwritable(&directory, &error))?;
    let text = String::from_utf8_lossy(&sums);
    let listed = parse_sums(&text);
    for name in names {
        let file = directory.join(name);
        let is_listed = |bytes: Vec<u8>| listed.get(name.as_str()) == Some(&sum(&bytes).as_str());
        if !fs::read(&file).is_ok_and(is_listed) {
            let bytes = fetch(&client, &base, name).await?;
            write(&file, &bytes)?;
        }
    }
    // Last, so that a download that broke off is no release's directory.
    write(&directory.join(SUMS), &sums)?;
    Ok(directory)
}

fn client(base: &str) -> Result<Client, Failure> {
    let is_local = base.starts_with("http://127.0.0.1:");
    // GitHub sends its files from another host.
    // Fails if one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .https_only(!is_local)
        .redirect(redirect::Policy::limited(5))
        .timeout(TIMEOUT)
        .user_agent(USER_AGENT)
        .build();
    client.map_err(|error| Failure::failed(format!("Cannot download: {error}")))
}

async fn fetch(client: &Client, base: &str, name: &str) -> Result<Vec<u8>, Failure> {
    let url = format!("{base}/{name}");
    let failed = |reason: String| {
        Failure::failed(format!(
            "Cannot download {url}: {reason}. Nothing was changed."
        ))
    };
    eprintln!("downloading {url}");
    let response = terminal::wait("the download", client.get(&url).send()).await;
    let response = response.map_err(|error| failed(http_client::cause(&error)))?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            return Err(failed(
                "there is no such file. Look which releases there are".into(),
            ));
        }
        status => return Err(failed(format!("expected 200, got {status}"))),
    }
    let body = terminal::wait("the download", http_client::body(response, MAX_BYTES)).await;
    body.map_err(|error| failed(error.to_string()))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| unwritable(file, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::failed(format!(
        "Cannot write {path}: {error}. Nothing was changed."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_version_or_a_directory() {
        let directory = env!("CARGO_MANIFEST_DIR");
        for (text, expected) in [
            ("v1.2.3", Some(Source::Version(Version::new(1, 2, 3)))),
            (directory, Some(Source::Directory(directory.into()))),
            ("1.2.3", None),
            ("latest", None),
        ] {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }

    #[test]
    fn orders_versions_of_releases_only() {
        for (older, newer) in [("v1.9.0", "v1.10.0"), ("v1.0.0-rc.1", "v1.0.0")] {
            assert!(version(older) < version(newer), "{older}");
        }
        for text in ["a93a63e", "unknown", "1.0.0", "v1"] {
            assert_eq!(version(text), None, "{text}");
        }
    }
}
