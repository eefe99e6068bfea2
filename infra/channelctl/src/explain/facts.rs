//! The facts that explain why a user sees a number or not, as they were gathered.

use std::time::Duration;

use channel_connection::{
    contract,
    hook_report::Report,
    ids::{PortalId, UserId},
    numbers_response::MAX_BODY,
    phone_number::{NumberKey, split_key},
    shown_number::{ShownNumber, shown_numbers},
};
use jiff::Timestamp;
use tokio::time::timeout;

use crate::{
    call,
    explain::log::{self, Requests},
    numbers::{item::Stored, table::Table},
    outcome::Failure,
    registration, secrets,
    stack::Stack,
    terminal,
};

/// Timeout of the search in all portals' rows.
const SCAN_TIMEOUT: Duration = Duration::from_secs(30);

/// The question: who does not see which number.
#[derive(Clone)]
pub struct Question {
    pub portal: PortalId,
    /// `None` for a user whom no row names.
    pub user: Option<UserId>,
    /// `None` for every number of the portal.
    pub number: Option<NumberKey>,
}

/// What was found at each place that HubSpot's request passes.
pub struct Facts<'a> {
    pub stack: &'a Stack,
    pub question: Question,
    pub report: Result<Report, Failure>,
    pub secret_changed: Option<Timestamp>,
    /// The webhook's response to this user now.
    pub response: Result<CheckedResponse, Failure>,
    /// The portal's rows.
    pub rows: Result<Vec<Stored>, Failure>,
    /// The largest body of a response.
    pub max_body: usize,
    /// Other portals that have the number, where this one has not.
    pub elsewhere: Vec<String>,
    pub requests: Result<Requests, Failure>,
}

/// The webhook's response.
#[cfg_attr(test, derive(Default))]
pub struct CheckedResponse {
    /// The first violation of HubSpot's contract.
    pub violation: Option<String>,
    pub numbers: Vec<ShownNumber>,
}

impl Question {
    /// Returns the user that the webhook is asked as.
    pub fn asked_user(&self) -> UserId {
        self.user.unwrap_or(UserId::MAX)
    }

    /// Tells whether a row's key is the number, however badly it is written.
    pub fn is_about(&self, key: &str) -> bool {
        let Some(number) = &self.number else {
            return true;
        };
        let (stored, asked) = (split_key(key).0, number.number.as_str());
        key == number.to_string() || number.extension.is_none() && digits(stored) == digits(asked)
    }
}

/// Returns a number's digits, less the zeros before a country code.
fn digits(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit);
    digits.skip_while(|digit| *digit == '0').collect()
}

impl<'a> Facts<'a> {
    /// Looks everywhere; what cannot be seen is a fact too.
    pub async fn gather(stack: &'a Stack, question: Question) -> Self {
        let started = Timestamp::now();
        let (report, secret_changed, response, mut rows, requests) = tokio::join!(
            registration::status(stack, "channelctl explain"),
            secrets::client_secret_changed_at(stack),
            response(stack, &question),
            rows(stack, Some(question.portal)),
            log::read(stack, question.portal, started),
        );
        let is_about = |stored: &Stored| question.is_about(stored.key());
        let mut elsewhere = Vec::new();
        if question.number.is_some()
            && let Ok(of_portal) = &rows
            && !of_portal.iter().any(is_about)
        {
            let scan = timeout(SCAN_TIMEOUT, self::rows(stack, None));
            let slow = |_| Err(Failure::failed("Reading all its rows took too long."));
            match terminal::wait("the whole numbers table", scan)
                .await
                .unwrap_or_else(slow)
            {
                Ok(all) => {
                    let found = all.into_iter().filter(is_about);
                    elsewhere = found.map(|row| row.portal).collect();
                }
                Err(failure) => rows = Err(failure),
            }
        }
        Self {
            stack,
            question,
            report,
            secret_changed,
            response,
            rows,
            max_body: MAX_BODY,
            elsewhere,
            requests,
        }
    }

    /// Writes the command that sets a number of the portal, which it asks for.
    pub fn set(&self, options: &str) -> String {
        let portal = self.question.portal;
        let command = format!("numbers set --portal {portal} {options}");
        self.stack.command(command.trim_end())
    }
}

async fn rows(stack: &Stack, portal: Option<PortalId>) -> Result<Vec<Stored>, Failure> {
    Table::of(stack)?.rows(portal).await
}

async fn response(stack: &Stack, question: &Question) -> Result<CheckedResponse, Failure> {
    let (_, response, _) = call::ask(stack, question.portal, question.asked_user()).await?;
    let violations = contract::violations(response.status, &response.body);
    Ok(CheckedResponse {
        violation: violations.into_iter().next(),
        numbers: shown_numbers(&response.body),
    })
}
