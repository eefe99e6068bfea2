//! The table's rows, printed: as they are stored, or as a file that import reads.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use anstream::eprintln;
use channel_connection::ids::{PortalId, UserId};
use clap::Args;
use serde::Serialize;

use crate::{
    numbers::{
        item::{PortalNumber, Stored, joined},
        phone,
        row::check_name,
        table::Table,
        users::UsersOptions,
    },
    outcome::{Failure, Kind, Outcome},
    terminal::{self, WRONG, coloured, counted, escape},
};

/// The portal whose rows are read.
#[derive(Debug, Clone, Args)]
pub struct PortalOptions {
    /// Customer's HubSpot account; all if omitted
    #[arg(long)]
    pub portal: Option<PortalId>,
}

#[derive(Debug, Clone, Args)]
pub struct ListOptions {
    /// Customer's HubSpot account
    #[arg(long)]
    portal: PortalId,
    #[command(flatten)]
    users: UsersOptions,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct List<'a> {
    numbers: Vec<Listed<'a>>,
}

/// A row as it is stored, and its users' emails where they are known.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed<'a> {
    #[serde(flatten)]
    number: PortalNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_emails: Option<Vec<&'a str>>,
}

/// Prints a portal's rows as they are stored.
pub async fn list(table: &Table, options: &ListOptions, as_json: bool) -> Result<Outcome, Failure> {
    let known = options.users.read()?;
    let emails = known.emails();
    let rows = table.rows(Some(options.portal)).await?;
    let listed = rows.iter().map(|stored| {
        let number = stored.number();
        let ids = number.user_ids.iter().flatten();
        let known = ids.filter_map(|id| emails.get(id).copied()).collect();
        Listed {
            number,
            user_emails: options.users.is_given().then_some(known),
        }
    });
    let list = List {
        numbers: listed.collect(),
    };
    terminal::print(as_json, &list, || {
        let mut shown = terminal::table(["number", "extension", "name", "users"]);
        for Listed { number, .. } in &list.numbers {
            shown.add_row([
                escape(&number.number),
                escape(number.extension.as_deref().unwrap_or_default()),
                escape(number.friendly_name.as_deref().unwrap_or_default()),
                users(number, &emails),
            ]);
        }
        let (count, portal) = (counted(rows.len() as u64, "number"), options.portal);
        writeln!(terminal::output(), "{shown}\n{count} in portal {portal}")
    })?;
    Ok(Outcome::Done)
}

/// Names a row's users, by their emails where these are known.
pub(super) fn users(number: &PortalNumber, emails: &HashMap<UserId, &str>) -> String {
    let name = |id: &UserId| match emails.get(id) {
        Some(email) => escape(email),
        None => id.to_string(),
    };
    match &number.user_ids {
        None => "invalid".into(),
        Some(users) if users.is_empty() => "all".into(),
        Some(users) => users.iter().map(name).collect::<Vec<_>>().join(" "),
    }
}

/// Prints rows as a file that import reads whole: a row that it would refuse is omitted and named.
pub async fn export(
    table: &Table,
    options: &PortalOptions,
    as_json: bool,
) -> Result<Outcome, Failure> {
    let rows = table.rows(options.portal).await?;
    let (mut numbers, mut omitted) = (Vec::new(), Vec::new());
    for stored in &rows {
        match refusal(stored) {
            None => numbers.push(stored.number()),
            Some(reason) => omitted.push((stored, reason)),
        }
    }
    if as_json {
        // A line for each number: pretty JSON of as many rows as an import takes would be too large.
        let lines: io::Result<Vec<_>> = numbers.iter().map(terminal::json_line).collect();
        writeln!(io::stdout(), "[\n{}\n]", lines?.join(",\n"))?;
    } else {
        print_csv(&numbers)?;
    }
    if omitted.is_empty() {
        return Ok(Outcome::Done);
    }
    for (stored, reason) in &omitted {
        let (portal, key) = (escape(&stored.portal), escape(stored.key()));
        let mark = coloured(WRONG, "not exported");
        eprintln!("{mark} portal {portal}, number {key}: {reason}");
    }
    let count = counted(omitted.len() as u64, "row");
    let message = format!(
        "{count} not exported, as check shows. Correct them: import --replace of this export deletes them."
    );
    Err(Failure::new(Kind::Findings, message))
}

/// Returns why import would refuse a row of the table.
pub(super) fn refusal(stored: &Stored) -> Option<String> {
    if let Err(error) = &stored.row.audience {
        return Some(error.to_string());
    }
    if let Err(error) = stored.portal.parse::<PortalId>() {
        return Some(format!("the portal {error}"));
    }
    match phone::parse(stored.key(), "", None) {
        Err(error) => return Some(format!("the number {error}")),
        Ok(key) if key.to_string() != stored.key() => {
            return Some(format!("the number is another than {key}"));
        }
        Ok(_) => {}
    }
    let name = check_name(stored.name().unwrap_or_default());
    name.err().map(|error| format!("the name {error}"))
}

/// Prints rows that import takes: none holds text that a terminal would act on.
fn print_csv(numbers: &[PortalNumber]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["portalId", "number", "extension", "friendlyName", "userIds"])?;
    for number in numbers {
        writer.write_record([
            &number.portal_id.to_string(),
            &number.number,
            number.extension.as_deref().unwrap_or_default(),
            number.friendly_name.as_deref().unwrap_or_default(),
            &number.user_ids.as_ref().map(joined).unwrap_or_default(),
        ])?;
    }
    let text = writer.into_inner();
    io::stdout().write_all(&text.map_err(csv::IntoInnerError::into_error)?)
}
