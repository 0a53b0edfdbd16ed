//! The program on the front page of the crate, as a process of its own.

use amp_session::{Options, execute};

#[expect(clippy::disallowed_macros, reason = "it is a program and prints")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let turn = execute("What does this repository do?", Options::from_env()).await?;
    println!("{}", turn.text().await?);
    Ok(())
}

/// Tells a copy of this test to be the program.
const PROGRAM: &str = "AMP_SESSION_TEST_PROGRAM";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the program is started from outside, as a user would"
)]
fn the_program_of_the_front_page_prints_the_answer() {
    if std::env::var_os(PROGRAM).is_some() {
        main().unwrap();
        return;
    }
    let home = tempfile::TempDir::new().unwrap();
    let recording = fixtures::Recording::at(fixtures::NEWEST_VERSION, "text");
    let test = "front_page::the_program_of_the_front_page_prints_the_answer";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(PROGRAM, "1")
        .env("HOME", home.path())
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME")
        .env("AMP_API_KEY", crate::support::KEY)
        .env("AMP_CLI_PATH", fixtures::fake_agent())
        .env("FAKE_AGENT_REPLAY", &recording.folder)
        .current_dir(home.path())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines = recording.lines().unwrap();
    let result: serde_json::Value = serde_json::from_slice(lines.last().unwrap()).unwrap();
    let answer = result["result"].as_str().unwrap();
    assert!(!answer.is_empty() && printed.contains(answer), "{output:?}");
}
