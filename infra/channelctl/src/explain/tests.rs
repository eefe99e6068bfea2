use channel_connection::{
    number_row::{Audience, NumberRow},
    shown_number::shown_numbers,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    facts::Answer,
    log::{Refused, RefusedAs, Requests},
    *,
};
use crate::{
    calling_settings::CallingSettings,
    numbers::table::Stored,
    registration::{
        Report,
        tests::{URL, report},
    },
    stack::tests::stack,
};

const NUMBER: &str = "+493012345678";
const SCHEMA: &str = include_str!("../../schema/stack.json");
const CAUSE: &str = "/$defs/explain/properties/reasons/items/properties/cause/enum";

/// Facts to be: one user sees the portal's one number.
struct Seeds {
    report: Report,
    inbound: Option<bool>,
    calling_ready: Option<bool>,
    answer: Answer,
    rows: Vec<Stored>,
    requests: Requests,
    number: Option<&'static str>,
    elsewhere: Vec<String>,
    max_body: usize,
    /// The causes that leave nothing to look at.
    failed: Vec<Cause>,
}

impl Seeds {
    fn new() -> Self {
        let mut requests = Requests::default();
        requests.last_answered = Some(Timestamp::now());
        let mut seeds = Self {
            report: report(Some((URL, true))),
            inbound: Some(true),
            calling_ready: Some(true),
            answer: Answer {
                violation: None,
                numbers: Vec::new(),
            },
            rows: Vec::new(),
            requests,
            number: None,
            elsewhere: Vec::new(),
            max_body: 10_000,
            failed: Vec::new(),
        };
        seeds.row(NUMBER, "Sales", None);
        seeds
    }

    /// Adds a row, which the webhook lists if it should.
    fn row(&mut self, key: &str, name: &str, users: Option<&str>) {
        let row = NumberRow {
            number: Some(key.into()),
            friendly_name: Some(name.into()),
            audience: users.map_or(Ok(Audience::Everyone), |id| Audience::only(&[id.into()])),
        };
        if let (Ok((number, _)), None) = (row.parse(), users) {
            let list = json!({"phoneNumbers": [number]}).to_string();
            self.answer.numbers.extend(shown_numbers(list.as_bytes()));
        }
        let portal = "62515".into();
        self.rows.push(Stored { portal, row });
    }

    fn add(&mut self, cause: Cause) {
        let report = &mut self.report;
        match cause {
            Cause::RegistrationUnknown => {
                (report.registered, report.drift, report.is_ready) = (None, None, None);
            }
            Cause::NotRegistered => (report.registered, report.drift) = (None, Some(true)),
            Cause::OtherUrl => report.drift = Some(true),
            Cause::NotReleased => report.is_ready = Some(false),
            Cause::InboundCallingUnsupported => self.inbound = None,
            Cause::CallingNotReady => self.calling_ready = Some(false),
            Cause::ResponseInvalid => self.answer.violation = Some("no list".into()),
            Cause::WebhookUnverified => report.last_probe.verified = false,
            Cause::PortalEmpty => self.rows.clear(),
            Cause::InOtherPortal => {
                self.number = Some("+15550100");
                self.elsewhere = vec!["8".into()];
            }
            Cause::HiddenFromUser => self.row("+15550101", "", Some("7")),
            Cause::InvalidUserIds => self.row("+15550102", "", Some("seven")),
            Cause::NotInTable => self.number = Some("+15550100"),
            Cause::BadRow => self.row("15550103", "", None),
            Cause::HasExtension => self.row("+15550104;ext=1", "", None),
            Cause::NameCut => self.row("+15550105", "Customer success in Europe", None),
            Cause::BeyondResponse => {
                self.row("+15550106", "", None);
                self.max_body = 110;
            }
            Cause::NotAnswered => self.answer.numbers.clear(),
            Cause::RequestsRefused => self.requests.refused.push(Refused {
                outcome: RefusedAs::WrongSignature,
                count: 2,
                last: Timestamp::now(),
            }),
            Cause::NoRequests => self.requests.last_answered = None,
            Cause::HookFailed
            | Cause::CallingSettingsUnknown
            | Cause::CallingSettingsAbsent
            | Cause::WebhookFailed
            | Cause::TableUnreadable
            | Cause::LogUnreadable => self.failed.push(cause),
        }
    }

    fn facts(mut self, stack: &Stack) -> Facts<'_> {
        let has_failed = |cause| self.failed.contains(&cause);
        let failed = |cause| {
            let failure = Failure::failed("failed").then(stack.command("see"));
            has_failed(cause).then_some(failure)
        };
        self.report.calling_settings = if has_failed(Cause::CallingSettingsUnknown) {
            None
        } else if has_failed(Cause::CallingSettingsAbsent) {
            Some(CallingSettings::Absent)
        } else {
            Some(CallingSettings::Found {
                supports_inbound_calling: self.inbound,
                is_ready: self.calling_ready,
            })
        };
        Facts {
            stack,
            question: Question {
                portal: 62515.try_into().unwrap(),
                user: Some(41.try_into().unwrap()),
                number: self.number.map(|number| number.parse().unwrap()),
            },
            report: failed(Cause::HookFailed).map_or(Ok(self.report), Err),
            secret_changed: None,
            answer: failed(Cause::WebhookFailed).map_or(Ok(self.answer), Err),
            rows: failed(Cause::TableUnreadable).map_or(Ok(self.rows), Err),
            max_body: self.max_body,
            elsewhere: self.elsewhere,
            requests: failed(Cause::LogUnreadable).map_or(Ok(self.requests), Err),
        }
    }
}

