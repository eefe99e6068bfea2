//! Tries HubSpot's contract on one real account, and reports what it answered without its values.

mod credentials;
mod questions;
mod restore;
mod writes;

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use channel_connection::{
    ids::AppId,
    settings::{ApiVersion, HUBSPOT_API},
    webhook_url::UrlPolicy,
};
use clap::Args;
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;

use self::{
    credentials::{Access, Credentials, Current, current},
    questions::Answer,
};
use crate::{
    hubspot::{Call, HubSpot},
    outcome::{self, Failure, Outcome},
    stack::target::TargetOptions,
    terminal,
};

#[derive(Debug, Clone, Args)]
pub struct ContractOptions {
    /// App, by its id
    #[arg(long)]
    app_id: AppId,
    /// API version to try, once for each; all if omitted
    #[arg(long = "api-version", value_name = "VERSION")]
    api_versions: Vec<ApiVersion>,
    /// Write too, and restore: refused for a released app
    #[arg(long)]
    write: bool,
    /// File for the report, instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Restore the settings once standard input ends: for this command itself
    #[arg(long, hide = true)]
    restore: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    program: &'static str,
    at: Timestamp,
    #[cfg_attr(test, schemars(with = "u64"))]
    app_id: AppId,
    token_exchange: Option<Call>,
    runs: Vec<Run>,
    /// What happened to them; `None` without --write.
    previous_settings: Option<&'static str>,
    header_names: BTreeSet<String>,
    settled: Vec<Answer>,
    open: Vec<&'static str>,
}

/// The calls with one credential and one API version, in their order.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Run {
    credential: &'static str,
    api_version: &'static str,
    #[serde(skip)]
    access: Access,
    calls: Vec<Call>,
}

/// Reads, and if asked to writes, with every credential and API version; prints the report.
pub async fn run(target: &TargetOptions, options: &ContractOptions) -> Result<Outcome, Failure> {
    let app_id = options.app_id;
    if options.restore {
        return restore::when_input_ends().await;
    }
    let ports = if target.local {
        target.target().await?.local
    } else {
        None
    };
    let port = ports.map(|ports| ports.hubspot);
    let hubspot = api(port)?;
    let credentials = Credentials::read()?;
    let (kinds, token_exchange) = credentials.kinds(&hubspot).await;
    let versions = match &options.api_versions[..] {
        [] => &ApiVersion::ALL[..],
        named => named,
    };
    let mut runs = Vec::new();
    for (credential, secret) in kinds {
        for version in versions {
            let access = |path| Access {
                kind: credential.to_owned(),
                secret: secret.clone(),
                path,
            };
            let calling_settings = access(version.calling_settings_path(app_id));
            let mut run = Run {
                credential,
                api_version: version.name(),
                access: access(version.settings_path(app_id)),
                calls: Vec::new(),
            };
            run.call(&hubspot, "readSettings", Method::GET, None).await;
            let step = "readCallingSettings";
            let call = calling_settings.call(&hubspot, step, Method::GET, None);
            run.calls.push(call.await);
            runs.push(run);
        }
    }
    let previous_settings = if options.write {
        Some(write(&hubspot, port, options, &mut runs).await?)
    } else {
        None
    };
    let calls = runs.iter().flat_map(|run| &run.calls);
    let header_names = calls.flat_map(|call| call.header_names.iter().cloned());
    let header_names = header_names.collect();
    let (settled, open) = questions::answers(&runs);
    let report = Report {
        program: concat!("channelctl ", env!("CARGO_PKG_VERSION")),
        at: Timestamp::now(),
        app_id,
        token_exchange,
        runs,
        previous_settings,
        header_names,
        settled,
        open,
    };
    let json = serde_json::to_string_pretty(&report).map_err(io::Error::from)?;
    credentials.check_absence(&json)?;
    match &options.output {
        None => terminal::print_json(&report)?,
        Some(file) => fs::write(file, json + "\n").map_err(|error| {
            Failure::failed(format!("Cannot write {}: {error}", file.display()))
        })?,
    }
    Ok(Outcome::Done)
}

/// Returns HubSpot's API, or the local stack's by its port.
fn api(port: Option<u16>) -> Result<HubSpot, Failure> {
    match port {
        Some(port) => HubSpot::new(format!("http://127.0.0.1:{port}"), UrlPolicy::Local),
        None => HubSpot::new(HUBSPOT_API, UrlPolicy::Public),
    }
}

/// Writes with every run that could read, while another process waits to restore.
async fn write(
    hubspot: &HubSpot,
    port: Option<u16>,
    options: &ContractOptions,
    runs: &mut [Run],
) -> Result<&'static str, Failure> {
    let refused = |reason| Err(Failure::refused(format!("{reason} Nothing was written.")));
    let found: Vec<_> = runs.iter().filter_map(Run::current).collect();
    let Some(previous) = found.first().cloned() else {
        return refused("No credential can read the settings.");
    };
    if found.iter().flatten().any(|settings| settings.is_ready) {
        return refused("The app is released (isReady=true): take one that no customer uses.");
    }
    if found.iter().any(|current| *current != previous) {
        return refused("Credentials or API versions show different settings: name one of each.");
    }
    let app_id = options.app_id;
    let question =
        format!("Delete, create and change the settings of app {app_id}, and restore them?");
    terminal::confirm(&question, options.yes)?;
    let mut runs: Vec<_> = runs
        .iter_mut()
        .filter(|run| run.current().is_some())
        .collect();
    outcome::if_stopped("Stopped. Within seconds, the previous settings are restored.".to_owned());
    let order = restore::Order {
        port,
        accesses: runs.iter().map(|run| run.access.clone()).collect(),
        previous: previous.clone(),
    };
    let guard = restore::Guard::start(order, app_id).await?;
    let written = writes::all(hubspot, &mut runs, &previous).await;
    let are_answered = *written.as_ref().unwrap_or(&false);
    let restored = guard.finish(hubspot, are_answered).await?;
    written.map(|_| restored)
}

impl Run {
    async fn call(
        &mut self,
        hubspot: &HubSpot,
        step: &'static str,
        method: Method,
        body: Option<serde_json::Value>,
    ) -> Call {
        let call = self.access.call(hubspot, step, method, body).await;
        self.calls.push(call.clone());
        call
    }

    fn find(&self, step: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.step == step)
    }

    /// Returns the settings that the first read found.
    fn current(&self) -> Option<Current> {
        current(self.find("readSettings")?)
    }
}
