//! Counts what a program writes of the agent's stream, without a session: `amp-process` hands out
//! its lines, `amp-protocol` decodes them.
//!
//! ```sh
//! cargo run --release --example count -- cat recording.jsonl
//! ```

use std::error::Error;
use std::io::{Write, stderr, stdout};

use amp_session::process::{self, Exit, ProcessSpec};
use amp_session::protocol::{Decoded, decode_line};

#[tokio::main(flavor = "current_thread")]
#[expect(
    clippy::disallowed_methods,
    reason = "an example is a program and hands on what it has"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    process::run_shim_if_requested();
    let mut arguments = std::env::args().skip(1);
    let program = arguments
        .next()
        .ok_or("usage: count COMMAND ARGUMENTS...")?;
    let spec = ProcessSpec::new(program)
        .with_arguments(arguments)
        .with_environment(std::env::vars_os().collect());
    let (counts, exit) = count(&spec).await?;
    let Counts {
        events,
        unrecognised,
        malformed,
        bytes,
    } = counts;
    writeln!(
        stdout(),
        "{events} events, {unrecognised} of unknown types, {malformed} malformed, {bytes} bytes; {}",
        exit.status()
    )?;
    write!(stderr(), "{}", exit.stderr())?;
    Ok(())
}

/// How many lines of each sort there were, and how long all of them were together.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) events: usize,
    pub(crate) unrecognised: usize,
    pub(crate) malformed: usize,
    pub(crate) bytes: usize,
}

/// Runs the program to its end and decodes every line of its standard output.
pub(crate) async fn count(spec: &ProcessSpec) -> Result<(Counts, Exit), process::Error> {
    let mut counts = Counts::default();
    let mut process = spec.spawn().await?;
    while let Some(line) = process.next_line().await? {
        counts.bytes += line.bytes().len();
        match decode_line(line.bytes()) {
            Decoded::Event(_) => counts.events += 1,
            Decoded::Unrecognised(_) => counts.unrecognised += 1,
            Decoded::Malformed(_) => counts.malformed += 1,
        }
    }
    Ok((counts, process.finish().await))
}
