//! The rules that must hold whatever fails, checked over random sequences of concurrent events: deploys,
//! rollbacks and deletes of one stack, operators' actions, and writes by others, while HubSpot fails in
//! every way and processes die.
//!
//! `SEQUENCES` sets how many, `SEED` which (by default the same in every run). A failure prints the seed
//! and the shortest sequence that fails.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "the other tests use all of it")]
mod account;
mod env;
mod event;
mod rules;
mod sequence;
mod stack;
mod webhook;

use std::{
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::{env::TestEnv, sequence::sequence};

/// A sequence mostly waits: for responses that do not come, and for holds to settle.
const WORKERS_PER_CORE: usize = 16;
/// Sequences of one seed, so that a seed finds the same on any number of cores.
const SEQUENCES_PER_SEED: u32 = 10;
const DEFAULT_SEQUENCES: u64 = 400;
const FIRST_SEED: u64 = 1;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("SEQUENCES and SEED are whole numbers"))
}

#[test]
fn rules_hold_while_everything_fails() {
    let sequences = number("SEQUENCES").unwrap_or(DEFAULT_SEQUENCES);
    let seeds = sequences.div_ceil(SEQUENCES_PER_SEED.into());
    let first = number("SEED").unwrap_or(FIRST_SEED);
    let next = AtomicU64::new(first);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..seeds.min(u64::try_from(cores * WORKERS_PER_CORE).unwrap()) {
            scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                let env = runtime.block_on(TestEnv::start());
                let seeds = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
                    .take_while(|seed| *seed < first + seeds);
                seeds.for_each(|seed| check(seed, &env, &runtime));
            });
        }
    });
}

fn check(seed: u64, env: &TestEnv, runtime: &Runtime) {
    let config = Config {
        cases: SEQUENCES_PER_SEED,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let outcome = TestRunner::new_with_rng(config, rng)
        .run(&sequence(), |rounds| runtime.block_on(env.run(rounds)));
    if let Err(failure) = outcome {
        panic!("SEQUENCES={SEQUENCES_PER_SEED} SEED={seed}: {failure}");
    }
}
