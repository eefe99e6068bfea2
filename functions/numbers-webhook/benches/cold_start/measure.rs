//! What a built function takes: time, processor, memory, instructions, bytes.

use std::{fs, path::Path, time::Duration};

use crate::{aws::Aws, bootstrap::Bootstrap, figures::Figures};

const COLD_STARTS: usize = 25;
const WARM_REQUESTS: usize = 2_000;
/// So many that what one start differs from another counts little.
const COUNTED_REQUESTS: u64 = 100;

/// Measures everything, with ten numbers in the portal.
pub async fn everything(program: &Path, name: String) -> Figures {
    let aws = Aws::with(10).await;
    let (mut inits, mut firsts) = (Vec::new(), Vec::new());
    for _ in 0..COLD_STARTS {
        let mut bootstrap = Bootstrap::start(program, &[], &aws).await;
        inits.push(bootstrap.init().await);
        firsts.push(bootstrap.ask().await);
        bootstrap.end().await;
    }
    let warm = warm(program, &aws, WARM_REQUESTS).await;
    let large = self::warm(program, &Aws::with(1_000).await, WARM_REQUESTS / 10).await;
    let (init_instructions, request_instructions) = instructions(program).await.unzip();
    Figures {
        name,
        init_ms: milliseconds(median(inits)),
        first_ms: milliseconds(median(firsts)),
        warm_ms: milliseconds(warm.median),
        processor_us: microseconds(warm.processor),
        processor_us_per_number: microseconds(large.processor.saturating_sub(warm.processor))
            / 990.0,
        peak_kib: warm.peak_kib,
        zip_bytes: fs::metadata(program.with_added_extension("zip"))
            .ok()
            .map(|zip| zip.len()),
        init_instructions,
        request_instructions,
    }
}

/// Counts the instructions of INIT and of one warm request, where valgrind is at hand.
pub async fn instructions(program: &Path) -> Option<(u64, u64)> {
    let aws = Aws::with(10).await;
    let one = counted(program, &aws, 1).await?;
    let many = counted(program, &aws, 1 + COUNTED_REQUESTS).await?;
    let request = (many - one) / COUNTED_REQUESTS;
    Some((one - request, request))
}

async fn counted(program: &Path, aws: &Aws, requests: u64) -> Option<u64> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("callgrind.out");
    let watched_by = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", file.display()),
    ];
    which("valgrind")?;
    let mut bootstrap = Bootstrap::start(program, &watched_by, aws).await;
    bootstrap.init().await;
    for _ in 0..requests {
        bootstrap.ask().await;
    }
    bootstrap.end().await;
    let counts = fs::read_to_string(file).unwrap();
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    total.unwrap().trim().parse().ok()
}

fn which(program: &str) -> Option<()> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .any(|folder| folder.join(program).is_file())
        .then_some(())
}

struct Warm {
    median: Duration,
    processor: Duration,
    peak_kib: u64,
}

async fn warm(program: &Path, aws: &Aws, requests: usize) -> Warm {
    let mut bootstrap = Bootstrap::start(program, &[], aws).await;
    bootstrap.init().await;
    bootstrap.ask().await;
    let before = bootstrap.processor_time();
    let mut times = Vec::new();
    for _ in 0..requests {
        times.push(bootstrap.ask().await);
    }
    let used = bootstrap.processor_time().saturating_sub(before);
    let measured = Warm {
        median: median(times),
        processor: used.div_f64(requests as f64),
        peak_kib: bootstrap.peak_memory(),
    };
    bootstrap.end().await;
    measured
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
