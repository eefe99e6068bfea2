//! What may happen: deploys, deletes, actions, changes by others, webhooks that break.

use channel_connection::settings::ChannelConnectionSettings;
use hubspot_simulator::fault::{Fault, How, When};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::account::ELSEWHERE;

/// A webhook of the vendor's: this stack's URL is one of them.
pub const URLS: usize = 2;

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// The stack is created or updated.
    Deploy {
        /// Which of the vendor's webhooks it names.
        url: usize,
        is_ready: &'static str,
        on_delete: &'static str,
        trouble: Trouble,
    },
    /// The stack is deleted.
    Delete { trouble: Trouble },
    /// An operator asks for something.
    Act {
        action: &'static str,
        is_ready: &'static str,
        trouble: Trouble,
    },
    /// Somebody else writes the settings.
    Meddle(Meddling),
    /// A webhook of the vendor's behaves otherwise from now on.
    Webhook { url: usize, mode: Mode },
}

/// What somebody else writes.
#[derive(Debug, Clone, Copy)]
pub enum Meddling {
    Nothing,
    Elsewhere { is_ready: bool },
    Own { url: usize, is_ready: bool },
}

/// How a webhook behaves.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    Works,
    Down,
    AnswersAnybody,
    BreaksTheContract,
    WorksEverySecondTime,
    /// Somebody else writes the settings at each request.
    WorksWhileSomebodyMeddles(Meddling),
}

/// What goes wrong meanwhile.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What becomes of the calls of HubSpot, in their order.
    pub faults: Vec<Option<Fault>>,
    /// Whether the process dies at the first call that gets no answer.
    pub dies: bool,
}

impl Meddling {
    /// The settings that stand then.
    pub fn settings(self, urls: &[String; URLS]) -> Option<ChannelConnectionSettings> {
        let (url, is_ready) = match self {
            Self::Nothing => return None,
            Self::Elsewhere { is_ready } => (ELSEWHERE.to_owned(), is_ready),
            Self::Own { url, is_ready } => (urls[url].clone(), is_ready),
        };
        Some(ChannelConnectionSettings { url, is_ready })
    }
}

/// A sequence of steps.
pub fn sequence() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..8)
}

fn step() -> impl Strategy<Value = Step> {
    let is_ready = || select(vec!["keep", "true", "false"]);
    let on_delete = select(vec!["remove", "hold", "retain"]);
    let actions = vec!["release", "hold", "register", "remove", "probe", "status"];
    prop_oneof![
        5 => (0..URLS, is_ready(), on_delete, trouble()).prop_map(
            |(url, is_ready, on_delete, trouble)| Step::Deploy { url, is_ready, on_delete, trouble }
        ),
        1 => trouble().prop_map(|trouble| Step::Delete { trouble }),
        3 => (select(actions), is_ready(), trouble())
            .prop_map(|(action, is_ready, trouble)| Step::Act { action, is_ready, trouble }),
        2 => meddling().prop_map(Step::Meddle),
        2 => (0..URLS, mode()).prop_map(|(url, mode)| Step::Webhook { url, mode }),
    ]
}

fn meddling() -> impl Strategy<Value = Meddling> {
    prop_oneof![
        Just(Meddling::Nothing),
        any::<bool>().prop_map(|is_ready| Meddling::Elsewhere { is_ready }),
        (0..URLS, any::<bool>()).prop_map(|(url, is_ready)| Meddling::Own { url, is_ready }),
    ]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        4 => Just(Mode::Works),
        1 => Just(Mode::Down),
        1 => Just(Mode::AnswersAnybody),
        1 => Just(Mode::BreaksTheContract),
        1 => Just(Mode::WorksEverySecondTime),
        2 => meddling().prop_map(Mode::WorksWhileSomebodyMeddles),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let faults = prop_oneof![
        2 => Just(Vec::new()),
        3 => vec(option::of(fault()), 1..10),
    ];
    (faults, any::<bool>()).prop_map(|(faults, dies)| Trouble { faults, dies })
}

fn fault() -> impl Strategy<Value = Fault> {
    let status = select(vec![400, 401, 403, 404, 409, 423, 429, 477, 500, 503]);
    let how = prop_oneof![
        6 => status.prop_map(How::Status),
        1 => Just(How::StatusWithRetryAfter(429, 0)),
        1 => Just(How::StatusWithRetryAfter(477, 86_400)),
        1 => Just(How::Garbage),
        1 => Just(How::WrongContentType),
        2 => Just(How::Silence),
    ];
    (select(vec![When::Before, When::After]), how).prop_map(|(when, how)| Fault { when, how })
}
