//! From a child's pipe to typed events: how fast, measured against what a shell and what the usual
//! code do on the same bytes in the same run.
//!
//! A child writes 200 MB of recorded lines, once as they are and once with long texts. They are
//! counted by `cat | wc -l`, read and decoded by this workspace, and read and decoded by what is
//! usually written: `AsyncBufRead::lines` and a derived, internally tagged enum. Only the ratios
//! say anything; the best of several interleaved rounds counts.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use amp_process::{Containment, ContainmentKind, ProcessSpec};
use amp_protocol::{Decoded, decode_line};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

/// How much the child writes in each run.
const TOTAL_BYTES: usize = 200_000_000;
const ROUNDS: usize = 5;

fn main() {
    amp_process::run_shim_if_requested();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder for the bytes");
    for (name, text_bytes) in [("big", 4_200), ("small", 0)] {
        let file = folder.path().join(name);
        let lines = write_stream(&file, text_bytes);
        runtime.block_on(compare(name, &file, lines));
    }
}

/// The wall time of one run, and the processor time that this process spent in it.
#[derive(Clone, Copy)]
struct Time {
    wall: Duration,
    processor: Duration,
}

async fn compare(name: &str, file: &Path, lines: usize) {
    let (mut shell, mut ours, mut usual) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        count_in_shell(file, lines).await;
        shell.push(started.elapsed());
        ours.push(timed(decode_with_ours(file, lines)).await);
        usual.push(timed(usual::decode(file, lines)).await);
    }
    let shell = shell.into_iter().min().unwrap_or_default();
    let (ours, usual) = (best(&ours), best(&usual));
    let rate = |time: Duration| TOTAL_BYTES as f64 / 1e6 / time.as_secs_f64();
    let ratio = |of: Duration, to: Duration| of.as_secs_f64() / to.as_secs_f64();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / lines as f64;
    say(&format!(
        "{name} ({lines} lines): cat | wc -l {:.0} MB/s, ours {:.0} MB/s, usual {:.0} MB/s",
        rate(shell),
        rate(ours.wall),
        rate(usual.wall),
    ));
    say(&format!(
        "{name}: {:.2} of cat | wc -l; {:.2} times the usual; processor {:.2} us a line, usual {:.2}",
        ratio(shell, ours.wall),
        ratio(usual.wall, ours.wall),
        each(ours.processor),
        each(usual.processor),
    ));
}

fn best(times: &[Time]) -> Time {
    let wall = times.iter().map(|time| time.wall).min();
    let processor = times.iter().map(|time| time.processor).min();
    Time {
        wall: wall.unwrap_or_default(),
        processor: processor.unwrap_or_default(),
    }
}

async fn timed(work: impl Future<Output = ()>) -> Time {
    let (started, before) = (Instant::now(), processor_time());
    work.await;
    Time {
        wall: started.elapsed(),
        processor: processor_time() - before,
    }
}

/// Returns the processor time of this thread, where all the work is done.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

async fn count_in_shell(file: &Path, lines: usize) {
    let spec = ProcessSpec::new("/bin/sh")
        .with_arguments(["-c", "cat \"$0\" | wc -l"])
        .with_argument(file)
        .with_variable("PATH", "/usr/bin:/bin")
        .with_containment(Containment::Require(ContainmentKind::Group));
    let mut process = spec.spawn().await.expect("there is a shell");
    let line = process.next_line().await.expect("it counts");
    let counted = String::from_utf8_lossy(line.expect("a number").bytes()).into_owned();
    assert_eq!(counted.trim(), lines.to_string());
    process.finish().await;
}

async fn decode_with_ours(file: &Path, lines: usize) {
    let mut process = ProcessSpec::new("/bin/cat")
        .with_argument(file)
        .with_containment(Containment::Require(ContainmentKind::Group))
        .spawn()
        .await
        .expect("there is a cat");
    let mut events = 0;
    while let Some(line) = process.next_line().await.expect("the pipe works") {
        let decoded = decode_line(line.bytes());
        events += usize::from(matches!(std::hint::black_box(&decoded), Decoded::Event(_)));
    }
    assert_eq!(events, lines);
    process.finish().await;
}

