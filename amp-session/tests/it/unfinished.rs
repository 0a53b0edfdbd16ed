//! Turns whose model did not finish its last message, or said nothing.

use amp_session::{Outcome, Reason, SessionConfig, Status, no_deadlines};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{FEBRUARY, INIT, SEPTEMBER, SUCCESS, playing, replaying};

/// A message of the model that was cut, as the builds of January to May 2026 write it.
const CUT: &str = concat!(
    r#"out {"type":"assistant","message":{"type":"message","role":"assistant","#,
    r#""content":[{"type":"text","text":"This answer is cut o"}],"stop_reason":null},"#,
    r#""parent_tool_use_id":null,"session_id":"T-5928a90d-d53b-488f-a829-4e36442142ee"}"#
);

/// Returns how a turn of February ends that plays this, with no deadline of its own.
async fn outcome_of_february(script: &str) -> Outcome {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, FEBRUARY, script);
    let config = SessionConfig::new().with_deadlines(no_deadlines());
    let session = amp.start(config).unwrap();
    session.prompt("Do it.").await.unwrap().finish().await
}

#[tokio::test]
async fn an_agent_that_waits_for_ever_after_a_cut_message_is_stopped() {
    // What February says when it is stopped.
    let cancelled = r#"on SIGTERM { out {"type":"result","subtype":"error_during_execution","is_error":true,"error":"User cancelled (SIGINT/SIGTERM)"}; exit 0 }"#;
    for script in [
        format!("{INIT}; {CUT}; hang"),
        format!("{cancelled}; {INIT}; {CUT}; hang"),
    ] {
        let mut outcome = outcome_of_february(&script).await;
        assert_eq!(outcome.reason(), Some(Reason::CutShort), "{script}");
        assert_eq!(outcome.status, Status::Failed);
        outcome.believe_thread(&json!({"messages": [
            {"role": "assistant", "state": {"type": "error", "error": {"message": "max_tokens"}}},
        ]}));
        assert_eq!(outcome.reason(), Some(Reason::OutputLimit));
    }
}

#[tokio::test]
async fn a_cut_message_that_something_follows_stops_nothing() {
    let outcome = outcome_of_february(&format!("{INIT}; {CUT}; {SUCCESS}")).await;
    assert!(outcome.is_success(), "{outcome:?}");
}

#[tokio::test]
async fn a_turn_without_a_word_has_no_text() {
    let home = TempDir::new().unwrap();
    let amp = replaying(&home, SEPTEMBER, &["emptytext"]);
    let session = amp.start(SessionConfig::new()).unwrap();
    let failure = session.prompt("Do it.").await.unwrap().text().await;
    assert_eq!(failure.unwrap_err().reason, Reason::NoAnswer);
}
