use Cause::{
    BadRow, BeyondResponse, CallingNotReady, CallingSettingsAbsent, CallingSettingsUnknown,
    HasExtension, HiddenFromUser, HookFailed, InOtherPortal, InboundCallingUnsupported,
    InvalidUserIds, LogUnreadable, NameCut, NoRequests, NotAnswered, NotInTable, NotRegistered,
    NotReleased, OtherUrl, PortalEmpty, RegistrationUnknown, RequestsRefused, ResponseInvalid,
    TableUnreadable, WebhookFailed, WebhookUnverified,
};
use channel_connection::{
    number_row::{Attribute, NumberRow},
    shown_number::shown_numbers,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    facts::Answer,
    log::{Outcome, Refused, Requests},
    *,
};
use crate::{
    numbers::table::Stored,
    registration::{
        Report,
        tests::{URL, report},
    },
    stack::tests::stack,
};

const NUMBER: &str = "+493012345678";

/// Each cause alone.
const CASES: [(Cause, fn(&mut Facts<'_>)); 26] = [
    (HookFailed, |facts| {
        facts.report = Err(Failure::failed("no hook"))
    }),
    (RegistrationUnknown, |facts| {
        of_report(facts, |report| {
            (report.registered, report.drift, report.ready) = (None, None, None)
        });
    }),
    (NotRegistered, |facts| {
        of_report(facts, |report| {
            (report.registered, report.drift, report.ready) = (None, Some(true), Some(false));
        });
    }),
    (OtherUrl, |facts| {
        of_report(facts, |report| report.drift = Some(true))
    }),
    (NotReleased, |facts| {
        of_report(facts, |report| report.ready = Some(false))
    }),
    (CallingSettingsUnknown, |facts| {
        of_report(facts, |report| {
            let reason = "HubSpot is silent".into();
            report.calling_settings = Some(CallingSettings::Unknown { reason });
        });
    }),
    (CallingSettingsAbsent, |facts| {
        of_report(facts, |report| {
            report.calling_settings = Some(CallingSettings::Absent)
        });
    }),
    (InboundCallingUnsupported, |facts| {
        of_settings(facts, |inbound, _| *inbound = None)
    }),
    (CallingNotReady, |facts| {
        of_settings(facts, |_, is_ready| *is_ready = Some(false))
    }),
    (WebhookFailed, |facts| {
        facts.answer = Err(Failure::failed("no webhook"))
    }),
    (ResponseInvalid, |facts| {
        of_answer(facts, |answer| answer.violation = Some("no list".into()))
    }),
    (WebhookUnverified, |facts| {
        of_report(facts, |report| report.last_probe.verified = false)
    }),
    (TableUnreadable, |facts| {
        facts.rows = Err(Failure::failed("no table"))
    }),
    (PortalEmpty, |facts| of_rows(facts, Vec::clear)),
    (InOtherPortal, |facts| {
        facts.question.number = "+15550100".parse().ok();
        facts.elsewhere = vec!["8".into()];
    }),
    (HiddenFromUser, |facts| {
        add(facts, "+15550101", "", Some(&["7", "8"]))
    }),
    (InvalidUserIds, |facts| {
        add(facts, "+15550102", "", Some(&["seven"]))
    }),
    (NotInTable, |facts| {
        facts.question.number = "+15550100".parse().ok()
    }),
    (BadRow, |facts| add(facts, "15550103", "", None)),
    (HasExtension, |facts| {
        add(facts, "+15550104;ext=1", "", None)
    }),
    (NameCut, |facts| {
        add(
            facts,
            "+15550105",
            "Customer success, Europe and Africa",
            None,
        )
    }),
    (BeyondResponse, |facts| {
        add(facts, "+15550106", "", None);
        facts.max_body = 110;
    }),
    (NotAnswered, |facts| {
        of_answer(facts, |answer| answer.numbers.clear())
    }),
    (RequestsRefused, |facts| {
        if let Ok(requests) = &mut facts.requests {
            requests.refused.push(Refused {
                outcome: Outcome::WrongSignature,
                count: 2,
                last: Timestamp::now() - SignedDuration::from_mins(5),
            });
        }
    }),
    (NoRequests, |facts| {
        if let Ok(requests) = &mut facts.requests {
            requests.last_answered = None;
        }
    }),
    (LogUnreadable, |facts| {
        facts.requests = Err(Failure::failed("no log"))
    }),
];

/// The causes that cannot come together, and why.
const EXCLUSIVE: [(&[Cause], &[Cause], &str); 10] = [
    (
        &[HookFailed],
        &[
            RegistrationUnknown,
            NotRegistered,
            OtherUrl,
            NotReleased,
            CallingSettingsUnknown,
            CallingSettingsAbsent,
            InboundCallingUnsupported,
            CallingNotReady,
            WebhookUnverified,
        ],
        "there is no report",
    ),
    (
        &[RegistrationUnknown],
        &[NotRegistered, OtherUrl, NotReleased],
        "HubSpot was not asked",
    ),
    (
        &[NotRegistered],
        &[OtherUrl, NotReleased],
        "there are no settings",
    ),
    (
        &[CallingSettingsUnknown, CallingSettingsAbsent],
        &[
            CallingSettingsAbsent,
            InboundCallingUnsupported,
            CallingNotReady,
        ],
        "there are no calling settings to look at",
    ),
    (
        &[WebhookFailed, ResponseInvalid],
        &[ResponseInvalid, WebhookUnverified],
        "a webhook fails in one way, and the hook's probe fails for the same reason",
    ),
    (
        &[WebhookFailed, ResponseInvalid],
        &[NotAnswered],
        "there is no list to miss a number in",
    ),
    (
        &[TableUnreadable],
        &[PortalEmpty, InOtherPortal],
        "there are no rows to look at",
    ),
    (
        &[TableUnreadable, PortalEmpty],
        &[
            HiddenFromUser,
            InvalidUserIds,
            NotInTable,
            BadRow,
            HasExtension,
            NameCut,
            BeyondResponse,
            NotAnswered,
        ],
        "there are no rows; PortalEmpty says so of every number",
    ),
    (
        &[InOtherPortal, NotInTable],
        &[
            HiddenFromUser,
            InvalidUserIds,
            NotInTable,
            BadRow,
            HasExtension,
            NameCut,
            BeyondResponse,
            NotAnswered,
        ],
        "there is no row of the number, or one of another portal",
    ),
    (
        &[LogUnreadable],
        &[RequestsRefused, NoRequests],
        "there is no request to look at",
    ),
];

fn of_report(facts: &mut Facts<'_>, change: impl FnOnce(&mut Report)) {
    facts.report.as_mut().map(change).unwrap_or_default();
}

fn of_settings(facts: &mut Facts<'_>, change: fn(&mut Option<bool>, &mut Option<bool>)) {
    of_report(facts, |report| {
        if let Some(CallingSettings::Found {
            supports_inbound_calling,
            is_ready,
        }) = &mut report.calling_settings
        {
            change(supports_inbound_calling, is_ready);
        }
    });
}

fn of_answer(facts: &mut Facts<'_>, change: impl FnOnce(&mut Answer)) {
    facts.answer.as_mut().map(change).unwrap_or_default();
}

fn of_rows(facts: &mut Facts<'_>, change: impl FnOnce(&mut Vec<Stored>)) {
    facts.rows.as_mut().map(change).unwrap_or_default();
}

/// Adds a row; the webhook lists those that it should.
fn add(facts: &mut Facts<'_>, key: &str, name: &str, users: Option<&[&str]>) {
    let row = NumberRow {
        number: Attribute::Value(key.into()),
        friendly_name: Attribute::Value(name.into()),
        user_ids: users.map_or(Attribute::Missing, |ids| {
            Attribute::Value(ids.iter().map(ToString::to_string).collect())
        }),
    };
    if let (Ok((number, _)), None) = (row.parse(), users) {
        let list = json!({"phoneNumbers": [number]}).to_string();
        of_answer(facts, |answer| {
            answer.numbers.extend(shown_numbers(list.as_bytes()))
        });
    }
    let portal = facts.question.portal.to_string();
    of_rows(facts, |rows| rows.push(Stored { portal, row }));
}

/// The facts of a user who sees the portal's one number.
fn healthy(stack: &Stack) -> Facts<'_> {
    let mut report = report(Some((URL, true)));
    report.calling_settings = Some(CallingSettings::Found {
        supports_inbound_calling: Some(true),
        is_ready: Some(true),
    });
    let mut requests = Requests::default();
    requests.last_answered = Some(Timestamp::now());
    let mut facts = Facts {
        stack,
        question: Question {
            portal: 62515.try_into().unwrap(),
            user: Some(41.try_into().unwrap()),
            number: None,
        },
        report: Ok(report),
        secret_changed: None,
        answer: Ok(Answer {
            milliseconds: 41,
            violation: None,
            numbers: Vec::new(),
        }),
        rows: Ok(Vec::new()),
        max_body: 10_000,
        elsewhere: Vec::new(),
        requests: Ok(requests),
    };
    add(&mut facts, NUMBER, "Sales", None);
    facts
}

fn are_exclusive(one: Cause, other: Cause) -> bool {
    EXCLUSIVE.iter().any(|(ones, others, _)| {
        ones.contains(&one) && others.contains(&other)
            || ones.contains(&other) && others.contains(&one)
    })
}

#[test]
fn each_cause_and_each_pair_is_found() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    let causes = |facts: &Facts<'_>| -> Vec<_> {
        reasons(facts).iter().map(|reason| reason.cause).collect()
    };
    assert_eq!(causes(&healthy(&stack)), []);
    assert!(CASES.is_sorted_by(|(one, _), (next, _)| one < next));
    let mut possible = 0;
    for (at, (cause, seed)) in CASES.iter().enumerate() {
        let mut facts = healthy(&stack);
        seed(&mut facts);
        assert_eq!(causes(&facts), [*cause]);
        for (other, another_seed) in &CASES[at + 1..] {
            let mut facts = healthy(&stack);
            seed(&mut facts);
            another_seed(&mut facts);
            if are_exclusive(*cause, *other) {
                assert_ne!(causes(&facts), [*cause, *other]);
            } else {
                assert_eq!(causes(&facts), [*cause, *other]);
                possible += 1;
            }
        }
    }
    assert_eq!(possible, 266);
}

