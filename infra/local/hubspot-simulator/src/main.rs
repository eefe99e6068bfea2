//! Starts the simulator.

use std::{error::Error, net::SocketAddr, process::ExitCode};

use channel_connection::{
    client_secrets::SigningSecret, environment, ids::AppId, webhook_url::WebhookUrl,
};
use clap::Parser;
use hubspot_simulator::{Account, AccountKeys, Simulator, deployed_webhook};
use tokio::net::TcpListener;

/// HubSpot on one machine, for the local stack.
///
/// Secrets come from the environment: `HUBSPOT_CLIENT_SECRET`, `HUBSPOT_DEVELOPER_API_KEY`,
/// `HUBSPOT_ACCESS_TOKEN`, `HUBSPOT_OAUTH_CLIENT_ID` and `HUBSPOT_OAUTH_CLIENT_SECRET`.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:4577")]
    listen: SocketAddr,
    /// The id of the account's app.
    #[arg(long)]
    app_id: AppId,
    /// Register nothing, and call the webhook of a deployed stage.
    ///
    /// Of the secrets it takes `HUBSPOT_CLIENT_SECRET` only: the app's own.
    #[arg(long, value_parser = deployed_webhook)]
    webhook_url: Option<WebhookUrl>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubspot-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments {
        listen,
        app_id,
        webhook_url,
    } = arguments;
    let secret = client_secret()?;
    let account = match webhook_url {
        Some(webhook) => Account::of_deployed(app_id, secret, webhook),
        None => Account::new(app_id, secret, keys()?),
    };
    let simulator = Simulator::start(TcpListener::bind(listen).await?, account)?;
    println!("The picker page: {}/", simulator.api_url());
    simulator.serve().await;
    Ok(())
}

fn keys() -> Result<AccountKeys, Box<dyn Error>> {
    let set = |name| environment::required(&environment::process, name);
    Ok(AccountKeys {
        developer_api_key: set("HUBSPOT_DEVELOPER_API_KEY")?,
        access_token: set("HUBSPOT_ACCESS_TOKEN")?,
        client_id: set("HUBSPOT_OAUTH_CLIENT_ID")?,
        client_secret: set("HUBSPOT_OAUTH_CLIENT_SECRET")?,
    })
}

fn client_secret() -> Result<SigningSecret, Box<dyn Error>> {
    let text: String = environment::required(&environment::process, "HUBSPOT_CLIENT_SECRET")?;
    Ok(SigningSecret::new(text).ok_or("HUBSPOT_CLIENT_SECRET is empty")?)
}
