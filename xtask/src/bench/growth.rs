//! How the cost grows: with the length of lines and of the stream, with depth, tool calls and records.
//!
//! Each size is held beside the one before it, in processor time for the same amount; what stays the
//! same is linear.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fixtures::benchmark::{Bar, Row, big_lines};
use futures::executor::block_on;
use serde_json::{Value, json};

use super::long_turn::LongTurn;
use crate::agent_script::agent_that_writes;
use crate::built_ampctl::BuiltAmpctl;
use crate::measured_process::{self, Taken, at_home};
use crate::pairs::interleaved_when_warm;
use crate::sessions_bench::sample_ledger::SampleLedger;
use crate::workspace_cargo;

const ROUNDS: usize = 3;

/// The most that an amount may cost, as a part of what it costs at the size before.
const STEEPEST: f64 = 1.3;

const MEGABYTE: usize = 1_000_000;

/// How much is read at each length of a line and at each depth: a file of so many bytes, so often.
/// Of the longest lines it is eight: memory that is new costs more than memory that is used again.
const AMOUNT: usize = 128 * MEGABYTE;
const TIMES: usize = 4;

/// Lengths of a line, in bytes; the last is just below the longest that is read whole.
const LENGTHS: [usize; 5] = [1 << 10, 16 << 10, 256 << 10, 4 << 20, 63 << 20];

/// Lengths of a stream, in megabytes.
const STREAMS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// How deep arrays lie in the input of a tool call.
const DEPTHS: [usize; 4] = [1, 10, 40, 100];

const CALLS: [usize; 4] = [100, 1000, 10_000, 100_000];

const RECORDS: [usize; 3] = [100, 1000, 10_000];

/// One thing whose size grows.
struct Growth<'a> {
    /// What grows, as the end of a sentence.
    what: &'a str,
    unit: &'a str,
    sizes: &'a [usize],
}

/// Measures how the costs grow.
///
/// # Errors
/// When `ampctl` or the library's example is not built, or a run does not end well.
pub(super) fn rows(ampctl: &BuiltAmpctl) -> Result<Vec<Row>> {
    let place = Place {
        folder: tempfile::tempdir()?,
        ampctl: ampctl.path()?,
        count: workspace_cargo::build_example("amp-session", "count")?,
    };
    let mut rows = Vec::new();
    let mut add = |growth: &Growth<'_>, prepare: &dyn Fn(usize) -> Result<Measured>| {
        rows.extend(growth.rows(prepare)?);
        anyhow::Ok(())
    };
    let length = Growth {
        what: "the length of a line, bytes",
        unit: "ms a MB",
        sizes: &LENGTHS,
    };
    add(&length, &|length| {
        place.lines(&format!("length-{length}"), &[text_line(length)])
    })?;
    let depth = Growth {
        what: "the depth of a line",
        unit: "ms a MB",
        sizes: &DEPTHS,
    };
    add(&depth, &|depth| {
        place.lines(&format!("depth-{depth}"), &[deep_line(depth)?])
    })?;
    let stream = Growth {
        what: "the length of a stream, MB",
        unit: "ms a MB",
        sizes: &STREAMS,
    };
    add(&stream, &|megabytes| place.stream(megabytes))?;
    let calls = Growth {
        what: "the calls of tools in a turn",
        unit: "us a call",
        sizes: &CALLS,
    };
    add(&calls, &|calls| place.calls(calls))?;
    let records = Growth {
        what: "the records in a list",
        unit: "us a record",
        sizes: &RECORDS,
    };
    add(&records, &|records| place.records(records))?;
    Ok(rows)
}

/// A process to measure, and what its processor time is divided by.
struct Measured {
    command: Box<dyn Fn() -> Command>,
    /// How much it handles, and by how much milliseconds are multiplied for the unit.
    amount: f64,
}

impl Growth<'_> {
    /// Measures each size, and holds it beside the one before.
    fn rows(&self, prepare: &dyn Fn(usize) -> Result<Measured>) -> Result<Vec<Row>> {
        let measured: Result<Vec<Measured>> =
            self.sizes.iter().map(|size| prepare(*size)).collect();
        let measured = measured?;
        let taken = block_on(interleaved_when_warm(ROUNDS, &measured, async |of| {
            let taken: Taken = measured_process::run(&mut (of.command)())?;
            ensure!(taken.is_success, "{} failed", self.what);
            Ok(taken.processor / of.amount)
        }))?;
        let mut rows = Vec::new();
        for (index, size) in self.sizes.iter().enumerate() {
            let before = index.saturating_sub(1);
            let against = format!("at {}", self.sizes[before]);
            let name = format!("growth with {}: {size}", self.what);
            let row = Row::of(&name, self.unit, &taken[index], &against, &taken[before])
                .with_size(*size as f64);
            // Before the first there is none.
            rows.push(match index {
                0 => row,
                _ => row.with_bar(Bar::RatioAtMost(STEEPEST)),
            });
        }
        Ok(rows)
    }
}