/// What is usually written.
mod usual {
    use super::{AsyncBufReadExt, BufReader, Path, Value};
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    #[expect(dead_code, reason = "what is decoded is not looked at")]
    enum Event {
        System {
            session_id: String,
            cwd: Option<String>,
            tools: Option<Vec<String>>,
        },
        User {
            session_id: String,
            parent_tool_use_id: Option<String>,
            message: Message,
        },
        Assistant {
            session_id: String,
            parent_tool_use_id: Option<String>,
            message: Message,
        },
        Result {
            session_id: String,
            subtype: String,
            is_error: bool,
            result: Option<String>,
            duration_ms: u64,
            num_turns: u64,
        },
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "what is decoded is not looked at")]
    struct Message {
        role: String,
        content: Vec<Block>,
        stop_reason: Option<String>,
        usage: Option<Value>,
    }

    #[derive(Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    #[expect(dead_code, reason = "what is decoded is not looked at")]
    enum Block {
        Text {
            text: String,
        },
        ToolUse {
            id: String,
            name: String,
            input: Value,
        },
        ToolResult {
            tool_use_id: String,
            content: Value,
            is_error: bool,
        },
    }

    #[expect(clippy::disallowed_methods, reason = "this is what is usually written")]
    pub(super) async fn decode(file: &Path, lines: usize) {
        let mut child = tokio::process::Command::new("/bin/cat")
            .arg(file)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("there is a cat");
        let stdout = child.stdout.take().expect("it has a pipe");
        let mut reader = BufReader::new(stdout).lines();
        let mut events = 0;
        while let Some(line) = reader.next_line().await.expect("the pipe works") {
            let event: Result<Event, _> = serde_json::from_str(&line);
            events += usize::from(std::hint::black_box(&event).is_ok());
        }
        assert_eq!(events, lines);
        child.wait().await.expect("it ends");
    }
}

/// Writes recorded lines over and over, texts replaced by longer ones when `text_bytes` says so,
/// and returns how many.
fn write_stream(file: &Path, text_bytes: usize) -> usize {
    let recording = fixtures::recording(fixtures::LAST_JAVASCRIPT_VERSION, "parallel")
        .expect("the scenario is recorded");
    let recorded = recording.lines().expect("it has output");
    let long = "fn main() { println!(\"naïve €uro 😀\"); }\n// a comment\tof some length\n";
    let long = match text_bytes {
        0 => String::new(),
        _ => long.repeat(text_bytes / long.len() + 1),
    };
    let lines = recorded.into_iter().map(|line| {
        let line = String::from_utf8(line).expect("recorded lines are UTF-8");
        format!("{}\n", lengthen(line.trim_end(), &long))
    });
    let lines: Vec<String> = lines.collect();
    let mut target = std::io::BufWriter::new(std::fs::File::create(file).expect("a file"));
    let (mut written, mut count) = (0, 0);
    for line in lines.iter().cycle() {
        if written >= TOTAL_BYTES {
            break;
        }
        target.write_all(line.as_bytes()).expect("room on the disk");
        written += line.len();
        count += 1;
    }
    target.flush().expect("room on the disk");
    count
}

/// Puts `long` in front of the first text or result within the line, the order of its keys kept.
fn lengthen(line: &str, long: &str) -> String {
    let long = Value::from(long).to_string();
    let long = long.trim_matches('"');
    for key in ["\"text\":\"", "\"content\":\""] {
        if let Some(position) = line.find(key) {
            let (before, after) = line.split_at(position + key.len());
            return format!("{before}{long}{after}");
        }
    }
    line.to_owned()
}

fn say(line: &str) {
    // Nobody who reads is nobody to complain to.
    let _ = writeln!(std::io::stdout(), "{line}");
}
