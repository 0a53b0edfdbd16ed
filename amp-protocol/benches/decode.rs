//! Compares `decode_line` with what one would write without it, as ratios within one run.
//!
//! Rounds of all contenders are interleaved and the ratio of each round is taken before the
//! median, so a busy machine disturbs all of them alike. A round is much shorter than what a
//! scheduler gives a process at a time, or the slowest contender would be interrupted most often.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use amp_protocol::decode_line;
use fixtures::benchmark::{big_lines, derived, small_lines};
use serde::de::IgnoredAny;

/// How often every contender reads all lines.
const ROUNDS: usize = 2001;

fn main() -> io::Result<()> {
    // `cargo test --benches` only wants to see the benchmark run.
    let rounds = if std::env::args().any(|argument| argument == "--bench") {
        ROUNDS
    } else {
        1
    };
    for (name, lines, derived_bar, scan_bar) in [
        ("big", big_lines(), 1.7, 0.58),
        ("small", small_lines(), 2.2, 0.45),
    ] {
        let measured = measure(&lines, rounds);
        let bytes: usize = lines.iter().map(String::len).sum();
        writeln!(
            io::stdout().lock(),
            "{name}: {} lines of {} bytes on average, {rounds} rounds\n  \
             decode_line {:.0} MB/s\n  \
             against a derived tagged enum: {:.2}x (bar {derived_bar}x)\n  \
             against the scan of IgnoredAny: {:.2}x (bar {scan_bar}x)",
            lines.len(),
            bytes / lines.len(),
            bytes as f64 / 1e6 / measured.decode.as_secs_f64(),
            measured.against_derived,
            measured.against_scan,
        )?;
    }
    Ok(())
}

struct Measured {
    decode: Duration,
    against_derived: f64,
    against_scan: f64,
}

fn measure(lines: &[String], rounds: usize) -> Measured {
    let mut decode_times = Vec::new();
    let mut against_derived = Vec::new();
    let mut against_scan = Vec::new();
    for _ in 0..rounds {
        let decode = time(lines, |line| {
            black_box(decode_line(line));
        });
        let derived = time(lines, |line| {
            black_box(serde_json::from_slice::<derived::Event>(line)).expect("a valid line");
        });
        let scan = time(lines, |line| {
            black_box(serde_json::from_slice::<IgnoredAny>(line)).expect("a valid line");
        });
        decode_times.push(decode);
        against_derived.push(derived.as_secs_f64() / decode.as_secs_f64());
        against_scan.push(scan.as_secs_f64() / decode.as_secs_f64());
    }
    decode_times.sort();
    Measured {
        decode: decode_times[rounds / 2],
        against_derived: median(against_derived),
        against_scan: median(against_scan),
    }
}

fn time(lines: &[String], read: impl Fn(&[u8])) -> Duration {
    let start = Instant::now();
    for line in lines {
        read(black_box(line.as_bytes()));
    }
    start.elapsed()
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
