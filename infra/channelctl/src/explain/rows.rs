//! The share of the table's rows: the portal's, the user's, and the number's own.

use std::{collections::HashSet, fmt::Write};

use channel_connection::{
    friendly_name::MAX_NAME,
    ids::UserId,
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
    numbers::table::joined,
};

/// Maximum numbers that one reason names.
const MAX_NAMED: usize = 3;

/// The rows that were asked about, by what is wrong with them; each is named by its key.
#[derive(Default)]
pub struct Rows {
    /// Whether the portal has no rows at all.
    is_empty: bool,
    /// Rows that were asked about.
    count: usize,
    hidden: Vec<(String, Vec<UserId>)>,
    invalid_users: Vec<String>,
    bad: Vec<(String, RowError)>,
    extended: Vec<String>,
    /// Rows whose name is cut, and the rest of it.
    cut: Vec<(String, String)>,
    beyond_response: Vec<String>,
    /// Rows that the webhook should list, and does not.
    not_answered: Vec<String>,
}

impl Rows {
    /// Sorts a portal's rows; there are none where the table could not be read.
    pub fn sort(facts: &Facts<'_>) -> Self {
        let is_empty = facts.rows.as_ref().is_ok_and(Vec::is_empty);
        let mut found = Self {
            is_empty,
            ..Self::default()
        };
        let (question, user) = (&facts.question, facts.question.asked_user());
        let (mut visible, mut numbers) = (Vec::new(), PortalNumbers::default());
        for stored in facts.rows.iter().flatten() {
            let (key, parsed) = (stored.key().to_owned(), stored.row.parse());
            numbers.add(stored.row.clone());
            if parsed
                .as_ref()
                .is_ok_and(|(_, audience)| audience.includes(user))
            {
                visible.push(key.clone());
            }
            if !question.is_about(&key) {
                continue;
            }
            found.count += 1;
            match &stored.row.audience {
                Ok(Audience::Only(users)) if !users.contains(&user) => {
                    found.hidden.push((key.clone(), users.clone()));
                }
                Ok(_) => {}
                Err(_) => found.invalid_users.push(key.clone()),
            }
            match parsed {
                Ok(_) | Err(RowError::InvalidUserIds) => {}
                Err(error) => found.bad.push((key.clone(), error)),
            }
            if split_key(&key).1.is_some() {
                found.extended.push(key.clone());
            }
            let (shown, lost) = truncate(stored.name().unwrap_or_default());
            if !lost.is_empty() {
                found.cut.push((key, shown));
            }
        }
        let response = NumbersResponse::within(facts.max_body, numbers.visible_to(user));
        found.beyond_response = visible.split_off(response.count);
        if let Ok(answer) = &facts.answer
            && answer.violation.is_none()
        {
            let listed = answer.numbers.iter();
            let listed: HashSet<_> = listed
                .map(|shown| (shown.number.as_str(), shown.extension.as_deref()))
                .collect();
            visible.retain(|key| !listed.contains(&split_key(key)));
            found.not_answered = visible;
        }
        found.beyond_response.retain(|key| question.is_about(key));
        found.not_answered.retain(|key| question.is_about(key));
        found
    }

    pub fn of_portal(&self, facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
        let portal = facts.question.portal;
        match &facts.rows {
            Err(failure) => {
                let summary = "the numbers table cannot be read";
                reasons.push(Reason::failed(Cause::TableUnreadable, summary, failure));
            }
            Ok(rows) if rows.is_empty() => reasons.push(Reason::new(
                Cause::PortalEmpty,
                "the portal has no numbers",
                format!(
                    "No row of the table is portal {portal}'s. Check the portal's id; if it is \
                     right, import its numbers."
                ),
                facts.stack.command("numbers import FILE"),
            )),
            Ok(_) => {}
        }
        if facts.rows.is_ok() && !facts.elsewhere.is_empty() {
            let others = facts.elsewhere.join(", ");
            // A portal without numbers may be a mistyped one.
            let fix = (!self.is_empty).then(|| facts.set(""));
            reasons.push(Reason::new(
                Cause::InOtherPortal,
                "the number is another portal's",
                format!(
                    "The table has it for portal {others}, not for portal {portal}. Find out \
                     whose it is: setting it here does not remove it there."
                ),
                fix,
            ));
        }
    }

    pub fn of_user(&self, facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
        if let Some((key, users)) = self.hidden.first() {
            let numbers = named(self.hidden.iter().map(|(key, _)| key));
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
        if !self.invalid_users.is_empty() {
            reasons.push(Reason::new(
                Cause::InvalidUserIds,
                format!("an invalid userIds hides {}", named(&self.invalid_users)),
                "It must be a number set (NS) of HubSpot user ids, or absent; until then nobody \
                 sees the number.",
                facts.set("--user ID"),
            ));
        }
    }

    pub fn of_number(&self, facts: &Facts<'_>, reasons: &mut Vec<Reason>) {
        let has_rows = facts.rows.is_ok() && !self.is_empty;
        if self.count == 0 && has_rows && facts.elsewhere.is_empty() {
            reasons.push(Reason::new(
                Cause::NotInTable,
                "the number is not in the table",
                "No portal has it. Check its digits.",
                facts.set(""),
            ));
        }
        if let Some((_, error)) = self.bad.first() {
            let numbers = named(self.bad.iter().map(|(key, _)| key));
            let portal = facts.question.portal;
            reasons.push(Reason::new(
                Cause::BadRow,
                format!("a bad row hides {numbers}"),
                format!("In the row, {error}. Remove it, and set the number as it should be."),
                facts
                    .stack
                    .command(&format!("numbers remove --portal {portal}")),
            ));
        }
        if !self.extended.is_empty() {
            reasons.push(Reason::new(
                Cause::HasExtension,
                format!("HubSpot lets nobody select {}", named(&self.extended)),
                "It shows numbers with an extension, but greys them out. Set the number without \
                 it, and remove the row with it.",
                facts.set(""),
            ));
        }
        if let Some((_, shown)) = self.cut.first() {
            let numbers = named(self.cut.iter().map(|(key, _)| key));
            let detail = format!("It shows {MAX_NAME} characters. Look for \"{shown}\".");
            let summary = format!("HubSpot cuts the name of {numbers}");
            let fix = facts.set("--name SHORTER");
            reasons.push(Reason::new(Cause::NameCut, summary, detail, fix).warning());
        }
        if !self.beyond_response.is_empty() {
            reasons.push(Reason::new(
                Cause::BeyondResponse,
                format!(
                    "the response has no room for {}",
                    named(&self.beyond_response)
                ),
                "It has at most 6 MiB. Show each user fewer numbers.",
                facts.set("--user ID"),
            ));
        }
        if !self.not_answered.is_empty() {
            reasons.push(Reason::new(
                Cause::NotAnswered,
                format!("the webhook does not list {}", named(&self.not_answered)),
                "The table has it. Either the row is new, or the webhook cannot read the table \
                 and serves earlier numbers.",
                facts.stack.command("logs"),
            ));
        }
    }
}

/// Names the first numbers of many.
fn named<'a>(keys: impl IntoIterator<Item = &'a String>) -> String {
    let mut keys = keys.into_iter().map(String::as_str);
    let first: Vec<_> = keys.by_ref().take(MAX_NAMED).collect();
    match keys.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
