//! The steps of a sequence: rounds of events that run at the same time.

use channel_connection::settings::ChannelConnectionSettings;
use hubspot_simulator::fault::{Fault, How, When};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::account::ELSEWHERE;

/// The vendor's webhooks; the stack's URL is one of them, another stack's may be the other.
pub const URLS: usize = 2;
/// The vendor's apps.
pub const APPS: usize = 2;

/// Events that run at the same time.
#[derive(Debug, Clone)]
pub struct Round {
    /// How webhooks behave from now on.
    pub webhooks: Vec<(usize, WebhookMode)>,
    pub stack: Option<StackStep>,
    pub operators: Vec<OperatorStep>,
    pub writes: Vec<ConcurrentWrite>,
}

#[derive(Debug, Clone)]
pub struct StackStep {
    /// The properties to deploy; `None` deletes the stack.
    pub deploy: Option<Deploy>,
    pub trouble: Trouble,
}

#[derive(Debug, Clone, Copy)]
pub struct Deploy {
    pub url: usize,
    pub app: usize,
    pub is_ready: &'static str,
    pub on_delete: &'static str,
}

#[derive(Debug, Clone)]
pub struct OperatorStep {
    pub action: &'static str,
    pub is_ready: &'static str,
    /// The URL and the app of another stack; `None` for those of the stack.
    pub other_stack: Option<(usize, usize)>,
    pub trouble: Trouble,
}

/// Somebody else's write.
#[derive(Debug, Clone, Copy)]
pub struct ConcurrentWrite {
    pub after_ms: u64,
    pub app: usize,
    pub settings: Written,
}

#[derive(Debug, Clone, Copy)]
pub enum Written {
    Nothing,
    Elsewhere { is_ready: bool },
    Own { url: usize, is_ready: bool },
}

/// How a webhook behaves.
#[derive(Debug, Clone, Copy)]
pub enum WebhookMode {
    Works,
    Slow {
        ms: u64,
    },
    Down,
    AnswersAnybody,
    ViolatesTheContract,
    WorksEverySecondTime,
    /// After some requests that fail.
    WorksLater {
        requests: usize,
    },
}

/// What goes wrong for one event.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// When the event starts.
    pub after_ms: u64,
    /// The faults of its calls of HubSpot, in order.
    pub faults: Vec<Option<Fault>>,
    /// When its process dies.
    pub dies_after_ms: Option<u64>,
}

impl Trouble {
    pub const NONE: Self = Self {
        after_ms: 0,
        faults: Vec::new(),
        dies_after_ms: None,
    };
}

impl Written {
    pub fn settings(self, urls: &[String; URLS]) -> Option<ChannelConnectionSettings> {
        let (url, is_ready) = match self {
            Self::Nothing => return None,
            Self::Elsewhere { is_ready } => (ELSEWHERE.to_owned(), is_ready),
            Self::Own { url, is_ready } => (urls[url].clone(), is_ready),
        };
        Some(ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        })
    }
}

pub fn sequence() -> impl Strategy<Value = Vec<Round>> {
    vec(prop_oneof![3 => round(), 2 => duel()], 1..5)
}

/// Releases and holds of one URL, at the same time.
fn duel() -> impl Strategy<Value = Round> {
    let action = |names: &'static [&'static str]| {
        (select(names), slow_trouble()).prop_map(|(action, trouble)| OperatorStep {
            action,
            is_ready: "true",
            other_stack: Some((0, 0)),
            trouble,
        })
    };
    let operators = (
        action(&["release", "register"]),
        action(&["hold"]),
        option::of(action(&["release", "hold"])),
    );
    (slow_mode(), any::<bool>(), operators).prop_map(|(mode, is_ready, (one, two, three))| Round {
        webhooks: vec![(0, mode)],
        stack: None,
        operators: [one, two].into_iter().chain(three).collect(),
        writes: vec![ConcurrentWrite {
            after_ms: 0,
            app: 0,
            settings: Written::Own { url: 0, is_ready },
        }],
    })
}

fn slow_mode() -> impl Strategy<Value = WebhookMode> {
    prop_oneof![
        (5..50_u64).prop_map(|ms| WebhookMode::Slow { ms }),
        (1..12_usize).prop_map(|requests| WebhookMode::WorksLater { requests }),
    ]
}

fn slow_trouble() -> impl Strategy<Value = Trouble> {
    (1..60_u64, vec(option::weighted(0.3, delay()), 0..8)).prop_map(|(after_ms, faults)| Trouble {
        after_ms,
        faults,
        dies_after_ms: None,
    })
}

