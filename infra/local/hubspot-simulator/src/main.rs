//! Serves the simulated HubSpot.

use std::{error::Error, net::SocketAddr, process::ExitCode};

use channel_connection::{client_secrets::SigningSecret, environment, ids::AppId};
use clap::{Parser, Subcommand};
use hubspot_simulator::{Account, AccountKeys, Simulator};
use tokio::net::TcpListener;

/// HubSpot on one machine, for the local stack.
///
/// Secrets come from the environment: `HUBSPOT_CLIENT_SECRET`, `HUBSPOT_DEVELOPER_API_KEY`,
/// `HUBSPOT_ACCESS_TOKEN`, `HUBSPOT_OAUTH_CLIENT_ID` and `HUBSPOT_OAUTH_CLIENT_SECRET`.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the settings API, and call the registered webhook on demand.
    Serve {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:4577")]
        listen: SocketAddr,
        /// The app that the account has.
        #[arg(long)]
        app_id: AppId,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubspot-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Serve { listen, app_id } => {
            let set = |name| environment::required(&environment::process, name);
            let keys = AccountKeys {
                developer_api_key: set("HUBSPOT_DEVELOPER_API_KEY")?,
                access_token: set("HUBSPOT_ACCESS_TOKEN")?,
                client_id: set("HUBSPOT_OAUTH_CLIENT_ID")?,
                client_secret: set("HUBSPOT_OAUTH_CLIENT_SECRET")?,
            };
            let account = Account::new(app_id, client_secret()?, keys);
            Simulator::start(TcpListener::bind(listen).await?, account)?
                .serve()
                .await;
        }
    }
    Ok(())
}

fn client_secret() -> Result<SigningSecret, Box<dyn Error>> {
    let text: String = environment::required(&environment::process, "HUBSPOT_CLIENT_SECRET")?;
    Ok(SigningSecret::new(text).ok_or("HUBSPOT_CLIENT_SECRET is empty")?)
}