#[test]
fn each_reason_has_its_fix() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    let (failure, set) = ("", "numbers set --portal 62515");
    for (cause, seed) in CASES {
        let mut facts = healthy(&stack);
        seed(&mut facts);
        let fix = reasons(&facts).remove(0).fix.unwrap_or_default();
        let expected = match cause {
            // The failure's own, which these have not.
            HookFailed | WebhookFailed | TableUnreadable | LogUnreadable => failure,
            NotRegistered | OtherUrl => "register",
            NotReleased => "release",
            WebhookUnverified => "verify",
            PortalEmpty => "numbers import FILE",
            HiddenFromUser => "numbers set --portal 62515 --user 7 --user 8 --user 41",
            BadRow => "numbers remove --portal 62515",
            NotAnswered => "logs",
            RequestsRefused => "secrets set",
            NoRequests => "explain --portal 62515 --user 41",
            cause if (InOtherPortal..=BeyondResponse).contains(&cause) => set,
            _ => "doctor",
        };
        let expected = match expected {
            "" => String::new(),
            expected => format!("channelctl --stage dev {expected}"),
        };
        assert!(fix.starts_with(&expected), "{cause:?}: {fix}");
    }
}

#[test]
fn verdict_says_who_sees_what() {
    let stack = stack("UPDATE_COMPLETE", ("", ""));
    let who = "User 41 of portal 62515";
    for (name, number, seeds, text, selects) in [
        ("all well", None, &[][..], "sees 1 number.", true),
        ("number", Some(NUMBER), &[], "sees +493012345678.", true),
        (
            "warning",
            Some(NUMBER),
            &[NoRequests],
            "sees +493012345678.",
            true,
        ),
        (
            "extension",
            Some("+15550104"),
            &[HasExtension],
            "sees +15550104, but cannot select it: +15550104;ext=1 has an extension.",
            false,
        ),
        (
            "two",
            Some("+15550101"),
            &[NotReleased, HiddenFromUser],
            "does not see +15550101: the app is not released, and 1 more reason.",
            false,
        ),
        (
            "one of many",
            None,
            &[HiddenFromUser],
            "sees 1 number: userIds hides +15550101 from user 41.",
            true,
        ),
        (
            "none",
            None,
            &[WebhookFailed],
            "sees no number: the webhook does not answer.",
            false,
        ),
    ] {
        let mut facts = healthy(&stack);
        facts.question.number = number.map(|number| number.parse().unwrap());
        for (_, seed) in CASES.iter().filter(|(cause, _)| seeds.contains(cause)) {
            seed(&mut facts);
        }
        let verdict = verdict(&facts, &reasons(&facts));
        let expected = (format!("{who} {text}"), selects);
        assert_eq!((verdict.text, verdict.selects), expected, "{name}");
    }
}
