//! What a turn looks like.

use amp_session::protocol::{Decoded, decode_line};

use super::*;
use crate::context::Output;

/// Shows lines on a screen without moving parts and returns what stays.
fn shown(lines: &str, columns: usize, adjust: impl FnOnce(&mut LiveOptions)) -> String {
    let (output, written) = Output::captured();
    let mut options = LiveOptions {
        style: Style::default(),
        prompts: false,
        times: false,
        tools: true,
        summary: false,
        goes_on: None,
        verbose: false,
    };
    adjust(&mut options);
    let size = Size { columns, rows: 24 };
    let mut view = LiveView::new(Screen::with_status(output, false), move || size, options);
    for line in lines.lines() {
        match decode_line(line.as_bytes()) {
            Decoded::Event(event) => view.event(&event).expect("a writable vector"),
            _ => view.note(line).expect("a writable vector"),
        }
    }
    view.end_calls().expect("a writable vector");
    written.text()
}

const TURN: &str = r#"{"type":"system","subtype":"init","cwd":"/w","mcp_servers":[{"name":"db","status":"failed"}],"agent_mode":"medium"}
{"type":"user","message":{"role":"user","content":[{"type":"text","text":"find\nthe bug"}]}}
{"type":"assistant","message":{"content":[{"type":"thinking","thinking":"Where could it be?"},{"type":"text","text":"I look at **two** places."},{"type":"tool_use","id":"1","name":"shell_command","input":{"command":"cargo test"}},{"type":"tool_use","id":"2","name":"Read","input":{"path":"/w/src/parser.rs"}}]}}
{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"{\"output\":\"\",\"exitCode\":101}"},{"type":"tool_result","tool_use_id":"2","content":"{}"}]}}
{"type":"assistant","message":{"content":[{"type":"tool_use","id":"3","name":"Task","input":{"description":"search the callers"}}]}}
{"type":"assistant","parent_tool_use_id":"3","message":{"content":[{"type":"text","text":"Searching."},{"type":"tool_use","id":"4","name":"Grep","input":{"pattern":"fn parse"}}]}}
{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"3","content":"done"}]}}
{"type":"telemetry","secret":1}
{"type":"assistant","message":{"content":[{"type":"tool_use","id":"5","name":"shell_command","input":{"command":"git push"}}]}}
{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"5","content":"Tool rejected by plugin: not today"}]}}
{"type":"assistant","message":{"content":[{"type":"text","text":"It is in `parse`.\n\n```rust\nfn parse() {}\n```"},{"type":"tool_use","id":"6","name":"shell_command","input":{"command":"sleep 60"}}]}}"#;

#[test]
fn text_tools_and_subagents_stand_apart() {
    insta::assert_snapshot!(shown(TURN, 80, |_| {}));
}

/// Returns a message with a text and a tool call.
fn message(parent: &str, text: &str, call: &str) -> String {
    format!(
        r#"{{"type":"assistant","parent_tool_use_id":{parent},"message":{{"content":[{{"type":"text","text":"{text}"}},{{"type":"tool_use","id":"{call}","name":"Task","input":{{"description":"job {call}"}}}}]}}}}"#
    )
}

#[test]
fn subagents_that_work_side_by_side_are_told_apart() {
    let lines = [
        message("null", "Two jobs.", "a"),
        message("null", "And another.", "b"),
        message(r#""a""#, "A begins.", "a1"),
        message(r#""b""#, "B begins.", "b1"),
        message(r#""a1""#, "Deep below A.", "a2"),
        message(r#""a""#, "A goes on.", "a3"),
        message(r#""unknown""#, "Without a parent.", "x"),
    ];
    insta::assert_snapshot!(shown(&lines.join("\n"), 60, |_| {}));
}

#[test]
fn calls_that_claim_to_be_their_own_parents_are_shown() {
    let lines = [
        message(r#""a""#, "One.", "a"),
        message(r#""a""#, "Two.", "b"),
    ];
    assert!(shown(&lines.join("\n"), 60, |_| {}).contains("Two."));
}

#[test]
fn subagents_nest_without_end() {
    const DEPTH: usize = 20_000;
    let mut lines = vec![message("null", "A job.", "0")];
    lines.extend((1..DEPTH).map(|depth| {
        let parent = format!(r#""{}""#, depth - 1);
        message(&parent, "Deeper.", &depth.to_string())
    }));
    lines.push(
        r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"0","content":"done"}]}}"#
            .to_owned(),
    );
    let text = shown(&lines.join("\n"), 60, |_| {});
    let ends = text.lines().filter(|line| line.contains("Task job"));
    assert!(ends.count() >= DEPTH, "each call is shown");
    let widest = text.lines().map(columns).max();
    assert!(widest <= Some(60), "{widest:?}");
}

#[test]
fn a_narrow_terminal_cuts_tool_lines_and_wraps_text() {
    let text = shown(TURN, 30, |_| {});
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(30), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_refused_call_keeps_its_command_however_long_the_reason() {
    let call = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"5","name":"shell_command","input":{"command":"git push --force origin main"}}]}}"#;
    let refusal = r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"5","content":"Tool rejected by plugin: Rejected by user permissions rule 1: reject 'shell_command' with cmd 'git push *'"}]}}"#;
    let lines = format!("{call}\n{refusal}");
    let wide = shown(&lines, 80, |_| {});
    assert!(
        wide.contains("shell_command git push --force origin main\n"),
        "{wide}"
    );
    assert!(
        wide.contains("\n    Rejected by user permissions rule 1"),
        "{wide}"
    );
    let narrow = shown(&lines, 40, |_| {});
    assert!(narrow.contains("git push --force"), "{narrow}");
    assert!(narrow.contains("Rejected by user permissions"), "{narrow}");
    assert_eq!(shown(&lines, 200, |_| {}).lines().count(), 1);
}

#[test]
fn quietly_the_answer_stands_alone() {
    let text = shown(TURN, 80, |options| options.tools = false);
    assert!(text.contains("I look at two places."), "{text}");
    for tool in ["cargo test", "search the callers", "Searching.", "git push"] {
        assert!(!text.contains(tool), "{text}");
    }
}

#[test]
fn a_replay_shows_prompts_as_quotations() {
    assert!(shown(TURN, 80, |options| options.prompts = true).contains("│ find\n│ the bug\n"));
}

#[test]
fn lines_that_are_not_understood_are_shown_when_asked() {
    let line = r#"· {"type":"telemetry","secret":1}"#;
    assert!(!shown(TURN, 80, |_| {}).contains(line));
    assert!(shown(TURN, 80, |options| options.verbose = true).contains(line));
}

#[test]
fn escape_sequences_of_an_agent_do_not_reach_the_terminal() {
    let line = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"a\u001b[2Jb"},{"type":"tool_use","id":"1","name":"x\u001b[31m","input":{"command":"\u001b]0;title\u0007"}}]}}"#;
    let text = shown(line, 80, |_| {});
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
}

#[test]
fn wide_characters_count_twice_in_tool_lines_too() {
    let call = |id, subject: &str| {
        format!(
            r#"{{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"{id}","name":"検索ツール","input":{{"query":"{subject}"}}}}]}}}}"#
        )
    };
    let lines = [
        call("1", "漢字と絵文字🎉の検索を全部"),
        call("2", "👩‍👩‍👧‍👦 family"),
    ];
    for width in [20, 24, 31, 40] {
        let text = shown(&lines.join("\n"), width, |_| {});
        for line in text.lines() {
            assert!(crate::text::columns(line) <= width, "{width}: {line}");
        }
    }
}
