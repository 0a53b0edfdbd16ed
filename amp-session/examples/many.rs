//! Holds many turns at once and counts what comes of them.
//!
//! ```sh
//! cargo run --release --example many -- AMP TURNS AT_ONCE
//! ```
//!
//! It writes how many events came in all, how many turns failed, and how many descriptors are open
//! that were not after the first turn.

use std::error::Error;
use std::ffi::OsStr;
use std::io::{Write, stdout};

use amp_session::process::{Containment, ContainmentKind, run_shim_if_requested};
use amp_session::protocol::Decoded;
use amp_session::{Amp, SessionConfig};
use futures::stream::{StreamExt, TryStreamExt};

#[tokio::main(flavor = "current_thread")]
#[expect(
    clippy::disallowed_methods,
    reason = "an example is a program and hands on what it has"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    run_shim_if_requested();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [amp, turns, at_once] = &arguments[..] else {
        return Err("usage: many AMP TURNS AT_ONCE".into());
    };
    let number = |text: &OsStr| text.to_string_lossy().parse::<usize>();
    let (turns, at_once) = (number(turns)?, number(at_once)?);
    // A namespace is a process more for each.
    let amp = Amp::new(amp, "0.0.1790142911-g7618fb")
        .with_containment(Containment::Require(ContainmentKind::Group))
        .with_environment(std::env::vars_os().collect());
    let first = hold(&amp).await?;
    let before = descriptors()?;
    let held = futures::stream::iter(0..turns).map(|_| hold(&amp));
    let held: Vec<_> = held.buffer_unordered(at_once).try_collect().await?;
    let all = || held.iter().chain([&first]);
    let events: usize = all().map(|(events, _)| events).sum();
    let failed = all().filter(|(_, succeeded)| !succeeded).count();
    let left = descriptors()?.saturating_sub(before);
    writeln!(
        stdout(),
        "{events} events, {failed} failed, {left} descriptors left"
    )?;
    Ok(())
}

/// Holds a turn; returns how many events came, and whether it succeeded.
async fn hold(amp: &Amp) -> Result<(usize, bool), amp_session::Error> {
    let mut turn = amp.start(SessionConfig::new())?.prompt("hi").await?;
    let mut events = 0;
    while let Some(line) = turn.next_line().await {
        events += usize::from(matches!(line.decoded(), Decoded::Event(_)));
    }
    let outcome = turn.finish().await;
    Ok((events, outcome.failure.is_none()))
}

/// Returns how many descriptors are open, where the system tells.
fn descriptors() -> std::io::Result<usize> {
    match std::fs::read_dir("/proc/self/fd") {
        Ok(open) => Ok(open.count()),
        Err(_) => Ok(0),
    }
}
