//! Compares `decode_line` with what one would write without it, as ratios within one run.
//!
//! Rounds of all contenders are interleaved and the ratio of each round is taken before the
//! median, so a busy machine disturbs all of them alike. A round is much shorter than what a
//! scheduler gives a process at a time, or the slowest contender would be interrupted most often.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use amp_protocol::decode_line;
use fixtures::benchmark::{Bar, Row, big_lines, derived, small_lines};
use serde::de::IgnoredAny;
use serde_json::Value;

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
        ("big", big_lines(), 1.7, 1.0),
        ("small", small_lines(), 2.2, 0.7),
    ] {
        let bytes: usize = lines.iter().map(String::len).sum();
        let rates = Rates::measure(&lines, bytes as f64 / 1e6, rounds);
        for (against, other, bar) in [
            ("a derived tagged enum", &rates.derived, Some(derived_bar)),
            ("the scan of IgnoredAny", &rates.scan, Some(scan_bar)),
            ("serde_json::Value", &rates.value, None),
        ] {
            let name = format!("decode, {name} lines");
            let row = Row::of(&name, "MB/s", &rates.decode, against, other);
            let row = match bar {
                Some(bar) => row.with_bar(Bar::RatioAtLeast(bar)),
                None => row,
            };
            row.print()?;
        }
    }
    Ok(())
}

/// How fast each contender reads, in MB/s, round by round.
#[derive(Default)]
struct Rates {
    decode: Vec<f64>,
    derived: Vec<f64>,
    scan: Vec<f64>,
    value: Vec<f64>,
}

impl Rates {
    fn measure(lines: &[String], megabytes: f64, rounds: usize) -> Self {
        let mut rates = Self::default();
        let rate = |read: &dyn Fn(&[u8])| megabytes / time(lines, read).as_secs_f64();
        for _ in 0..rounds {
            rates.decode.push(rate(&|line| {
                black_box(decode_line(line));
            }));
            rates.derived.push(rate(&|line| {
                black_box(serde_json::from_slice::<derived::Event>(line)).expect("a valid line");
            }));
            rates.scan.push(rate(&|line| {
                black_box(serde_json::from_slice::<IgnoredAny>(line)).expect("a valid line");
            }));
            rates.value.push(rate(&|line| {
                black_box(serde_json::from_slice::<Value>(line)).expect("a valid line");
            }));
        }
        rates
    }
}

fn time(lines: &[String], read: &dyn Fn(&[u8])) -> Duration {
    let start = Instant::now();
    for line in lines {
        read(black_box(line.as_bytes()));
    }
    start.elapsed()
}
