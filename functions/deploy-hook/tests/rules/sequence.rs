//! A sequence: rounds of events that run at the same time.

use hubspot_simulator::fault::{Fault, How, When};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// The vendor's webhooks; the stack's URL is one of them, another stack's may be the other.
pub const URLS: usize = 2;
/// The vendor's apps.
pub const APPS: usize = 2;

/// Events that run at the same time.
#[derive(Debug, Clone)]
pub struct Round {
    /// How webhooks behave from now on.
    pub webhooks: Vec<(usize, WebhookMode)>,
    /// The properties to deploy, or `None` to delete the stack.
    pub stack: Option<(Option<Deploy>, EventFaults)>,
    pub operators: Vec<OperatorStep>,
    pub writes: Vec<ConcurrentWrite>,
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
    pub planned: EventFaults,
}

/// Somebody else's write.
#[derive(Debug, Clone, Copy)]
pub struct ConcurrentWrite {
    pub after_ms: u64,
    pub app: usize,
    /// The index of the URL, which may be nobody's, and isReady; `None` removes the settings.
    pub settings: Option<(usize, bool)>,
}

/// How a webhook behaves.
#[derive(Debug, Clone, Copy, Default)]
pub enum WebhookMode {
    #[default]
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
#[derive(Debug, Clone, Default)]
pub struct EventFaults {
    /// When the event starts.
    pub after_ms: u64,
    /// The faults of its calls of HubSpot, in order.
    pub faults: Vec<Option<Fault>>,
    /// When its process dies.
    pub dies_after_ms: Option<u64>,
}

pub fn sequence() -> impl Strategy<Value = Vec<Round>> {
    vec(prop_oneof![3 => round(), 2 => duel()], 1..5)
}

prop_compose! {
    fn round()(
        webhooks in vec((0..URLS, webhook_mode()), 0..2),
        stack in option::weighted(0.75, (option::weighted(0.85, deploy()), planned())),
        operators in vec(operator_step(), 0..3),
        writes in prop_oneof![2 => Just(vec![]), 1 => vec(concurrent_write(), 1..3)],
    ) -> Round {
        Round { webhooks, stack, operators, writes }
    }
}

prop_compose! {
    /// Releases and holds of one URL, at the same time.
    fn duel()(
        mode in slow_mode(),
        is_ready in any::<bool>(),
        release in duellist(&["release", "register"]),
        hold in duellist(&["hold"]),
        third in option::of(duellist(&["release", "hold"])),
    ) -> Round {
        Round {
            webhooks: vec![(0, mode)],
            stack: None,
            operators: [release, hold].into_iter().chain(third).collect(),
            writes: vec![ConcurrentWrite { after_ms: 0, app: 0, settings: Some((0, is_ready)) }],
        }
    }
}

prop_compose! {
    fn duellist(actions: &'static [&'static str])(
        action in select(actions),
        after_ms in 1..60_u64,
        faults in vec(option::weighted(0.3, delay()), 0..8),
    ) -> OperatorStep {
        let planned = EventFaults { after_ms, faults, dies_after_ms: None };
        OperatorStep { action, is_ready: "true", other_stack: Some((0, 0)), planned }
    }
}

prop_compose! {
    fn deploy()(
        // Mostly the same URL and app, so that events meet.
        url in select(&[0, 0, 0, 1]),
        app in select(&[0, 0, 0, 1]),
        is_ready in is_ready(),
        on_delete in select(&["remove", "hold", "retain"]),
    ) -> Deploy {
        Deploy { url, app, is_ready, on_delete }
    }
}

fn is_ready() -> impl Strategy<Value = &'static str> {
    select(&["keep", "true", "true", "false"])
}

prop_compose! {
    fn operator_step()(
        action in prop_oneof![
            6 => select(&["release", "hold"]),
            4 => select(&["register", "remove", "verify", "status"]),
        ],
        is_ready in is_ready(),
        other_stack in option::weighted(0.2, (0..URLS, 0..APPS)),
        planned in planned(),
    ) -> OperatorStep {
        OperatorStep { action, is_ready, other_stack, planned }
    }
}

prop_compose! {
    fn concurrent_write()(
        after_ms in 0..100_u64,
        app in 0..APPS,
        settings in option::weighted(0.7, (0..=URLS, any::<bool>())),
    ) -> ConcurrentWrite {
        ConcurrentWrite { after_ms, app, settings }
    }
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

fn slow_mode() -> impl Strategy<Value = WebhookMode> {
    prop_oneof![
        (5..50_u64).prop_map(|ms| WebhookMode::Slow { ms }),
        (1..12_usize).prop_map(|requests| WebhookMode::WorksLater { requests }),
    ]
}

prop_compose! {
    fn planned()(
        after_ms in 0..80_u64,
        faults in prop_oneof![
            2 => Just(vec![]),
            3 => vec(option::of(fault()), 1..10),
            // Events that only interleave.
            3 => vec(option::of(delay()), 4..10),
        ],
        dies_after_ms in option::weighted(0.15, 0..150_u64),
    ) -> EventFaults {
        EventFaults { after_ms, faults, dies_after_ms }
    }
}

fn fault() -> impl Strategy<Value = Fault> {
    let statuses = &[400, 401, 403, 404, 409, 423, 429, 477, 500, 503];
    let how = prop_oneof![
        4 => select(statuses).prop_map(How::Status),
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
    let how = (1..90_u64).prop_map(How::Delay);
    (when(), how).prop_map(|(when, how)| Fault { when, how })
}

fn when() -> impl Strategy<Value = When> {
    select(&[When::Before, When::After])
}
