//! Answers that fit a schema, as values of the program.

use amp_session::{Amp, Reason, Schema, SessionConfig};
use fixtures::fake_agent;
use serde::Deserialize;
use tempfile::TempDir;

use crate::support::{INIT, SEPTEMBER, environment};

#[derive(Debug, PartialEq, Deserialize)]
struct Count {
    crates: u32,
}

/// Returns an Amp that answers with each of these JSON values in turn.
fn answering(home: &TempDir, answers: [&str; 2]) -> Amp {
    let folders = answers.map(|answer| {
        let folder = home.path().join(answer.len().to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let result = serde_json::json!({"type": "result", "subtype": "success", "is_error": false, "result": answer});
        let lines = format!("{}\n{result}\n", INIT.trim_start_matches("out "));
        std::fs::write(folder.join("stdout.jsonl"), lines).unwrap();
        std::fs::write(folder.join("meta.toml"), format!("version = {SEPTEMBER:?}\n")).unwrap();
        folder
    });
    let mut environment = environment(home.path(), &[]);
    let folders = std::env::join_paths(folders).unwrap();
    environment.insert("FAKE_AGENT_REPLAY".into(), folders);
    Amp::new(fake_agent(), SEPTEMBER).with_environment(environment)
}

async fn count(answers: [&str; 2]) -> Result<Count, amp_session::Failure> {
    let home = TempDir::new().unwrap();
    let session = answering(&home, answers)
        .start(SessionConfig::new())
        .unwrap();
    let schema = Schema::parse(r#"{"type": "object", "required": ["crates"]}"#).unwrap();
    let turn = session
        .prompt(schema.ask("How many crates?"))
        .await
        .unwrap();
    turn.answer(&schema, &session).await
}

#[tokio::test]
async fn an_answer_is_a_value_of_the_program() {
    assert_eq!(
        count([r#"{"crates": 7}"#, ""]).await,
        Ok(Count { crates: 7 })
    );
}

#[tokio::test]
async fn an_answer_is_mended_once() {
    assert_eq!(
        count(["seven", r#"{"crates": 7}"#]).await,
        Ok(Count { crates: 7 })
    );
    let failure = count(["seven", "7, I said"]).await.unwrap_err();
    assert_eq!(failure.reason, Reason::UnfitAnswer);
    assert!(failure.message.contains("no JSON value"), "{failure}");
}

#[tokio::test]
async fn an_answer_that_is_no_value_of_the_program_is_told() {
    let failure = count([r#"{"crates": "seven"}"#, ""]).await.unwrap_err();
    assert_eq!(failure.reason, Reason::UnfitAnswer);
    assert!(failure.message.contains("u32"), "{failure}");
}
