//! The directory of a release: the packaged functions, their templates, and everything's sums.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    str::FromStr,
};

use flate2::read::DeflateDecoder;
use semver::Version;
use sha2::{Digest, Sha256};

use crate::{
    deploy::{download, parameters::Template},
    outcome::Failure,
    stack::Stack,
};

pub(super) const SUMS: &str = "SHA256SUMS";
const FUNCTIONS: [&str; 2] = ["numbers-webhook", "deploy-hook"];
/// What an ELF file has at its 19th byte: <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>
const PROCESSORS: [(&str, [u8; 2]); 2] = [("arm64", [0xb7, 0]), ("x86_64", [0x3e, 0])];

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

/// A release's directory whose files are what its sums say.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) template: PathBuf,
    version: Version,
}

impl Bundle {
    /// Opens a release for a processor, and verifies it; a version is downloaded first.
    pub(super) async fn open(source: &Source, architecture: &str) -> Result<Self, Failure> {
        let directory = match source {
            Source::Directory(directory) => directory.clone(),
            Source::Version(version) => download::download(version, &names(architecture)).await?,
        };
        verify(&directory, &names(architecture))?;
        for function in FUNCTIONS {
            check_processor(
                &directory.join(format!("{function}-{architecture}.zip")),
                architecture,
            )?;
        }
        let template = directory.join(template_name(architecture));
        let named = Template::read(Some(&template))?;
        let named = named.default("Version").and_then(version);
        let version = named
            .ok_or_else(|| damaged(&directory, "its template names no version of a release"))?;
        match source {
            Source::Version(wanted) if *wanted != version => Err(damaged(
                &directory,
                &format!("expected v{wanted}, got v{version}"),
            )),
            _ => Ok(Self { template, version }),
        }
    }

    /// Names the release.
    pub(super) fn name(&self) -> String {
        format!("v{}", self.version)
    }

    /// Refuses to replace a newer release.
    pub(super) fn check_newer(&self, stack: &Stack) -> Result<(), Failure> {
        let Some(deployed) = stack.output("Version").ok().and_then(version) else {
            return Ok(());
        };
        if deployed <= self.version {
            return Ok(());
        }
        let (name, own) = (&stack.target.stack, &self.version);
        Err(Failure::refused(format!(
            "{name} has v{deployed}, which is newer than v{own}. Nothing was uploaded. To go back, read the upgrade notes in the changelog, and add --downgrade."
        ))
        .then(stack.command(&format!("diff --version v{own}"))))
    }
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

/// Reads lines of `sha256sum`: the sums by the files' names.
pub(super) fn parse_sums(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
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

/// Checks every file of a release that is there; those of `needed` must be.
fn verify(directory: &Path, needed: &[String]) -> Result<(), Failure> {
    let place = directory.display();
    let sums = fs::read_to_string(directory.join(SUMS)).map_err(|error| {
        let no_release = format!("Cannot read {SUMS} in {place}: {error}. Name a directory with a release's files, or a version like v1.0.0.");
        Failure::bad_input(no_release)
    })?;
    let sums = parse_sums(&sums);
    if let Some(name) = needed.iter().find(|name| !sums.contains_key(*name)) {
        let unlisted = format!("{SUMS} does not list {name}");
        return Err(damaged(directory, &unlisted));
    }
    for (name, expected) in &sums {
        match fs::read(directory.join(name)) {
            Ok(bytes) if sum(&bytes) == *expected => {}
            Ok(_) => {
                let changed = format!(
                    "{name} is not what {SUMS} says: it is damaged, or somebody changed it"
                );
                return Err(damaged(directory, &changed));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if needed.contains(name) {
                    return Err(damaged(directory, &format!("{name} is missing")));
                }
            }
            Err(error) => return Err(damaged(directory, &format!("cannot read {name}: {error}"))),
        }
    }
    Ok(())
}

fn damaged(directory: &Path, reason: &str) -> Failure {
    let place = directory.display();
    Failure::bad_input(format!(
        "The release in {place} cannot be used: {reason}. Nothing was uploaded. Delete {place}, and download the release again."
    ))
}

fn check_processor(zip: &Path, architecture: &str) -> Result<(), Failure> {
    let directory = zip.parent().unwrap_or(zip);
    let name = zip.file_name().unwrap_or_default().display().to_string();
    let header = read_header(zip)
        .map_err(|error| damaged(directory, &format!("cannot read {name}: {error}")))?;
    let is_elf = header.starts_with(b"\x7fELF");
    let found = PROCESSORS
        .iter()
        .find(|(_, machine)| is_elf && header.ends_with(machine));
    match found {
        Some((found, _)) if *found == architecture => Ok(()),
        found => {
            let found = found.map_or("no program that Lambda runs", |(found, _)| *found);
            Err(damaged(
                directory,
                &format!("{name} must hold a program for {architecture}, got {found}"),
            ))
        }
    }
}

/// Returns how a zip's first file begins: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, 4.3.7.
fn read_header(zip: &Path) -> io::Result<[u8; 20]> {
    let (mut zip, mut entry, mut header) = (File::open(zip)?, [0; 30], [0; 20]);
    zip.read_exact(&mut entry)?;
    let length = |at: usize| i64::from(u16::from_le_bytes([entry[at], entry[at + 1]]));
    zip.seek(SeekFrom::Current(length(26) + length(28)))?;
    DeflateDecoder::new(zip).read_exact(&mut header)?;
    Ok(header)
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
