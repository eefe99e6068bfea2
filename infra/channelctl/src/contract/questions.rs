//! The questions that HubSpot's documents leave open, and the answers of one account.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Run, credentials::current};
use crate::hubspot::{Call, shape};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Answer {
    pub question: &'static str,
    pub answer: String,
}

/// A question, and where in a run its answer stands.
type Question = (&'static str, fn(&Run) -> Option<String>);

const QUESTIONS: [Question; 9] = [
    ("credential that reads the settings", |run| {
        taken(run, "readSettings")
    }),
    ("credential that reads the calling settings", |run| {
        taken(run, "readCallingSettings")
    }),
    ("credential that writes the settings", |run| {
        taken(run, "deleteNothing")
    }),
    ("GET of no settings", read_of_nothing),
    ("PATCH of no settings", |run| response(run, "changeNothing")),
    ("DELETE of no settings", |run| {
        response(run, "deleteNothing")
    }),
    ("POST onto existing settings", |run| {
        response(run, "createAgain")
    }),
    ("updatedAt after a PATCH that changes nothing", updated_at),
    ("format of dates", date_formats),
];

/// Returns the questions that the runs answer, and those that stay open.
pub(super) fn answers(runs: &[Run]) -> (Vec<Answer>, Vec<&'static str>) {
    let (mut settled, mut open) = (Vec::new(), Vec::new());
    for (question, answer) in QUESTIONS {
        let mut answers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for run in runs {
            if let Some(answer) = answer(run) {
                answers.entry(answer).or_default().insert(run.api_version);
            }
        }
        let is_one = answers.len() == 1;
        let answers = answers.into_iter().map(|(answer, versions)| {
            if is_one {
                return answer;
            }
            let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
            format!("{answer} ({versions})")
        });
        let answers: Vec<_> = answers.collect();
        if answers.is_empty() {
            open.push(question);
        } else {
            let answer = answers.join("; ");
            settled.push(Answer { question, answer });
        }
    }
    (settled, open)
}

fn taken(run: &Run, step: &str) -> Option<String> {
    let is_taken = run.find(step)?.is_authenticated()?;
    let verdict = if is_taken { "taken" } else { "rejected" };
    Some(format!("{} is {verdict}", run.credential))
}

fn response(run: &Run, step: &str) -> Option<String> {
    let call = run.find(step)?;
    call.is_authenticated()?.then(|| call.outcome())
}

fn read_of_nothing(run: &Run) -> Option<String> {
    let reads = ["readNothing", "readSettings"].map(|step| run.find(step));
    let mut reads = reads.into_iter().flatten();
    let of_nothing = reads.find(|call| current(call) == Some(None));
    of_nothing.map(Call::outcome)
}

fn updated_at(run: &Run) -> Option<String> {
    let steps = ["readBeforeEqualChange", "readAfterEqualChange"];
    let [before, after] = steps.map(|step| run.find(step)?.body.get("updatedAt"));
    let is_same = before? == after?;
    run.find("changeEqually")?
        .is_success()
        .then(|| if is_same { "unchanged" } else { "changed" }.to_owned())
}

fn date_formats(run: &Run) -> Option<String> {
    let fields = ["createdAt", "updatedAt"];
    let of_call = |call: &Call| fields.map(|field| call.body.get(field).map(shape));
    let formats: BTreeSet<_> = run.calls.iter().flat_map(of_call).flatten().collect();
    (!formats.is_empty()).then(|| formats.into_iter().collect::<Vec<_>>().join(" or "))
}
