use channel_connection::{
    hook_report::CallingSettings,
    number_row::{Audience, NumberRow},
    shown_number::shown_numbers,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{facts::CheckedResponse, log::Requests, *};
use crate::{
    numbers::item::Stored,
    registration::tests::{URL, report},
    stack::tests::stack,
};

const NUMBER: &str = "+493012345678";
const SCHEMA: &str = include_str!("../../schema/snapshots/stack.snap.json");
const CAUSES: &str = "/$defs/Cause/enum";

/// Returns the facts of a user who sees the portal's one number.
fn well(stack: &Stack) -> Facts<'_> {
    let mut requests = Requests::default();
    requests.last_answered = Some(Timestamp::now());
    let mut facts = Facts {
        stack,
        question: Question {
            portal: 62515.try_into().unwrap(),
            user: Some(41.try_into().unwrap()),
            number: None,
        },
        report: Ok(report(Some((URL, true)))),
        secret_changed: None,
        response: Ok(CheckedResponse::default()),
        rows: Ok(Vec::new()),
        max_body: 10_000,
        elsewhere: Vec::new(),
        requests: Ok(requests),
    };
    add_row(&mut facts, NUMBER, "Sales", None);
    facts
}

/// Adds a row, which the webhook lists if it should.
fn add_row(facts: &mut Facts<'_>, key: &str, name: &str, users: Option<&str>) {
    let row = NumberRow {
        number: Some(key.into()),
        friendly_name: Some(name.into()),
        audience: users.map_or(Ok(Audience::Everyone), |id| Audience::only(&[id.into()])),
    };
    if let (Ok((number, _)), None, Ok(response)) = (row.parse(), users, &mut facts.response) {
        let list = json!({"phoneNumbers": [number]}).to_string();
        response.numbers.extend(shown_numbers(list.as_bytes()));
    }
    if let Ok(rows) = &mut facts.rows {
        let portal = "62515".into();
        rows.push(Stored { portal, row });
    }
}

/// Adds a cause, unless one before it has left nothing to look at.
fn add(facts: &mut Facts<'_>, cause: Cause) {
    let failure = || Failure::failed("failed").then("see".to_owned());
    let (mut no_report, mut no_response) = (report(None), CheckedResponse::default());
    let (mut no_rows, mut no_requests) = (Vec::new(), Requests::default());
    let report = facts.report.as_mut().unwrap_or(&mut no_report);
    let response = facts.response.as_mut().unwrap_or(&mut no_response);
    let rows = facts.rows.as_mut().unwrap_or(&mut no_rows);
    let requests = facts.requests.as_mut().unwrap_or(&mut no_requests);
    match cause {
        Cause::HookFailed => facts.report = Err(failure()),
        Cause::RegistrationUnknown => {
            (report.registered, report.drift, report.is_ready) = (None, None, None);
        }
        Cause::NotRegistered => (report.registered, report.drift) = (None, Some(true)),
        Cause::OtherUrl => report.drift = Some(true),
        Cause::NotReleased => report.is_ready = Some(false),
        Cause::CallingSettingsUnknown => report.calling_settings = None,
        Cause::CallingSettingsAbsent => report.calling_settings = Some(CallingSettings::Absent),
        Cause::InboundCallingUnsupported | Cause::CallingNotReady => {
            if let Some(CallingSettings::Found(found)) = &mut report.calling_settings {
                match cause {
                    Cause::CallingNotReady => found.is_ready = Some(false),
                    _ => found.supports_inbound_calling = None,
                }
            }
        }
        Cause::WebhookFailed => facts.response = Err(failure()),
        Cause::ResponseInvalid => response.violation = Some("no list".into()),
        Cause::WebhookUnverified => report.last_probe.verified = false,
        Cause::TableUnreadable => facts.rows = Err(failure()),
        Cause::PortalEmpty => rows.clear(),
        Cause::InOtherPortal => {
            facts.question.number = "+15550100".parse().ok();
            facts.elsewhere = vec!["8".into()];
        }
        Cause::HiddenFromUser => add_row(facts, "+15550101", "", Some("7")),
        Cause::InvalidUserIds => add_row(facts, "+15550102", "", Some("seven")),
        Cause::NotInTable => facts.question.number = "+15550100".parse().ok(),
        Cause::BadRow => add_row(facts, "15550103", "", None),
        Cause::HasExtension => add_row(facts, "+15550104;ext=1", "", None),
        Cause::NameCut => add_row(facts, "+15550105", "Customer success in Europe", None),
        Cause::BeyondResponse => {
            add_row(facts, "+15550106", "", None);
            facts.max_body = 110;
        }
        Cause::NotAnswered => response.numbers.clear(),
        Cause::RequestsRefused => {
            let last = Timestamp::now() - SignedDuration::from_hours(2);
            requests.refused.insert(401, (2, last));
        }
        Cause::NoRequests => requests.last_answered = None,
        Cause::LogUnreadable => facts.requests = Err(failure()),
    }
}

