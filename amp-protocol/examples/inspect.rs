//! Tells what a recorded stream is made of: `inspect [--verbose] [FILE...]`, standard input
//! without files.
//!
//! Writes one JSON object: how many lines of which type, how many could not be read, and which
//! fields would be lost if the lines were written back. With `--verbose` each odd line is listed
//! on standard error with its number and what is odd about it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};

use amp_protocol::{Decoded, LineSplitter, SplitLine, decode_line, lost_fields};
use serde::Serialize;

fn main() -> Result<(), Box<dyn Error>> {
    run(
        std::env::args().skip(1),
        io::stdin().lock(),
        io::stdout().lock(),
        io::stderr().lock(),
    )
}

/// Inspects what the arguments name.
pub(crate) fn run(
    arguments: impl Iterator<Item = String>,
    input: impl Read,
    mut output: impl Write,
    errors: impl Write,
) -> Result<(), Box<dyn Error>> {
    let (options, files): (Vec<_>, Vec<_>) =
        arguments.partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = options.iter().find(|option| *option != "--verbose") {
        return Err(
            format!("unknown option {unknown}; usage: inspect [--verbose] [FILE...]").into(),
        );
    }
    let mut odd: Box<dyn Write> = if options.is_empty() {
        Box::new(io::sink())
    } else {
        Box::new(errors)
    };

    let mut report = Report::default();
    if files.is_empty() {
        inspect("standard input", input, &mut report, &mut odd)?;
    }
    for file in files {
        let stream = File::open(&file).map_err(|error| format!("{file}: {error}"))?;
        inspect(&file, stream, &mut report, &mut odd)?;
    }
    writeln!(output, "{}", serde_json::to_string(&report)?)?;
    Ok(())
}

/// What was found, over all streams.
#[derive(Default, Serialize)]
struct Report {
    lines: u64,
    events: BTreeMap<&'static str, u64>,
    unrecognised: u64,
    malformed: u64,
    repaired: u64,
    oversized: u64,
    lost_fields: BTreeSet<String>,
}

fn inspect(
    name: &str,
    mut stream: impl Read,
    report: &mut Report,
    odd: &mut dyn Write,
) -> io::Result<()> {
    let mut splitter = LineSplitter::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut number = 0;
    loop {
        let read = stream.read(&mut chunk)?;
        splitter.push(&chunk[..read]);
        while let Some(line) = if read == 0 {
            splitter.finish()
        } else {
            splitter.next_line()
        } {
            number += 1;
            if let Some(reason) = report.add(line) {
                writeln!(odd, "{name}:{number}: {reason}")?;
            }
        }
        if read == 0 {
            return Ok(());
        }
    }
}

impl Report {
    /// Counts a line and says what is odd about it.
    fn add(&mut self, line: SplitLine<'_>) -> Option<String> {
        self.lines += 1;
        let line = match line {
            SplitLine::Line(line) => line,
            SplitLine::Oversized(oversized) => {
                self.oversized += 1;
                return Some(format!("oversized: {} bytes", oversized.bytes));
            }
        };
        let decoded = decode_line(line);
        let repairs = decoded.repairs();
        if !repairs.is_empty() {
            self.repaired += 1;
        }
        let reason = match decoded {
            Decoded::Event(event) => {
                *self.events.entry(event.event_type()).or_default() += 1;
                // A repaired line differs from the event by its repair.
                let lost = match std::str::from_utf8(line) {
                    Ok(line) if repairs.is_empty() => lost_fields(line, &event),
                    _ => Vec::new(),
                };
                let reason = (!lost.is_empty()).then(|| format!("lost: {}", lost.join(", ")));
                self.lost_fields.extend(lost);
                reason
            }
            Decoded::Unrecognised(unrecognised) => {
                self.unrecognised += 1;
                Some(format!("unrecognised: type {:?}", unrecognised.event_type))
            }
            Decoded::Malformed(malformed) => {
                self.malformed += 1;
                Some(format!("malformed ({}): {malformed}", malformed.kind))
            }
        };
        reason.or_else(|| (!repairs.is_empty()).then(|| format!("repaired: {repairs:?}")))
    }
}
