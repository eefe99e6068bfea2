//! How long things may take.

use std::time::Duration;

/// The times that the hook keeps to; tests have less patience than a deploy.
#[derive(Debug, Clone, Copy)]
pub struct TimeBudget {
    /// One call of HubSpot or of the webhook.
    pub call: Duration,
    /// How many times more a call of HubSpot is tried that may succeed later.
    pub retries: usize,
    /// The pause before the first of these; each later one is twice as long, up to five seconds.
    pub retry_pause: Duration,
    /// How many times in all a URL is tried that does not answer rightly yet.
    ///
    /// A new API deployment, permission or DNS name takes a while to be known everywhere: most of the
    /// time there is goes into waiting for that, if need be.
    pub probe_tries: u32,
    /// The pause between two of these.
    pub probe_pause: Duration,
    /// What is kept back of the invocation's time to put the former settings back in.
    pub to_restore: Duration,
    /// What is kept back of the invocation's time to tell the outcome in.
    pub to_answer: Duration,
    /// An operator's action, before its report: AWS's own tools give up after 60 s, and repeat it.
    pub action: Duration,
}

impl TimeBudget {
    /// The times of a function that Lambda gives 90 s.
    pub const DEPLOYED: Self = Self {
        call: Duration::from_secs(3),
        retries: 7,
        retry_pause: Duration::from_millis(250),
        probe_tries: 40,
        probe_pause: Duration::from_secs(1),
        to_restore: Duration::from_secs(15),
        to_answer: Duration::from_secs(12),
        action: Duration::from_secs(35),
    };
}
