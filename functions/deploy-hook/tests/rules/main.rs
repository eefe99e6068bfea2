//! The rules that must hold whatever fails, held against random sequences of deploys, operators'
//! actions and changes by others, while HubSpot fails in every way and the process dies between calls.
//!
//! `SEQUENCES` says how many there are, `SEED` which; a failure prints the seed and the shortest
//! sequence that fails.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test's set-up may fail loudly, and its parts are nobody else's"
)]

mod cloudformation;
mod rules;
mod servers;
mod step;
mod webhook;
mod world;

use std::{
    env,
    num::NonZero,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::{step::sequence, world::World};

/// Most of a sequence's time is spent waiting for answers that do not come.
const WORKERS_PER_CORE: usize = 4;

fn number(name: &str) -> Option<u64> {
    env::var(name)
        .ok()
        .map(|text| text.parse().expect("SEQUENCES and SEED are whole numbers"))
}

#[test]
fn the_rules_hold_whatever_fails() {
    let sequences = number("SEQUENCES").unwrap_or(1_000);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("SEED").unwrap_or(now.as_secs());
    let workers = thread::available_parallelism().map_or(1, NonZero::get) * WORKERS_PER_CORE;
    let cases = u32::try_from(sequences)
        .unwrap()
        .div_ceil(u32::try_from(workers).unwrap());
    thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || check(cases, seed, worker as u64));
        }
    });
}

fn check(cases: u32, seed: u64, worker: u64) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&worker.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(World::start());
    let outcome = TestRunner::new_with_rng(config, rng)
        .run(&sequence(), |steps| runtime.block_on(world.run(steps)));
    if let Err(failure) = outcome {
        panic!("SEED={seed}: {failure}");
    }
}