fn with<'a>(causes: &[Cause], stack: &'a Stack) -> Facts<'a> {
    let mut facts = well(stack);
    for cause in causes {
        add(&mut facts, *cause);
    }
    facts
}

/// Returns every cause of the schema, in its order.
fn causes() -> Vec<Cause> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    serde_json::from_value(schema.pointer(CAUSES).unwrap().clone()).unwrap()
}

#[test]
fn each_cause_has_its_reason_and_fix() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    let texts = causes().into_iter().map(|cause| {
        let facts = with(&[cause], &stack);
        let reasons = reasons(&facts);
        let [(_, reason)] = &reasons[..] else {
            panic!("{cause:?}: {reasons:?}");
        };
        assert_eq!(reason.cause, cause);
        let verdict = verdict(&facts, &reasons);
        let fix = reason.fix.as_deref().unwrap_or("no fix");
        let severity = reason.severity;
        format!(
            "{cause:?}: {verdict}\n{severity:?}: {}\n{fix}\n",
            reason.detail
        )
    });
    insta::assert_snapshot!("causes", texts.collect::<Vec<_>>().join("\n"));
}

#[test]
fn each_pair_is_found_in_order() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    let causes = causes();
    assert_eq!(reasons(&well(&stack)), []);
    let mut exclusions = Vec::new();
    for (at, first) in causes.iter().enumerate() {
        let are_found = |second: &&Cause| {
            let reasons = reasons(&with(&[*first, **second], &stack));
            let found: Vec<_> = reasons.iter().map(|(_, reason)| reason.cause).collect();
            found == [*first, **second]
        };
        let others = causes[at + 1..].iter();
        let excluded: Vec<_> = others.filter(|second| !are_found(second)).collect();
        exclusions.push(format!("{first:?}: {excluded:?}"));
    }
    insta::assert_snapshot!("exclusions", exclusions.join("\n"));
}

#[test]
fn verdict_says_who_sees_what() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    for (asked, causes, expected) in [
        (None, &[][..], "sees 1 number."),
        (Some(NUMBER), &[], "sees +493012345678."),
        (
            Some(NUMBER),
            &[Cause::NoRequests],
            "should see +493012345678.",
        ),
        (
            Some("+15550104"),
            &[Cause::HasExtension],
            "sees +15550104, but cannot select it: HubSpot lets nobody select +15550104;ext=1.",
        ),
        (
            None,
            &[Cause::HasExtension],
            "sees 2 numbers, but cannot select all: HubSpot lets nobody select +15550104;ext=1.",
        ),
        (
            None,
            &[Cause::HasExtension, Cause::RequestsRefused],
            "may see no number: the webhook refused 2 requests with 401, last 2 hours ago, and 1 more reason.",
        ),
        (
            Some("+15550101"),
            &[Cause::NotReleased, Cause::HiddenFromUser],
            "does not see +15550101: the app is not released, and 1 more reason.",
        ),
    ] {
        let mut facts = with(causes, &stack);
        facts.question.number = asked.map(|number: &str| number.parse().unwrap());
        let verdict = verdict(&facts, &reasons(&facts));
        assert_eq!(verdict, format!("User 41 of portal 62515 {expected}"));
    }
}