fn round() -> impl Strategy<Value = Round> {
    let stack = prop_oneof![
        1 => Just(None),
        3 => stack_step().prop_map(Some),
    ];
    let webhooks = vec((0..URLS, webhook_mode()), 0..2);
    let writes = prop_oneof![
        2 => Just(Vec::new()),
        1 => vec(concurrent_write(), 1..3),
    ];
    (webhooks, stack, vec(operator_step(), 0..3), writes).prop_map(
        |(webhooks, stack, operators, writes)| Round {
            webhooks,
            stack,
            operators,
            writes,
        },
    )
}

fn is_ready() -> impl Strategy<Value = &'static str> {
    select(vec!["keep", "true", "true", "false"])
}

fn stack_step() -> impl Strategy<Value = StackStep> {
    let on_delete = select(vec!["remove", "hold", "retain"]);
    // Mostly the same URL and app, so that events meet.
    let url = prop_oneof![3 => Just(0), 1 => Just(1)];
    let app = prop_oneof![3 => Just(0), 1 => Just(1)];
    let deploy = (url, app, is_ready(), on_delete).prop_map(|(url, app, is_ready, on_delete)| {
        Some(Deploy {
            url,
            app,
            is_ready,
            on_delete,
        })
    });
    let deploy = prop_oneof![6 => deploy, 1 => Just(None)];
    (deploy, trouble()).prop_map(|(deploy, trouble)| StackStep { deploy, trouble })
}

fn operator_step() -> impl Strategy<Value = OperatorStep> {
    let actions = [
        "release", "release", "release", "hold", "hold", "hold", "register", "remove", "verify",
        "status",
    ];
    let other_stack = prop_oneof![
        4 => Just(None),
        1 => (0..URLS, 0..APPS).prop_map(Some),
    ];
    (select(actions.to_vec()), is_ready(), other_stack, trouble()).prop_map(
        |(action, is_ready, other_stack, trouble)| OperatorStep {
            action,
            is_ready,
            other_stack,
            trouble,
        },
    )
}

fn concurrent_write() -> impl Strategy<Value = ConcurrentWrite> {
    let settings = prop_oneof![
        Just(Written::Nothing),
        any::<bool>().prop_map(|is_ready| Written::Elsewhere { is_ready }),
        (0..URLS, any::<bool>()).prop_map(|(url, is_ready)| Written::Own { url, is_ready }),
    ];
    (0..100_u64, 0..APPS, settings).prop_map(|(after_ms, app, settings)| ConcurrentWrite {
        after_ms,
        app,
        settings,
    })
}

fn webhook_mode() -> impl Strategy<Value = WebhookMode> {
    prop_oneof![
        4 => Just(WebhookMode::Works),
        4 => slow_mode(),
        1 => Just(WebhookMode::Down),
        1 => Just(WebhookMode::AnswersAnybody),
        1 => Just(WebhookMode::ViolatesTheContract),
        1 => Just(WebhookMode::WorksEverySecondTime),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let faults = prop_oneof![
        2 => Just(Vec::new()),
        3 => vec(option::of(fault()), 1..10),
        // Events that only interleave.
        3 => vec(option::of(delay()), 4..10),
    ];
    let dies_after_ms = prop_oneof![
        5 => Just(None),
        1 => (0..150_u64).prop_map(Some),
    ];
    (0..80_u64, faults, dies_after_ms).prop_map(|(after_ms, faults, dies_after_ms)| Trouble {
        after_ms,
        faults,
        dies_after_ms,
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    let statuses = [400, 401, 403, 404, 409, 423, 429, 477, 500, 503];
    let how = prop_oneof![
        4 => select(statuses.to_vec()).prop_map(How::Status),
        1 => Just(How::StatusWithRetryAfter(429, 0)),
        1 => Just(How::StatusWithRetryAfter(477, 86_400)),
        1 => Just(How::Garbage),
        1 => Just(How::WrongContentType),
        2 => Just(How::Silence),
    ];
    let fault = (when(), how).prop_map(|(when, how)| Fault { when, how });
    prop_oneof![2 => fault, 1 => delay()]
}

/// Some responses come after the caller has given up, and some writes take effect then.
fn delay() -> impl Strategy<Value = Fault> {
    (when(), 1..90_u64).prop_map(|(when, ms)| Fault {
        when,
        how: How::Delay(ms),
    })
}

fn when() -> impl Strategy<Value = When> {
    select(vec![When::Before, When::After])
}
