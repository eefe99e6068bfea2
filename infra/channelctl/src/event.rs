//! Sample events, made fresh for a stack.

use std::env;

use channel_connection::{
    client_secrets::SigningSecret,
    ids::{AppId, PortalId, UserId},
    webhook_url::{UrlPolicy, WebhookUrl},
};
use clap::Subcommand;

use crate::{
    ending::{Ending, Failure},
    fresh_event::{self, Addressee, EventError, SECRET},
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
        /// The webhook's URL, signed with `HUBSPOT_CLIENT_SECRET` of the environment; no stack is asked then
        #[arg(long)]
        url: Option<String>,
        /// The app that asks, with --url and --portal
        #[arg(long, requires = "url", default_value = "1234567")]
        app_id: AppId,
    },
    /// For deploy-hook: CloudFormation's, CodeDeploy's or an operator's event
    Hook {
        /// A sample, or a file of the same shape: events/README.md lists them
        #[arg(default_value = "status")]
        event: String,
        /// Where a custom resource's outcome goes
        #[arg(long)]
        response_url: Option<String>,
        /// The webhook's URL; no stack is asked then
        #[arg(long)]
        url: Option<String>,
    },
}

/// Prints an event that looks as if it came now.
pub async fn print(command: &EventCommand, options: &TargetOptions) -> Result<Ending, Failure> {
    let event = match command {
        EventCommand::Numbers {
            event,
            portal,
            user,
            url,
            app_id,
        } => {
            let addressee = addressee(url.as_deref(), *app_id, options).await?;
            match portal {
                Some(portal) => addressee.ask(*portal, *user),
                None => addressee.refresh(event)?,
            }
        }
        EventCommand::Hook {
            event,
            response_url,
            url,
        } => {
            let url = match url {
                Some(url) => webhook_url(url)?,
                None => Stack::find(options.target().await?).await?.webhook_url()?,
            };
            fresh_event::hook_event(event, &url, response_url.as_deref())?
        }
    };
    terminal::print_json(&event)?;
    Ok(Ending::Done)
}

async fn addressee(
    url: Option<&str>,
    app_id: AppId,
    options: &TargetOptions,
) -> Result<Addressee, Failure> {
    if let Some(url) = url {
        let secret = env::var(SECRET).ok().and_then(SigningSecret::new);
        return Ok(Addressee {
            url: webhook_url(url)?,
            secret: secret.ok_or(EventError::NoSecret)?,
            app_id,
        });
    }
    let stack = Stack::find(options.target().await?).await?;
    Ok(Addressee {
        url: stack.webhook_url()?,
        secret: secrets::client_secret(&stack).await?,
        app_id: stack.app_id()?,
    })
}

fn webhook_url(text: &str) -> Result<WebhookUrl, EventError> {
    Ok(WebhookUrl::parse(text, UrlPolicy::Local)?)
}
