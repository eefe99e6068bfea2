//! Sample events, made fresh for a stack: `sam local invoke -e -` takes them from standard output.

use std::{env, fs, io, path::Path, time::SystemTime};

use channel_connection::{
    client_secrets::SigningSecret,
    ids::{AppId, PortalId, UserId},
    numbers_request::NumbersRequest,
    public_url::{InvalidUrl, PublicUrl, Reach},
    webhook_call::WebhookCall,
};
use clap::{Args, Subcommand};
use include_dir::{Dir, include_dir};
use serde_json::Value;

use crate::{
    ending::{Ending, Failure},
    sample_event::{self, EventError as SampleError},
    secrets,
    stack::Stack,
    target::TargetOptions,
    terminal,
};

static EVENTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../events");
const SECRET: &str = "HUBSPOT_CLIENT_SECRET";

/// Which function the event is for.
#[derive(Debug, Clone, Subcommand)]
pub enum EventCommand {
    /// For numbers-webhook: HubSpot's request through API Gateway
    Numbers {
        /// A sample, or a file of the same shape: events/README.md lists them
        #[arg(default_value = "known-portal")]
        event: String,
        /// Ask for this portal instead of the sample's
        #[arg(long)]
        portal: Option<PortalId>,
        /// Ask as this user
        #[arg(long, requires = "portal", default_value = "1")]
        user: UserId,
        #[command(flatten)]
        fit: Fit,
    },
    /// For deploy-hook: CloudFormation's, CodeDeploy's or an operator's event
    Hook {
        /// A sample, or a file of the same shape: events/README.md lists them
        #[arg(default_value = "status")]
        event: String,
        /// Where a custom resource's outcome goes
        #[arg(long)]
        response_url: Option<String>,
        #[command(flatten)]
        fit: Fit,
    },
}

/// What the event is made to fit, where no stack says it.
#[derive(Debug, Clone, Args)]
pub struct Fit {
    /// The webhook's URL, signed with `HUBSPOT_CLIENT_SECRET` of the environment; no stack is asked then
    #[arg(long)]
    url: Option<String>,
    /// The app that asks, with --url and --portal
    #[arg(long, requires = "url", default_value = "1234567")]
    app_id: AppId,
}

/// The reason there is no event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// There is no sample of that name.
    #[error("There is no event {name}. There are: {known}.")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Unreadable(String, io::Error),
    /// The file holds something else.
    #[error("{0} is not JSON")]
    NotJson(String),
    /// The event cannot be made to fit.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The URL is none that HubSpot could call.
    #[error("--url {0}")]
    Url(#[from] InvalidUrl),
    /// Nothing can be signed.
    #[error("Set {SECRET} in the environment: the client secret to sign with.")]
    NoSecret,
}

/// Where a fresh event goes, and what it is signed with.
struct Addressee {
    url: PublicUrl,
    secret: SigningSecret,
    app_id: AppId,
}

/// Prints an event that looks as if it came now.
pub async fn print(command: &EventCommand, options: &TargetOptions) -> Result<Ending, Failure> {
    let event = match command {
        EventCommand::Numbers {
            event,
            portal,
            user,
            fit,
        } => {
            let addressee = addressee(fit, options).await?;
            match portal {
                Some(portal) => addressee.ask(*portal, *user),
                None => addressee.refresh("numbers-webhook", event, None)?,
            }
        }
        EventCommand::Hook {
            event,
            response_url,
            fit,
        } => {
            let addressee = addressee(fit, options).await?;
            addressee.refresh("deploy-hook", event, response_url.as_deref())?
        }
    };
    terminal::print_json(&event)?;
    Ok(Ending::Done)
}

async fn addressee(fit: &Fit, options: &TargetOptions) -> Result<Addressee, Failure> {
    if let Some(url) = &fit.url {
        let secret = env::var(SECRET).ok().and_then(SigningSecret::new);
        return Ok(Addressee {
            url: PublicUrl::parse(url, Reach::Local).map_err(EventError::Url)?,
            secret: secret.ok_or(EventError::NoSecret)?,
            app_id: fit.app_id,
        });
    }
    let stack = Stack::find(options.target().await?).await?;
    Ok(Addressee {
        url: stack.webhook_url()?,
        secret: secrets::client_secret(&stack).await?,
        app_id: stack.app_id()?,
    })
}

impl Addressee {
    fn ask(self, portal_id: PortalId, user_id: UserId) -> Value {
        let question = NumbersRequest {
            app_id: self.app_id,
            portal_id,
            user_id,
        };
        WebhookCall::signed(self.url, question, &self.secret, SystemTime::now()).to_event()
    }

    fn refresh(
        &self,
        folder: &str,
        event: &str,
        response_url: Option<&str>,
    ) -> Result<Value, EventError> {
        let sample = serde_json::from_slice(&read(folder, event)?);
        let sample = sample.map_err(|_| EventError::NotJson(event.to_owned()))?;
        let stack = sample_event::Stack {
            url: &self.url,
            secret: &self.secret,
            response_url,
        };
        Ok(sample_event::refresh(sample, &stack, SystemTime::now())?)
    }
}

fn read(folder: &str, event: &str) -> Result<Vec<u8>, EventError> {
    if let Some(sample) = EVENTS.get_file(format!("{folder}/{event}.json")) {
        return Ok(sample.contents().to_vec());
    }
    if Path::new(event).extension().is_some() {
        return fs::read(event).map_err(|error| EventError::Unreadable(event.to_owned(), error));
    }
    let files = EVENTS.get_dir(folder).into_iter().flat_map(Dir::files);
    let known: Vec<_> = files
        .filter_map(|file| file.path().file_stem()?.to_str())
        .collect();
    Err(EventError::Unknown {
        name: event.to_owned(),
        known: known.join(", "),
    })
}
