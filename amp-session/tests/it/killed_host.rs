//! A host that is killed at any moment has lost nothing that it has shown.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amp_session::{ExportFormat, Ledger, NewSession, SessionConfig, Status};
use tempfile::TempDir;

use crate::support::{INIT, SEPTEMBER, SUCCESS, playing};

/// Tells a copy of this test to be the host, and where the ledger is.
const HOST: &str = "AMP_SESSION_TEST_LEDGER";

/// Stands before each line that the host shows, for the test harness writes on the same stream.
const SHOWN: &str = "shown ";

/// How often a host is killed.
const KILLS: u64 = 200;

/// The lines of the agent: long ones, so that a write can be hit in the middle.
const LINES: u64 = 400;

fn script() -> String {
    let text = "x".repeat(3000);
    format!("{INIT}; repeat {LINES} out {{\"type\":\"novelty\",\"text\":\"{text}\"}}; {SUCCESS}")
}

/// Records a turn and shows each line as soon as the session hands it out.
async fn show_and_record(folder: &Path, output: &mut dyn Write) {
    let home = TempDir::new().unwrap();
    let session = playing(&home, SEPTEMBER, &script())
        .start(SessionConfig::new())
        .unwrap();
    let session = session.recorded(Ledger::new(folder).create(NewSession::new()).unwrap());
    let mut turn = session.prompt("Do it.").await.unwrap();
    while let Some(line) = turn.next_line().await {
        output.write_all(SHOWN.as_bytes()).unwrap();
        output.write_all(line.bytes()).unwrap();
        output.write_all(b"\n").unwrap();
        output.flush().unwrap();
    }
    assert_eq!(turn.finish().await.status, Status::Completed);
}

/// The host: on its own it checks itself, for the test below it is the one that is killed.
#[tokio::test]
async fn what_is_shown_is_in_the_ledger() {
    if let Some(folder) = host_ledger() {
        show_and_record(&folder, &mut std::io::stdout()).await;
        return;
    }
    let ledger = TempDir::new().unwrap();
    let mut shown = Vec::new();
    show_and_record(ledger.path(), &mut shown).await;
    let shown: Vec<Vec<u8>> = shown_lines(shown.as_slice()).collect();
    assert_eq!(shown.len() as u64, LINES + 2);
    check(ledger.path(), &shown);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that starts itself again is told by this"
)]
fn host_ledger() -> Option<PathBuf> {
    std::env::var_os(HOST).map(PathBuf::from)
}

#[test]
fn a_killed_host_loses_nothing_that_it_has_shown() {
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), KILLS);
    let lanes = 4;
    std::thread::scope(|scope| {
        for lane in 0..lanes {
            scope.spawn(move || {
                for number in (lane..KILLS).step_by(lanes as usize) {
                    // A few steps of a linear congruence are chance enough to pick a line.
                    let chance = (seed ^ number)
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let after = (chance >> 33) % (LINES + 1);
                    kill_and_check(usize::try_from(after).unwrap());
                }
            });
        }
    });
}

/// Kills a host that has shown so many lines, and looks at what it has left.
#[expect(
    clippy::disallowed_methods,
    reason = "the host is killed from outside, as a user would"
)]
fn kill_and_check(after: usize) {
    let ledger = TempDir::new().unwrap();
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args([
            "killed_host::what_is_shown_is_in_the_ledger",
            "--exact",
            "--nocapture",
        ])
        .env(HOST, ledger.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = shown_lines(BufReader::new(host.stdout.take().unwrap()));
    let mut shown: Vec<Vec<u8>> = lines.by_ref().take(after).collect();
    host.kill().unwrap();
    host.wait().unwrap();
    // What is still in the pipe was shown as well; only its last line may be cut.
    shown.extend(lines);
    check(ledger.path(), &shown);
}

/// Returns the whole lines that a host has shown.
fn shown_lines(mut output: impl BufRead) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || {
        loop {
            let mut line = Vec::new();
            output.read_until(b'\n', &mut line).unwrap();
            if line.pop() != Some(b'\n') {
                return None;
            }
            if let Some(shown) = line.strip_prefix(SHOWN.as_bytes()) {
                return Some(shown.to_vec());
            }
        }
    })
}

/// Checks that the ledger opens, has every line that was shown, and can be used.
fn check(folder: &Path, shown: &[Vec<u8>]) {
    let sessions = Ledger::new(folder).sessions().unwrap();
    let Some(record) = sessions.first() else {
        assert!(
            shown.is_empty(),
            "{} lines were shown without a record",
            shown.len()
        );
        return;
    };
    let turns = record.turns().unwrap();
    let recorded: Vec<Vec<u8>> = match turns.first() {
        Some(turn) => turn
            .lines()
            .unwrap()
            .map(|line| line.unwrap().into_parts().0)
            .collect(),
        None => Vec::new(),
    };
    assert!(
        recorded.len() >= shown.len(),
        "{} of {}",
        recorded.len(),
        shown.len()
    );
    assert!(
        recorded
            .iter()
            .zip(shown)
            .all(|(recorded, shown)| recorded == shown)
    );
    record
        .export(ExportFormat::Json, &mut std::io::sink())
        .unwrap();
    // A process that another test is starting may hold a copy of the lock for a moment more.
    File::open(record.folder().join("lock"))
        .unwrap()
        .lock()
        .unwrap();
}
