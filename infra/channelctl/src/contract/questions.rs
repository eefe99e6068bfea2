//! The questions that HubSpot's documents leave open, and the answers of one account.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Run,
    call::{Call, Step, date_pattern},
};

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub question: &'static str,
    pub answer: String,
}

type Question = (&'static str, fn(&Run) -> Option<String>);

const QUESTIONS: [Question; 9] = [
    ("credential that reads the settings", |run| {
        is_taken(run, Step::ReadSettings)
    }),
    ("credential that reads the calling settings", |run| {
        is_taken(run, Step::ReadCallingSettings)
    }),
    ("credential that writes the settings", |run| {
        is_taken(run, Step::DeleteNothing)
    }),
    ("GET of no settings", read_of_nothing),
    ("PATCH of no settings", |run| {
        outcome(run, Step::ChangeNothing)
    }),
    ("DELETE of no settings", |run| {
        outcome(run, Step::DeleteNothing)
    }),
    ("POST onto existing settings", |run| {
        outcome(run, Step::CreateAgain)
    }),
    ("updatedAt after a PATCH that changes nothing", updated_at),
    ("format of dates", date_formats),
];

/// Returns the questions that the runs answer, and those that stay open.
pub(super) fn answers(runs: &[Run]) -> (Vec<Answer>, Vec<&'static str>) {
    let (mut settled, mut open) = (Vec::new(), Vec::new());
    for (question, answer_of) in QUESTIONS {
        let mut answers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for run in runs {
            if let Some(answer) = answer_of(run) {
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

fn is_taken(run: &Run, step: Step) -> Option<String> {
    let is_taken = run.find(step)?.is_authenticated()?;
    let verdict = if is_taken { "taken" } else { "rejected" };
    Some(format!("{:?} is {verdict}", run.access))
}

fn outcome(run: &Run, step: Step) -> Option<String> {
    let call = run.find(step)?;
    (call.is_authenticated()?).then(|| call.outcome())
}

fn read_of_nothing(run: &Run) -> Option<String> {
    let reads = [Step::ReadNothing, Step::ReadSettings].map(|step| run.find(step));
    let of_nothing = |call: &&Call| call.held() == Some(None);
    reads
        .into_iter()
        .flatten()
        .find(of_nothing)
        .map(Call::outcome)
}

fn updated_at(run: &Run) -> Option<String> {
    let steps = [Step::ReadBeforeEqualChange, Step::ReadAfterEqualChange];
    let [before, after] = steps.map(|step| run.find(step)?.body.get("updatedAt"));
    let is_same = before? == after?;
    run.find(Step::ChangeEqually)?
        .is_success()
        .then(|| if is_same { "unchanged" } else { "changed" }.to_owned())
}

fn date_formats(run: &Run) -> Option<String> {
    let dates = run.calls.iter().flat_map(|call| {
        ["createdAt", "updatedAt"].map(|field| date_pattern(call.body[field].as_str()?))
    });
    let formats: BTreeSet<_> = dates.flatten().collect();
    (!formats.is_empty()).then(|| formats.into_iter().collect::<Vec<_>>().join(" or "))
}
