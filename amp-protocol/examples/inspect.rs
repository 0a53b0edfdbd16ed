//! Tells what a recorded stream is made of: `inspect [--verbose] [FILE...]`, standard input
//! without files.
//!
//! Writes one JSON object: how many lines of which type, how many could not be read, and which
//! fields would be lost if the lines were written back. With `--verbose` each odd line is listed
//! on standard error with its number and what is odd about it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use amp_protocol::{Decoded, MalformedKind, decode_reader, lost_fields};
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
    stream: impl Read,
    report: &mut Report,
    odd: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = decode_reader(BufReader::new(stream));
    let mut number = 0;
    while let Some(decoded) = lines.next() {
        number += 1;
        if let Some(reason) = report.add(lines.line(), decoded?) {
            writeln!(odd, "{name}:{number}: {reason}")?;
        }
    }
    Ok(())
}

impl Report {
    /// Counts a line and says what is odd about it.
    fn add(&mut self, line: &[u8], decoded: Decoded) -> Option<String> {
        self.lines += 1;
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
                match malformed.kind {
                    MalformedKind::Oversized => self.oversized += 1,
                    _ => self.malformed += 1,
                }
                Some(format!("malformed ({}): {malformed}", malformed.kind))
            }
        };
        reason.or_else(|| (!repairs.is_empty()).then(|| format!("repaired: {repairs:?}")))
    }
}
