//! Compares `decode_line` with the fast readers of JSON that other people keep: into a tree of
//! values, and into a derived tagged enum. Writes rows as lines of JSON.
//!
//! Both want more than a line gives: `simd-json` changes the bytes that it reads, so it is given a
//! copy, whose making counts.

use std::hint::black_box;
use std::time::Instant;

use amp_protocol::decode_line;
use fixtures::benchmark::{Row, big_lines, derived, small_lines};

const ROUNDS: usize = 1001;

/// A reader of JSON: what it reads a line to, and how.
type Reader = (&'static str, fn(&[u8]));

const READERS: [Reader; 5] = [
    ("ours", |line| {
        black_box(decode_line(line));
    }),
    ("sonic-rs to a tree", |line| {
        black_box(sonic_rs::from_slice::<sonic_rs::Value>(line)).expect("a valid line");
    }),
    ("sonic-rs to a derived tagged enum", |line| {
        black_box(sonic_rs::from_slice::<derived::Event>(line)).expect("a valid line");
    }),
    ("simd-json to a tree", |line| {
        let mut line = line.to_vec();
        black_box(simd_json::to_borrowed_value(&mut line)).expect("a valid line");
    }),
    ("simd-json to a derived tagged enum", |line| {
        let mut line = line.to_vec();
        black_box(simd_json::from_slice::<derived::Event>(&mut line)).expect("a valid line");
    }),
];

fn main() -> std::io::Result<()> {
    for (size, lines) in [("big", big_lines()), ("small", small_lines())] {
        let megabytes = lines.iter().map(String::len).sum::<usize>() as f64 / 1e6;
        let mut rates = READERS.map(|_| Vec::with_capacity(ROUNDS));
        for _ in 0..ROUNDS {
            for (rates, (_, read)) in rates.iter_mut().zip(READERS) {
                let begun = Instant::now();
                for line in &lines {
                    read(black_box(line.as_bytes()));
                }
                rates.push(megabytes / begun.elapsed().as_secs_f64());
            }
        }
        let [ours, others @ ..] = &rates;
        for ((name, _), other) in READERS[1..].iter().zip(others) {
            Row::of(&format!("decode, {size} lines"), "MB/s", ours, name, other).print()?;
        }
    }
    Ok(())
}
