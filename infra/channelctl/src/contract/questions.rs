//! The questions that HubSpot's documents leave open, and the answers of one account.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Run,
    call::{Call, Step, shape},
};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Answer {
    pub question: &'static str,
    pub answer: String,
}

/// Where in a run the answer stands.
enum Source {
    /// Whether the credential of a step was taken.
    Taken(Step),
    /// The response to a step.
    Response(Step),
    Other(fn(&Run) -> Option<String>),
}
use Source::{Other, Response, Taken};

const QUESTIONS: [(&str, Source); 9] = [
    (
        "credential that reads the settings",
        Taken(Step::ReadSettings),
    ),
    (
        "credential that reads the calling settings",
        Taken(Step::ReadCallingSettings),
    ),
    (
        "credential that writes the settings",
        Taken(Step::DeleteNothing),
    ),
    ("GET of no settings", Other(read_of_nothing)),
    ("PATCH of no settings", Response(Step::ChangeNothing)),
    ("DELETE of no settings", Response(Step::DeleteNothing)),
    ("POST onto existing settings", Response(Step::CreateAgain)),
    (
        "updatedAt after a PATCH that changes nothing",
        Other(updated_at),
    ),
    ("format of dates", Other(date_formats)),
];

/// Returns the questions that the runs answer, and those that stay open.
pub(super) fn answers(runs: &[Run]) -> (Vec<Answer>, Vec<&'static str>) {
    let (mut settled, mut open) = (Vec::new(), Vec::new());
    for (question, source) in QUESTIONS {
        let mut answers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for run in runs {
            if let Some(answer) = source.answer(run) {
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

impl Source {
    fn answer(&self, run: &Run) -> Option<String> {
        match self {
            Taken(step) => {
                let is_taken = run.find(*step)?.is_authenticated()?;
                let verdict = if is_taken { "taken" } else { "rejected" };
                Some(format!("{} is {verdict}", run.access.kind))
            }
            Response(step) => {
                let call = run.find(*step)?;
                call.is_authenticated()?.then(|| call.outcome())
            }
            Other(answer) => answer(run),
        }
    }
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
    let fields = ["createdAt", "updatedAt"];
    let of_call = |call: &Call| fields.map(|field| call.body.get(field).map(shape));
    let formats: BTreeSet<_> = run.calls.iter().flat_map(of_call).flatten().collect();
    (!formats.is_empty()).then(|| formats.into_iter().collect::<Vec<_>>().join(" or "))
}
