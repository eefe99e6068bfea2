//! The function's process, for tests and benches: what it is started with, and what Linux tells of it.

use std::fs;

/// The webhook's URL as it is registered.
pub const URL: &str = "https://calls.example.com/numbers";

/// A complete configuration, but for where AWS is.
pub const ENVIRONMENT: [(&str, &str); 15] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "webhook"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("APP_ID", "1234567"),
    ("WEBHOOK_URL", URL),
    ("NUMBERS_TABLE", "numbers"),
    ("LONGEST_ANSWER_AGE_SECONDS", "600"),
    ("CLIENT_SECRET_ARN", "client-secret"),
];

/// The most memory that a process ever held, in KiB, as Linux counts it.
pub fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.unwrap().trim().trim_end_matches(" kB");
    peak.parse().unwrap()
}
