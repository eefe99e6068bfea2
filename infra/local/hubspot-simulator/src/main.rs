//! Starts the simulator.

use std::{
    error::Error,
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    time::SystemTime,
};

use channel_connection::{
    client_secrets::SigningSecret, environment, ids::AppId, webhook_url::WebhookUrl,
};
use clap::{Parser, Subcommand};
use hubspot_simulator::{
    Account, AccountKeys, Simulator, deployed_webhook, sample_event::EventCommand,
};
use tokio::net::TcpListener;

/// HubSpot on one machine, for the local stack.
///
/// Secrets come from the environment: `HUBSPOT_CLIENT_SECRET`, `HUBSPOT_DEVELOPER_API_KEY`,
/// `HUBSPOT_ACCESS_TOKEN`, `HUBSPOT_OAUTH_CLIENT_ID` and `HUBSPOT_OAUTH_CLIENT_SECRET`.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:4577")]
    listen: SocketAddr,
    /// The id of the account's app.
    #[arg(long, default_value = "1234567")]
    app_id: AppId,
    /// Register nothing, and call the webhook of a deployed stage.
    ///
    /// Of the secrets it takes `HUBSPOT_CLIENT_SECRET` only: the app's own.
    #[arg(long, value_parser = deployed_webhook)]
    webhook_url: Option<WebhookUrl>,
}

#[derive(Subcommand)]
enum Command {
    /// Print a sample event of events/, freshly signed, for a webhook that runs
    #[command(subcommand)]
    Event(EventCommand),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ran = match arguments.command {
        Some(Command::Event(event)) => print(&event),
        None => serve(arguments).await,
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hubspot-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(event: &EventCommand) -> Result<(), Box<dyn Error>> {
    let event = event.make(&client_secret()?, SystemTime::now())?;
    writeln!(io::stdout(), "{event:#}")?;
    Ok(())
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let (app_id, secret) = (arguments.app_id, client_secret()?);
    let deployed = arguments.webhook_url;
    let keys = match deployed {
        Some(_) => AccountKeys::default(),
        None => keys()?,
    };
    let mut account = Account::new(app_id, secret, keys);
    account.deployed = deployed;
    let listener = TcpListener::bind(arguments.listen).await?;
    let simulator = Simulator::start(listener, account)?;
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
