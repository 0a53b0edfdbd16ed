//! The program of the front page, as a process of its own at the end of a pipe.

use amp_protocol::{Decoded, decode_reader, progress::Progress};

#[expect(clippy::disallowed_macros, reason = "it is a program and prints")]
fn main() -> std::io::Result<()> {
    let mut progress = Progress::new();
    for line in decode_reader(std::io::stdin().lock()) {
        match line? {
            Decoded::Event(event) => drop(progress.observe(&event)),
            other => println!("passed over: {other:?}"),
        }
    }
    println!("{}", progress.final_text().unwrap_or("no answer"));
    Ok(())
}

/// Tells a copy of this test to be the program.
const PROGRAM: &str = "AMP_PROTOCOL_TEST_PROGRAM";

#[cfg(unix)]
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "both programs are started from outside, as a shell would"
)]
fn the_program_of_the_front_page_reads_an_agent_and_prints_its_answer() {
    use std::process::{Command, Stdio};

    if std::env::var_os(PROGRAM).is_some() {
        main().expect("the stream can be read");
        return;
    }
    let recording = fixtures::Recording::at(fixtures::NEWEST_VERSION, "text");
    let mut agent = Command::new(fixtures::fake_agent())
        .env("FAKE_AGENT_REPLAY", &recording.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the fake agent starts");
    let test = "front_page::the_program_of_the_front_page_reads_an_agent_and_prints_its_answer";
    let output = Command::new(std::env::current_exe().expect("a test has a path"))
        .args([test, "--exact", "--nocapture"])
        .env(PROGRAM, "1")
        .stdin(agent.stdout.take().expect("it is piped"))
        .output()
        .expect("the program starts");
    assert!(agent.wait().expect("it ends").success());
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines = recording.lines().expect("a recording");
    let result: serde_json::Value =
        serde_json::from_slice(lines.last().expect("a line")).expect("JSON");
    let answer = result["result"].as_str().expect("an answer");
    assert!(!answer.is_empty() && printed.contains(answer), "{output:?}");
}