fn found(causes: &[Cause], stack: &Stack) -> Vec<Reason> {
    let mut seeds = Seeds::new();
    for cause in causes {
        seeds.add(*cause);
    }
    reasons(&seeds.facts(stack))
}

/// Tells why two causes, in their order, cannot come together.
fn exclusion(first: Cause, second: Cause) -> Option<&'static str> {
    use Cause::{
        BadRow, CallingNotReady, CallingSettingsAbsent, CallingSettingsUnknown, HiddenFromUser,
        HookFailed, InOtherPortal, InvalidUserIds, LogUnreadable, NoRequests, NotAnswered,
        NotInTable, NotRegistered, NotReleased, OtherUrl, PortalEmpty, RegistrationUnknown,
        RequestsRefused, ResponseInvalid, TableUnreadable, WebhookFailed, WebhookUnverified,
    };
    let only = |cause: Cause| cause..=cause;
    let exclusions = [
        (
            only(HookFailed),
            RegistrationUnknown..=CallingNotReady,
            "there is no report",
        ),
        (
            only(HookFailed),
            only(WebhookUnverified),
            "there is no report",
        ),
        (
            only(RegistrationUnknown),
            NotRegistered..=NotReleased,
            "HubSpot was not asked",
        ),
        (
            only(NotRegistered),
            OtherUrl..=NotReleased,
            "there are no settings",
        ),
        (
            CallingSettingsUnknown..=CallingSettingsAbsent,
            CallingSettingsAbsent..=CallingNotReady,
            "there are no calling settings",
        ),
        (
            WebhookFailed..=ResponseInvalid,
            ResponseInvalid..=WebhookUnverified,
            "a webhook that fails is reported once",
        ),
        (
            WebhookFailed..=ResponseInvalid,
            only(NotAnswered),
            "there is no list",
        ),
        (
            only(TableUnreadable),
            PortalEmpty..=NotAnswered,
            "there are no rows",
        ),
        (
            only(PortalEmpty),
            HiddenFromUser..=NotAnswered,
            "there are no rows",
        ),
        (
            only(InOtherPortal),
            HiddenFromUser..=NotAnswered,
            "the number has no row here",
        ),
        (
            HiddenFromUser..=InvalidUserIds,
            only(NotInTable),
            "the number has no row",
        ),
        (
            only(NotInTable),
            BadRow..=NotAnswered,
            "the number has no row",
        ),
        (
            RequestsRefused..=NoRequests,
            only(LogUnreadable),
            "there are no requests",
        ),
    ];
    let found = exclusions
        .into_iter()
        .find(|(ones, others, _)| ones.contains(&first) && others.contains(&second));
    found.map(|(_, _, why)| why)
}

#[test]
fn each_cause_and_each_pair_is_found() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let causes = schema.pointer(CAUSE).unwrap().clone();
    let causes: Vec<Cause> = serde_json::from_value(causes).unwrap();
    assert!(causes.is_sorted());
    assert_eq!(found(&[], &stack), []);
    let mut possible = 0;
    for (at, first) in causes.iter().enumerate() {
        for second in &causes[at..] {
            let mut pair = vec![*first, *second];
            pair.dedup();
            let reasons = found(&pair, &stack);
            let found: Vec<_> = reasons.iter().map(|reason| reason.cause).collect();
            if pair.len() == 2 && exclusion(*first, *second).is_some() {
                assert_ne!(found, pair);
            } else {
                assert_eq!(found, pair);
                possible += 1;
            }
        }
    }
    assert_eq!(possible, 26 + 266);
}

#[test]
fn each_reason_has_its_fix() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    for (cause, fix) in [
        (Cause::HookFailed, "see"),
        (Cause::RegistrationUnknown, "doctor"),
        (Cause::NotRegistered, "register"),
        (Cause::OtherUrl, "register"),
        (Cause::NotReleased, "release"),
        (Cause::CallingSettingsAbsent, "doctor"),
        (Cause::WebhookUnverified, "verify"),
        (Cause::PortalEmpty, "numbers import FILE"),
        (
            Cause::HiddenFromUser,
            "numbers set --portal 62515 --user 7 --user 41",
        ),
        (
            Cause::InvalidUserIds,
            "numbers set --portal 62515 --user ID",
        ),
        (Cause::BadRow, "numbers remove --portal 62515"),
        (Cause::NotAnswered, "logs"),
        (Cause::RequestsRefused, "secrets set"),
    ] {
        let expected = Some(format!("channelctl --stage dev {fix}"));
        assert_eq!(found(&[cause], &stack)[0].fix, expected, "{cause:?}");
    }
}

#[test]
fn verdict_says_who_sees_what() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    for (number, causes, expected) in [
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
            Some("+15550101"),
            &[Cause::NotReleased, Cause::HiddenFromUser],
            "does not see +15550101: the app is not released, and 1 more reason.",
        ),
        (
            None,
            &[Cause::HiddenFromUser],
            "sees 1 number, but not all: the table hides +15550101 from user 41.",
        ),
        (
            None,
            &[Cause::WebhookFailed],
            "sees no number: the webhook does not answer.",
        ),
    ] {
        let mut seeds = Seeds::new();
        for cause in causes {
            seeds.add(*cause);
        }
        seeds.number = number;
        let facts = seeds.facts(&stack);
        let verdict = verdict(&facts, &reasons(&facts));
        assert_eq!(verdict, format!("User 41 of portal 62515 {expected}"));
    }
}