/// Where everything lies that is measured.
struct Place {
    folder: tempfile::TempDir,
    ampctl: PathBuf,
    count: PathBuf,
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Reads the same lines over and over.
    fn lines(&self, name: &str, lines: &[String]) -> Result<Measured> {
        let stream = self.path(name);
        LongTurn::read()?.write_file(&stream, lines, AMOUNT)?;
        self.reading(&stream, TIMES, TIMES * AMOUNT / MEGABYTE)
    }

    /// Reads the usual lines, so many megabytes of them.
    fn stream(&self, megabytes: usize) -> Result<Measured> {
        let part = self.path("part");
        LongTurn::read()?.write_file(&part, &big_lines(), MEGABYTE)?;
        self.reading(&part, megabytes, megabytes)
    }

    /// Reads a file as often as said.
    fn reading(&self, stream: &Path, often: usize, megabytes: usize) -> Result<Measured> {
        let (count, stream) = (self.count.clone(), stream.to_owned());
        let folder = self.folder.path().to_owned();
        Ok(Measured {
            command: Box::new(move || {
                let mut command = at_home(&count, &folder);
                command.arg("cat").args(vec![&stream; often]);
                command
            }),
            amount: megabytes as f64,
        })
    }

    /// Runs a turn in which a tool is called so many times.
    fn calls(&self, calls: usize) -> Result<Measured> {
        let stream = self.path(&format!("calls-{calls}"));
        let mut lines = Vec::with_capacity(2 * calls);
        for call in 0..calls {
            lines.extend(call_and_result(&format!("toolu_{call:024}"))?);
        }
        let length = lines.iter().map(|line| line.len() + 1).sum();
        LongTurn::read()?.write_file(&stream, &lines, length)?;
        let agent = self.path(&format!("agent-{calls}"));
        fixtures::write_script(&agent, &agent_that_writes(&stream));
        let (ampctl, folder) = (self.ampctl.clone(), self.folder.path().to_owned());
        Ok(Measured {
            command: Box::new(move || {
                let mut command = at_home(&ampctl, &folder);
                command
                    .args(["run", "--no-record", "hi", "--amp"])
                    .arg(&agent);
                command
            }),
            amount: calls as f64 / 1e3,
        })
    }

    /// Lists so many records.
    fn records(&self, count: usize) -> Result<Measured> {
        let records = SampleLedger::make(count, count * 1000)?;
        let ampctl = self.ampctl.clone();
        Ok(Measured {
            command: Box::new(move || {
                let mut command = at_home(&ampctl, records.home());
                command.args(["sessions", "list", "--json"]);
                command.envs(records.environment());
                command
            }),
            amount: count as f64 / 1e3,
        })
    }
}

/// Returns an answer of about so many bytes.
fn text_line(length: usize) -> String {
    let line = &big_lines()[0];
    // The whole of the text is one string in the line, with its escapes.
    let words =
        "Nothing is lost on the way:\\n- a line that is not JSON comes back \\\"as it was\\\". ";
    let begin = line.find("\"text\":\"").map_or(0, |place| place + 8);
    let end = line.find("\"}],\"stop_reason\"").unwrap_or(line.len());
    let room = length.saturating_sub(line.len() - (end - begin));
    let text = words.repeat(room.div_ceil(words.len()));
    format!("{}{text}{}", &line[..begin], &line[end..])
}

/// Returns a call of a tool whose input lies so deep, of the usual length.
fn deep_line(depth: usize) -> Result<String> {
    let mut line: Value = serde_json::from_str(&big_lines()[1])?;
    let block = line.pointer_mut("/message/content/1/input");
    let input = block.context("the second line calls no tool")?;
    let text = input["content"].as_str().unwrap_or_default().to_owned();
    let nested = (0..depth).fold(json!(text), |inner, _| json!([inner]));
    *input = json!({"path": "/a/b.rs", "content": nested});
    Ok(line.to_string())
}

/// Returns a call of a tool, and its result.
fn call_and_result(id: &str) -> Result<[String; 2]> {
    let small = fixtures::benchmark::small_lines();
    let usual = "toolu_01Stub0000000000000085";
    let [call, result] = [&small[1], &small[2]];
    ensure!(call.contains(usual) && result.contains(usual), "no call");
    Ok([call, result].map(|line| line.replace(usual, id)))
}
