//! A release's files, from where the project publishes them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anstream::eprintln;
use channel_connection::http_client::{self, USER_AGENT};
use reqwest::{Client, StatusCode, redirect};
use semver::Version;

use crate::{
    deploy::bundle::{self, SUMS},
    outcome::Failure,
    terminal,
};

/// Where a mirror is, in place of the address that this program was built with.
const VARIABLE: &str = "CHANNELCTL_RELEASES";
const BUILT_WITH: Option<&str> = option_env!("CHANNELCTL_RELEASES");
/// Timeout of one file, over a slow line.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Maximum size of one file; Lambda takes zips of up to 50 MB.
const MAX_BYTES: usize = 50_000_000;

/// Downloads what is still missing of a release, and returns its directory.
pub(super) async fn download(version: &Version, names: &[String]) -> Result<PathBuf, Failure> {
    let releases = env::var(VARIABLE).ok().filter(|url| !url.is_empty());
    let releases = releases.or_else(|| BUILT_WITH.map(str::to_owned));
    let releases = releases.ok_or_else(|| {
        Failure::usage(format!(
            "This program does not know where releases are. Set {VARIABLE}=https://github.com/OWNER/NAME/releases, or name a directory with the release's files."
        ))
    })?;
    let base = format!("{}/download/v{version}", releases.trim_end_matches('/'));
    let client = client(&base)?;
    let directory = PathBuf::from(format!("channel-connection-v{version}"));
    let sums = fetch(&client, &base, SUMS).await?;
    let listed = bundle::parse_sums(&String::from_utf8_lossy(&sums));
    fs::create_dir_all(&directory).map_err(|error| unwritable(&directory, &error))?;
    for name in names {
        let is_there = fs::read(directory.join(name))
            .is_ok_and(|bytes| listed.get(name) == Some(&bundle::sum(&bytes)));
        if !is_there {
            let bytes = fetch(&client, &base, name).await?;
            write(&directory.join(name), &bytes)?;
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
    let answer = terminal::wait("the download", client.get(&url).send()).await;
    let answer = answer.map_err(|error| failed(http_client::cause(&error)))?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            return Err(failed(
                "there is no such file. Look which releases there are".into(),
            ));
        }
        status => return Err(failed(format!("expected 200, got {status}"))),
    }
    let body = terminal::wait("the download", http_client::body(answer, MAX_BYTES)).await;
    body.map_err(|error| failed(error.to_string()))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| unwritable(file, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    Failure::failed(format!(
        "Cannot write {path}: {error}. Nothing was changed."
    ))
}
