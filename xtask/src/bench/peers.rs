//! Drivers of other people beside ours, on the same streams and through their public interfaces.
//!
//! Each is a small program that asks its driver for an answer and counts what it is handed. The
//! agent is a script that takes the prompt and writes a kept stream. `claude-codes` is made for
//! another agent: it gets the same lines in that agent's shape, but for those that nobody expects.

mod driver;
mod faults;
mod installed;
mod left;
mod scene;

use anyhow::{Result, ensure};
use fixtures::benchmark::{Bar, Row, big_lines, small_lines};
use futures::executor::block_on;

use self::driver::Driver;
use self::installed::Installed;
use self::scene::{Scene, Told};
use crate::built_ampctl::BuiltAmpctl;
use crate::pairs::interleaved_when_warm;

const ROUNDS: usize = 5;

/// The most processor time that each of ours takes, as a part of what any other driver does.
const PROCESSOR_BARS: [(Driver, f64); 3] = [
    (Driver::Loop, 0.38),
    (Driver::Run, 0.5),
    (Driver::RecordedRun, 0.6),
];

/// The most that the first message takes, as a part of what any other driver does.
const FIRST_BAR: f64 = 0.5;

/// Measures every driver that can be installed, beside ours. What cannot be is said.
///
/// # Errors
/// When ours cannot be built, or loses a line.
pub(super) fn rows(ampctl: &BuiltAmpctl) -> Result<Vec<Row>> {
    let installed = Installed::prepare(ampctl)?;
    let mut rows = installed.rows_of_readers()?;
    for (name, lines) in [("big", big_lines()), ("small", small_lines())] {
        rows.extend(long_answer(&installed, name, &lines)?);
    }
    rows.extend(faults::rows(&installed)?);
    rows.extend(left::rows(&installed)?);
    Ok(rows)
}

/// What a long answer in such lines costs.
fn long_answer(installed: &Installed, size: &str, lines: &[String]) -> Result<Vec<Row>> {
    let scene = Scene::of_long_answer(lines)?;
    let drivers = installed.drivers();
    let run = async |driver: &Driver| scene.run(installed, *driver);
    let told = block_on(interleaved_when_warm(ROUNDS, &drivers, run))?;
    let told: Vec<(Driver, Vec<Told>)> = drivers.into_iter().zip(told).collect();
    let (ours, others): (Vec<_>, Vec<_>) = told.iter().partition(|(driver, _)| driver.is_ours());
    for (driver, told) in &ours {
        let whole = |told: &Told| match told.messages {
            Some(messages) => messages == scene.lines(),
            None => told.error.is_none(),
        };
        ensure!(told.iter().all(whole), "{} loses lines", driver.name());
    }
    let numbers = |told: &[Told], number: fn(&Told) -> f64| told.iter().map(number).collect();
    let mut rows = Vec::new();
    for (driver, ours) in ours {
        for (other, theirs) in &others {
            let row = |what: &str, unit: &str, number: fn(&Told) -> f64| {
                let [ours, theirs]: [Vec<f64>; 2] =
                    [ours, theirs].map(|told| numbers(told, number));
                let name = format!("{what}, 200 MB in {size} lines, {}", driver.name());
                Row::of(&name, unit, &ours, other.name(), &theirs)
            };
            let processor = row("processor time", "ms", |told| told.taken.processor);
            let bar = PROCESSOR_BARS.iter().find(|(held, _)| held == driver);
            rows.push(match bar {
                Some((_, most)) => processor.with_bar(Bar::RatioAtMost(*most)),
                None => processor,
            });
            rows.push(row("time", "ms", |told| told.taken.milliseconds));
            rows.push(row("peak memory", "MiB", |told| {
                told.taken.peak as f64 / 1024.0
            }));
            if driver.tells() {
                let first = row("first message", "ms", |told| {
                    told.first_ms.unwrap_or(f64::NAN)
                });
                rows.push(first.with_bar(Bar::RatioAtMost(FIRST_BAR)));
                let handed = |told: &Told| told.messages.map_or(f64::NAN, |count| count as f64);
                rows.push(row("messages handed out", "messages", handed));
            }
        }
    }
    Ok(rows)
}
