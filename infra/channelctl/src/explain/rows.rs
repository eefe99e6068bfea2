//! The share of the table's rows: the portal's, the user's, and the number's own.

use std::{collections::HashSet, fmt::Write};

use channel_connection::{
    friendly_name::MAX_NAME,
    number_row::{Audience, RowError},
    numbers_response::NumbersResponse,
    phone_number::split_key,
    portal_numbers::PortalNumbers,
    shown_number::truncate,
};

use crate::{
    explain::{
        facts::Facts,
        reason::{Cause, Reason},
    },
    numbers::item::{Stored, joined},
};

/// Maximum numbers that one reason names.
const MAX_NAMED: usize = 3;

pub fn reasons(facts: &Facts<'_>) -> Result<Vec<Reason>, Reason> {
    let rows = facts.rows.as_ref().map_err(|failure| {
        let summary = "the numbers table cannot be read";
        Reason::failed(Cause::TableUnreadable, summary, failure)
    })?;
    let mut reasons = Vec::new();
    let portal = facts.question.portal;
    if rows.is_empty() {
        reasons.push(Reason::new(
            Cause::PortalEmpty,
            "the portal has no numbers",
            format!(
                "No row of the table is portal {portal}'s. Check the portal's id; if it is right, \
                 import its numbers."
            ),
            facts.stack.command("numbers import FILE"),
        ));
    }
    let is_about = |row: &&Stored| facts.question.is_about(row.key());
    let about: Vec<_> = rows.iter().filter(is_about).collect();
    if !facts.elsewhere.is_empty() {
        let others = facts.elsewhere.join(", ");
        reasons.push(Reason::new(
            Cause::InOtherPortal,
            "the number is another portal's",
            format!(
                "The table has it for portal {others}, not for portal {portal}. Find out whose \
                 it is: setting it here does not remove it there."
            ),
            // A portal without numbers may be a mistyped one.
            (!rows.is_empty()).then(|| facts.set("")),
        ));
    } else if about.is_empty() && !rows.is_empty() {
        reasons.push(Reason::new(
            Cause::NotInTable,
            "the number is not in the table",
            "No portal has it. Check its digits.",
            facts.set(""),
        ));
    }
    of_user(facts, &about, &mut reasons);
    of_number(facts, &about, &mut reasons);
    of_response(facts, rows, &about, &mut reasons);
    Ok(reasons)
}

fn of_user(facts: &Facts<'_>, about: &[&Stored], reasons: &mut Vec<Reason>) {
    let hidden = |row: &Stored| match row.row.audience.clone() {
        Ok(Audience::Only(users)) if !users.contains(&facts.question.asked_user()) => {
            Some((row.key().to_owned(), users))
        }
        _ => None,
    };
    if let Some((numbers, (key, users))) = find(about, hidden) {
        let only = joined(&users.iter().copied().collect());
        let detail = format!("The userIds of {key} are {only}: only they see it.");
        let (cause, hides) = (Cause::HiddenFromUser, format!("the table hides {numbers}"));
        reasons.push(if let Some(user) = facts.question.user {
            let mut all = String::new();
            for user in users.iter().chain([&user]) {
                let _ = write!(all, " --user {user}");
            }
            let fix = facts.set(all.trim_start());
            Reason::new(cause, format!("{hides} from user {user}"), detail, fix)
        } else {
            Reason::new(cause, format!("{hides} from some users"), detail, None).warning()
        });
    }
    if let Some((numbers, _)) = find(about, |row| row.row.audience.clone().err()) {
        reasons.push(Reason::new(
            Cause::InvalidUserIds,
            format!("an invalid userIds hides {numbers}"),
            "It must be a number set (NS) of HubSpot user ids, or absent; until then nobody sees \
             the number.",
            facts.set("--user ID"),
        ));
    }
}

fn of_number(facts: &Facts<'_>, about: &[&Stored], reasons: &mut Vec<Reason>) {
    let bad = |row: &Stored| {
        let error = row.row.parse().err();
        error.filter(|error| *error != RowError::InvalidUserIds)
    };
    if let Some((numbers, error)) = find(about, bad) {
        let remove = format!("numbers remove --portal {}", facts.question.portal);
        reasons.push(Reason::new(
            Cause::BadRow,
            format!("a bad row hides {numbers}"),
            format!("In the row, {error}. Remove it, and set the number as it should be."),
            facts.stack.command(&remove),
        ));
    }
    if let Some((numbers, _)) = find(about, |row| Some(split_key(row.key()).1?.to_owned())) {
        reasons.push(Reason::new(
            Cause::HasExtension,
            format!("HubSpot lets nobody select {numbers}"),
            "It shows numbers with an extension, but greys them out. Set the number without it, \
             and remove the row with it.",
            facts.set(""),
        ));
    }
    let cut = |row: &Stored| {
        let (shown, lost) = truncate(row.name().unwrap_or_default());
        (!lost.is_empty()).then_some(shown)
    };
    if let Some((numbers, shown)) = find(about, cut) {
        let detail = format!("It shows {MAX_NAME} characters. Look for \"{shown}\".");
        let summary = format!("HubSpot cuts the name of {numbers}");
        let fix = facts.set("--name SHORTER");
        reasons.push(Reason::new(Cause::NameCut, summary, detail, fix).warning());
    }
}

fn of_response(facts: &Facts<'_>, rows: &[Stored], about: &[&Stored], reasons: &mut Vec<Reason>) {
    let user = facts.question.asked_user();
    let mut numbers = PortalNumbers::default();
    for row in rows {
        numbers.add(row.row.clone());
    }
    let is_visible = |row: &&Stored| row.row.parse().is_ok_and(|(_, users)| users.includes(user));
    let visible = rows.iter().filter(is_visible).map(Stored::key);
    let response = NumbersResponse::within(facts.max_body, numbers.visible_to(user));
    let beyond: HashSet<_> = visible.clone().skip(response.count).collect();
    if let Some((numbers, _)) = find(about, |row| beyond.get(row.key())) {
        reasons.push(Reason::new(
            Cause::BeyondResponse,
            format!("the response has no room for {numbers}"),
            "It has at most 6 MiB. Show each user fewer numbers.",
            facts.set("--user ID"),
        ));
    }
    let Ok(checked) = &facts.response else {
        return;
    };
    if checked.violation.is_some() {
        return;
    }
    let listed = checked.numbers.iter();
    let listed: HashSet<_> = listed
        .map(|shown| (shown.number.as_str(), shown.extension.as_deref()))
        .collect();
    let mut missing = visible.take(response.count).collect::<HashSet<_>>();
    missing.retain(|key| !listed.contains(&split_key(key)));
    if let Some((numbers, _)) = find(about, |row| missing.get(row.key())) {
        reasons.push(Reason::new(
            Cause::NotAnswered,
            format!("the webhook does not list {numbers}"),
            "The table has it. Either the row is new, or the webhook cannot read the table and \
             serves earlier numbers.",
            facts.stack.command("logs"),
        ));
    }
}

/// Names the first rows that something is wrong with, and returns what is wrong with the first.
fn find<T>(rows: &[&Stored], wrong: impl Fn(&Stored) -> Option<T>) -> Option<(String, T)> {
    let mut found = rows.iter().filter_map(|row| Some((row.key(), wrong(row)?)));
    let (key, first) = found.next()?;
    let mut keys = vec![key];
    keys.extend(found.by_ref().take(MAX_NAMED - 1).map(|(key, _)| key));
    let named = keys.join(", ");
    Some(match found.count() {
        0 => (named, first),
        more => (format!("{named} and {more} more"), first),
    })
}
