//! From a child's pipe to typed events: how fast, measured against what a shell and what the usual
//! code do on the same bytes in the same run.
//!
//! A child writes 200 MB in lines of 4.5 KB and in lines of 560 bytes. They are counted by
//! `cat | wc -l`, read and decoded by this workspace (the `count` example), and by what is
//! usually written: `AsyncBufRead::lines` and a derived, internally tagged enum. Only the ratios
//! say anything: each round takes them one after the other, and the median round counts.

#[path = "../examples/count.rs"]
#[expect(dead_code, reason = "the example has a main of its own")]
mod count;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use amp_process::{Containment, ContainmentKind, ProcessSpec};
use fixtures::benchmark::derived::Event;
use fixtures::benchmark::{Bar, Row, big_lines, small_lines};
use tokio::io::{AsyncBufReadExt, BufReader};

/// How much the child writes in each run.
const TOTAL_BYTES: usize = 200_000_000;
const ROUNDS: usize = 9;
/// The lowest ratio to the usual code that is good enough.
const USUAL_BAR: f64 = 2.0;

fn main() {
    amp_process::run_shim_if_requested();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder for the bytes");
    for (name, lines, shell_bar) in [
        ("big", big_lines(), Some(0.55)),
        ("small", small_lines(), None),
    ] {
        let file = folder.path().join(name);
        let lines = write_stream(&file, &lines);
        runtime.block_on(compare(name, &file, lines, shell_bar));
    }
}

/// The wall time of one run, and the processor time that this process spent in it.
struct Time {
    wall: Duration,
    processor: Duration,
}

async fn compare(name: &str, file: &Path, lines: usize, shell_bar: Option<f64>) {
    let (mut shell, mut ours, mut usual) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        shell.push(timed(count_in_shell(file, lines)).await);
        ours.push(timed(decode_with_ours(file, lines)).await);
        usual.push(timed(usual::decode(file, lines)).await);
    }
    let rates = |times: &[Time]| times.iter().map(Time::rate).collect::<Vec<_>>();
    let each = |times: &[Time]| {
        let of_line = |time: &Time| time.processor.as_secs_f64() * 1e6 / lines as f64;
        times.iter().map(of_line).collect::<Vec<_>>()
    };
    let pipe = format!("pipe to typed events, {name} lines");
    let of_shell = Row::of(&pipe, "MB/s", &rates(&ours), "cat | wc -l", &rates(&shell));
    let rows = [
        match shell_bar {
            Some(bar) => of_shell.with_bar(Bar::RatioAtLeast(bar)),
            None => of_shell,
        },
        Row::of(
            &pipe,
            "MB/s",
            &rates(&ours),
            "the usual code",
            &rates(&usual),
        )
        .with_bar(Bar::RatioAtLeast(USUAL_BAR)),
        Row::of(
            &format!("processor time of {name} lines"),
            "us a line",
            &each(&ours),
            "the usual code",
            &each(&usual),
        ),
    ];
    for row in rows {
        // Nobody who reads is nobody to complain to.
        let _ = row.print();
    }
}

impl Time {
    /// Returns the rate in MB/s.
    fn rate(&self) -> f64 {
        TOTAL_BYTES as f64 / 1e6 / self.wall.as_secs_f64()
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
    let spec = ProcessSpec::new("/bin/cat")
        .with_argument(file)
        .with_containment(Containment::Require(ContainmentKind::Group));
    let (counts, _) = count::count(&spec).await.expect("the pipe works");
    assert_eq!(counts.events, lines);
}

/// What is usually written.
mod usual {
    use super::{AsyncBufReadExt, BufReader, Event, Path};

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

/// Writes the lines over and over, and returns how many.
fn write_stream(file: &Path, lines: &[String]) -> usize {
    let mut target = std::io::BufWriter::new(std::fs::File::create(file).expect("a file"));
    let (mut written, mut count) = (0, 0);
    for line in lines.iter().cycle() {
        if written >= TOTAL_BYTES {
            break;
        }
        writeln!(target, "{line}").expect("room on the disk");
        written += line.len() + 1;
        count += 1;
    }
    target.flush().expect("room on the disk");
    count
}
