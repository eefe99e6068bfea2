//! Sample events, made fresh for a stack.

use std::env;

use channel_connection::{
    client_secrets::SigningSecret,
    ids::{AppId, PortalId, UserId},
    public_url::{PublicUrl, Reach},
};
use clap::{Args, Subcommand};

use crate::{
    ending::{Ending, Failure},
    fresh_event::{Addressee, EventError, SECRET},
    secrets,
    stack::Stack,
    target::TargetOptions,
    terminal,
};

/// Which function the event is for.
#[derive(Debug, Clone, Subcommand)]
pub enum EventCommand {
    /// For numbers-webhook: HubSpot's request through API Gateway
    Numbers {
        /// A sample, or a file of the same shape: events/README.md lists them
        #[arg(default_value = "known-portal")]
        event: String,
        /// Ask for this portal instead of the sample's
        #[arg(long, conflicts_with = "event")]
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
