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

#[path = "../hook/support/account.rs"]
mod account;
mod cloudformation;
mod happening;
mod rules;
mod sequence;
mod servers;
mod step;
mod webhook;
mod world;

use std::{
    env,
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::{step::sequence, world::World};

/// Most of a sequence's time is spent waiting for answers that do not come.
const WORKERS_PER_CORE: usize = 4;
/// How many sequences a seed gives, so that what a seed finds depends on no machine's cores.
const SEQUENCES_PER_SEED: u32 = 50;

fn number(name: &str) -> Option<u64> {
    env::var(name)
        .ok()
        .map(|text| text.parse().expect("SEQUENCES and SEED are whole numbers"))
}

#[test]
fn the_rules_hold_whatever_fails() {
    let seeds = number("SEQUENCES")
        .unwrap_or(1_000)
        .div_ceil(SEQUENCES_PER_SEED.into());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = number("SEED").unwrap_or(now.as_secs());
    let next = AtomicU64::new(first);
    let workers = thread::available_parallelism().map_or(1, NonZero::get) * WORKERS_PER_CORE;
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                let world = runtime.block_on(World::start());
                let seeds = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
                    .take_while(|seed| *seed < first + seeds);
                seeds.for_each(|seed| check(seed, &world, &runtime));
            });
        }
    });
}

fn check(seed: u64, world: &World, runtime: &Runtime) {
    let config = Config {
        cases: SEQUENCES_PER_SEED,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let outcome = TestRunner::new_with_rng(config, rng)
        .run(&sequence(), |steps| runtime.block_on(world.run(steps)));
    if let Err(failure) = outcome {
        panic!("SEQUENCES={SEQUENCES_PER_SEED} SEED={seed}: {failure}");
    }
}
