//! What an outcome says beyond what recordings show.

use std::path::Path;

use amp_protocol::decode_line;
use serde_json::{Value, json};

use super::*;
use crate::config::SessionConfig;
use crate::environment::Environment;
use crate::settings::Effective;

/// The secrets of a run with this key.
fn secrets(key: &str) -> Secrets {
    let environment = Environment::from([("AMP_API_KEY".into(), key.into())]);
    let config = SessionConfig::new();
    let settings = Effective::read(&environment, Path::new("/"), None);
    Secrets::of(&environment, &config, &settings, None)
}

/// The outcome of a turn that wrote these lines.
fn outcome(lines: &[&[u8]], secrets: &Secrets) -> Outcome {
    let mut observer = Observer::default();
    for line in lines {
        observer.observe(&decode_line(line), false);
    }
    observer.conclude(&Ending::default(), secrets)
}

fn refused(tool: &str, reason: &str) -> Decided {
    refused_with(None, tool, &json!({"cmd": "ls a-secret-key"}), reason)
}

fn refused_with(id: Option<&str>, tool: &str, arguments: &Value, reason: &str) -> Decided {
    let decided = json!({
        "number": 1, "concern": "call", "tool": tool, "arguments": arguments, "tool_use_id": id,
        "allowed": false, "by": "approver", "reason": reason,
    });
    serde_json::from_value(decided).expect("a decision")
}

const CALL: &[u8] = br#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"Bash","input":{"cmd":"ls"}}]}}"#;
const REFUSED: &[u8] = br#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"Tool rejected by plugin: not today"}]}}"#;

#[test]
fn a_refusal_that_the_stream_tells_as_well_counts_once() {
    let secrets = secrets("a-secret-key");
    let after = |decided: &[Decided]| {
        let mut outcome = outcome(&[CALL, REFUSED], &secrets);
        outcome.add_questions(decided, None, &secrets);
        assert_eq!(outcome.refused_tools, outcome.refused_calls.len() as u64);
        let calls = outcome.refused_calls.into_iter();
        let calls: Vec<_> = calls.map(|call| (call.tool, call.reason)).collect();
        calls
    };
    let call = |tool: &str, reason: &str| (tool.to_owned(), reason.to_owned());
    assert_eq!(after(&[]).len(), 1);
    assert_eq!(
        after(&[refused("Bash", "not today")]),
        [call("Bash", "not today")]
    );
    assert_eq!(after(&[refused("Bash", "another")]).len(), 2);
    assert_eq!(after(&[refused("Read", "not today")]).len(), 2);
    assert_eq!(
        after(&[refused("", "not today")]).len(),
        1,
        "no call was asked about"
    );
    // The plugin was ended, and what the stream says of the call is what the CLI makes of that.
    let same = json!({"cmd": "ls"});
    let without_id = refused_with(None, "Bash", &same, "the plugin is gone");
    let with_id = refused_with(Some("1"), "Bash", &json!({}), "the plugin is gone");
    let of_another = refused_with(Some("2"), "Bash", &same, "not today");
    let gone = [call("Bash", "the plugin is gone")];
    assert_eq!(after(std::slice::from_ref(&without_id)), gone);
    assert_eq!(after(std::slice::from_ref(&with_id)), gone);
    assert_eq!(after(&[of_another]).len(), 2);
    assert_eq!(
        after(&[without_id, with_id]).len(),
        2,
        "each stands for one"
    );
}

#[test]
fn a_tool_that_ran_without_its_question_fails_the_turn_in_words_without_secrets() {
    let secrets = secrets("a-secret-key");
    let mut outcome = outcome(&[], &secrets);
    outcome.add_questions(
        &[refused("Bash", "no")],
        Some("ran a-secret-key".to_owned()),
        &secrets,
    );
    let arguments = &outcome.refused_calls[0].arguments;
    assert!(arguments.contains("ls [redacted]"), "{arguments}");
    let failure = outcome.failure.expect("a failure");
    assert_eq!(failure.reason, Reason::ApprovalBypassed);
    assert_eq!(failure.message, "ran [redacted]");
}

#[test]
fn what_the_agent_says_of_its_failure_is_told_without_secrets() {
    let line = br#"{"type":"result","subtype":"error_during_execution","is_error":true,"error":"no a-secret-key"}"#;
    let failure = outcome(&[line], &secrets("a-secret-key")).failure;
    let message = failure.expect("a failure").message;
    assert!(message.contains("no [redacted]"), "{message}");
}

#[test]
fn a_stray_line_that_was_cut_within_a_secret_is_quoted_without_its_beginning() {
    // No part of it is found again in another place.
    let key: String = (0..1_000).map(|number| format!("{number:05}-")).collect();
    let line = key.repeat(11);
    let message = outcome(&[line.as_bytes()], &secrets(&key)).failure;
    let message = message.expect("a failure").message;
    assert!(!message.contains("00000"), "{message}");
}

#[test]
fn a_stray_line_is_quoted_past_a_long_secret() {
    let key = "secret".repeat(1_000);
    let line = format!("the key {key} is wrong");
    let message = outcome(&[line.as_bytes()], &secrets(&key)).failure;
    let message = message.expect("a failure").message;
    assert!(
        message.ends_with(": the key [redacted] is wrong"),
        "{message}"
    );
}

#[test]
fn long_lines_are_counted_and_the_line_that_complains_is_found() {
    let mut observer = Observer::default();
    for _ in 0..2 {
        observer.observe(&decode_line(b"{"), true);
    }
    let ending = Ending {
        stderr: "at work\nError: it is broken\n    at line 1\n".to_owned(),
        ..Ending::default()
    };
    let outcome = observer.conclude(&ending, &Secrets::default());
    assert_eq!(outcome.lines.oversized, 2);
    assert_eq!(outcome.complaint(), Some("Error: it is broken"));
}

#[test]
fn what_may_pass_by_itself_is_told_apart_from_what_needs_a_change() {
    assert!(Reason::RateLimited.is_transient());
    assert!(Reason::ConnectionLost.is_transient());
    assert!(!Reason::RejectedKey.is_transient());
    assert!(!Reason::OutOfCredits.is_transient());
}

#[test]
fn a_turn_that_its_host_stops_is_cancelled_whatever_its_agent_has_said() {
    let done = br#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#;
    let mut outcome = outcome(&[done], &Secrets::default());
    assert_eq!(outcome.status, Status::Completed);
    outcome.cancel();
    assert_eq!(outcome.status, Status::Cancelled);
    let failure = outcome.failure.expect("a failure");
    assert_eq!(failure.reason, Reason::Cancelled);
    assert_eq!(failure.to_string(), failure.message);
}

#[test]
fn of_what_is_no_line_of_the_stream_the_first_words_are_quoted() {
    let stray = outcome(&[b"  ", b"first words", b"more words"], &Secrets::default());
    let message = stray.failure.expect("a failure").message;
    assert!(message.contains("first words"), "{message}");
}
