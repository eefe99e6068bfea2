//! Which numbers a portal has connected, and who uses the app there, as the portal's own token reads it.

use std::{collections::BTreeSet, io::Write};

use channel_connection::{ids::PortalId, phone_number::E164};
use clap::Args;
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use crate::{
    hubspot::{Call, HubSpot},
    numbers::table::Table,
    outcome::{Failure, Outcome},
    stack::Stack,
    terminal::{self, counted, escape},
};

const STATUSES: &str = "crm/extensions/calling/v3/connection-statuses";
const ACCOUNTS: &str = "conversations/v3/conversations/channel-accounts";
const MAX_PAGES: usize = 100;
const MAX_TOKEN: u64 = 4 * 1024;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: channelctl --stage prod numbers connected --portal 62515 < portal-token"
)]
pub struct ConnectedOptions {
    /// Customer's HubSpot account, whose access token is piped in
    #[arg(long)]
    portal: PortalId,
}

/// Which numbers a portal has connected.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectedNumbers<'a> {
    #[cfg_attr(test, schemars(with = "std::num::NonZeroU64"))]
    portal_id: PortalId,
    /// The table's numbers that are connected; null if HubSpot shows no phone number.
    connected: Option<Vec<&'a str>>,
    /// Connected numbers that the table has not: of this app, or of another.
    not_in_table: Option<Vec<&'a str>>,
    /// The users who have chosen the app for their calls.
    users: Vec<&'a str>,
}

/// HubSpot's API, as a portal's token reads it.
struct Portal {
    hubspot: HubSpot,
    token: String,
}

/// Prints which numbers are connected, which of these are not in the table, and who uses the app.
pub async fn show(
    stack: &Stack,
    table: &Table,
    options: &ConnectedOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let hubspot = Portal::of(stack)?;
    let rows = table.rows(Some(options.portal)).await?;
    let listed: BTreeSet<_> = rows.iter().filter_map(|row| number(row.key())).collect();
    let accounts = terminal::wait("HubSpot", hubspot.accounts()).await?;
    let numbers = accounts
        .iter()
        .filter(|account| account["archived"] != true);
    let numbers: BTreeSet<_> = numbers
        .filter_map(|account| number(account["deliveryIdentifier"]["value"].as_str()?))
        .collect();
    let app = stack.app_id()?;
    let users = terminal::wait("HubSpot", hubspot.get(STATUSES, None)).await?;
    let users = list(&users)
        .filter(|status| status["connected"] == true && status["provider"]["appId"] == app.get())
        .filter_map(|status| status["userId"].as_str());
    // That HubSpot shows the numbers of calling apps among them is documented nowhere.
    let shown = (!numbers.is_empty()).then_some(&numbers);
    let document = ConnectedNumbers {
        portal_id: options.portal,
        connected: shown.map(|numbers| numbers.intersection(&listed).map(String::as_str).collect()),
        not_in_table: shown
            .map(|numbers| numbers.difference(&listed).map(String::as_str).collect()),
        users: users.collect(),
    };
    terminal::print(as_json, &document, || {
        let text = |texts: Option<&[&str]>| match texts {
            None => "unknown: HubSpot shows no phone number among the channel accounts".into(),
            Some([]) => "none".into(),
            Some(texts) => escape(&texts.join(", ")),
        };
        let others = format!(
            "{} (of this app, or of another)",
            text(document.not_in_table.as_deref())
        );
        terminal::print_pairs([
            ("connected", text(document.connected.as_deref())),
            ("not in table", others),
            ("app used by", text(Some(&document.users))),
        ])?;
        let count = counted(accounts.len() as u64, "channel account");
        writeln!(terminal::output(), "{count} looked at")
    })?;
    Ok(Outcome::Done)
}

/// Returns the number of a key or an identifier, without its extension.
fn number(text: &str) -> Option<String> {
    let number = text.split(';').next().unwrap_or_default().to_owned();
    Some(E164::try_from(number).ok()?.as_str().to_owned())
}

fn list(page: &Value) -> impl Iterator<Item = &Value> {
    page["results"].as_array().into_iter().flatten()
}

impl Portal {
    fn of(stack: &Stack) -> Result<Self, Failure> {
        let url = stack.parameter("HubSpotApiUrl").unwrap_or_default();
        Ok(Self {
            hubspot: HubSpot::new(url, stack.target.url_policy())?,
            token: token()?,
        })
    }

    /// Reads all channel accounts.
    async fn accounts(&self) -> Result<Vec<Value>, Failure> {
        let (mut accounts, mut after) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page = self.get(ACCOUNTS, after.as_deref()).await?;
            accounts.extend(list(&page).cloned());
            match page["paging"]["next"]["after"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => return Ok(accounts),
            }
        }
        let pages = format!("The portal has more than {MAX_PAGES} pages of channel accounts.");
        Err(Failure::failed(pages))
    }

    async fn get(&self, path: &str, after: Option<&str>) -> Result<Value, Failure> {
        let request = self.hubspot.request(Method::GET, path);
        let request = request.bearer_auth(&self.token);
        let request = request.query(&after.map(|after| [("after", after)]));
        let call = Call::send("", request).await;
        if call.is_success() && call.body["results"].is_array() {
            return Ok(call.body);
        }
        let why = match call.body["message"].as_str() {
            Some(message) => format!("{}, {message}", call.outcome()),
            None => call.outcome(),
        };
        Err(Failure::failed(format!("HubSpot's {path}: {why}.")))
    }
}

fn token() -> Result<String, Failure> {
    let read = terminal::read_hidden("The portal's access token: ", MAX_TOKEN);
    let token = read.unwrap_or_default().trim().to_owned();
    let is_token = !token.is_empty() && token.chars().all(|sign| sign.is_ascii_graphic());
    is_token.then_some(token).ok_or_else(|| {
        Failure::bad_input("No access token of the portal. Pipe it to standard input.")
    })
}
