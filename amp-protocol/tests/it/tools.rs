//! What tools were asked and what they answered, in every recording.

use std::collections::{BTreeMap, BTreeSet};

use amp_protocol::progress::Progress;
use amp_protocol::tool::{RejectionKind, ToolInput, ToolName, ToolOutcome, ToolOutput};
use amp_protocol::{Event, RawJson, ToolResultBlock, ToolUseBlock, decode_line};

/// Returns every recorded call that was answered, and its answer.
fn answered_calls() -> Vec<(ToolUseBlock, ToolResultBlock)> {
    let mut answered = Vec::new();
    for recording in fixtures::recordings() {
        let mut progress = Progress::new();
        for line in recording.lines().expect("the recording can be read") {
            let Some(event) = decode_line(&line).into_event() else {
                continue;
            };
            for closed in progress.observe(&event) {
                if let (Some(call), Some(result)) = (closed.call, closed.result) {
                    answered.push((call.request, result.clone()));
                }
            }
        }
    }
    answered
}

/// Reads an input given as JSON text.
fn raw(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).expect("JSON")
}

#[test]
fn recorded_inputs_have_their_known_shape() {
    let mut shapes: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for (call, _) in answered_calls() {
        let raw = matches!(call.typed_input(), ToolInput::Raw(_));
        shapes.entry(call.name.to_string()).or_default().insert(raw);
    }
    let shapes: Vec<String> = shapes
        .into_iter()
        .map(|(name, raw)| {
            let words = raw.into_iter().map(|raw| if raw { "raw" } else { "known" });
            format!("{name}: {}", words.collect::<Vec<_>>().join(" and "))
        })
        .collect();
    insta::assert_snapshot!(shapes.join("\n"));
}

#[test]
fn recorded_results_have_their_known_shape() {
    let mut shapes: BTreeSet<String> = BTreeSet::new();
    for (call, result) in answered_calls() {
        let shape = match result.typed_output(&call.name) {
            ToolOutput::Shell(shell) if shell.running == Some(true) => "a running process",
            ToolOutput::Shell(_) => "a shell result",
            ToolOutput::File(file) if file.image_info.is_some() => "an image",
            ToolOutput::File(_) => "a file",
            ToolOutput::Edit(_) => "an edit",
            ToolOutput::Patch(_) => "a patch",
            ToolOutput::Mcp(_) => "content",
            ToolOutput::Text(_) => "text",
            other => panic!("never recorded: {other:?}"),
        };
        let failed = if result.is_error { ", an error" } else { "" };
        shapes.insert(format!("{}: {shape}{failed}", call.name));
    }
    insta::assert_snapshot!(shapes.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn recorded_refusals_are_recognised() {
    let mut refusals = BTreeSet::new();
    for (_, result) in answered_calls() {
        if let Some(refusal) = result.rejection() {
            refusals.insert(format!(
                "{:?}, error {}: {}",
                refusal.kind, result.is_error, refusal.reason
            ));
        }
    }
    insta::assert_snapshot!(refusals.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_input_of_another_shape_stays_raw() {
    for input in [
        r#"{"wrong":true}"#,
        r#"["ls"]"#,
        r#""ls""#,
        "null",
        r#"{"cmd":5}"#,
    ] {
        let input = raw(input);
        assert_eq!(
            ToolInput::read(&ToolName::BASH, &input),
            ToolInput::Raw(&input)
        );
    }
}

#[test]
fn an_input_with_new_arguments_keeps_its_shape() {
    let input = raw(r#"{"command":"ls","workdir":"/a","sandbox":true}"#);
    let typed = ToolInput::read(&ToolName::SHELL_COMMAND, &input);
    assert_eq!(typed.shell_command(), Some("ls"));
    let ToolInput::ShellCommand(shell) = typed else {
        panic!("a shell command")
    };
    assert_eq!(shell.working_directory.as_deref(), Some("/a"));
    assert!(shell.extra.get("sandbox").is_some());
}

#[test]
fn a_name_of_an_mcp_tool_has_two_parts() {
    let name = ToolName::from("mcp__my_server__read__all");
    let parts = name.as_mcp().expect("an MCP tool");
    assert_eq!((parts.server, parts.tool), ("my_server", "read__all"));
    assert_eq!(ToolName::BASH.as_mcp(), None);
}

#[test]
fn a_negative_exit_code_is_read() {
    let result = ToolResultBlock::from_text("a", r#"{"output":"","exitCode":-1}"#);
    let ToolOutput::Shell(shell) = result.typed_output(&ToolName::BASH) else {
        panic!("a shell result");
    };
    assert_eq!(shell.exit_code.and_then(|code| code.as_i64()), Some(-1));
}

#[test]
fn a_failing_command_is_no_refusal() {
    let result = ToolResultBlock::from_text("a", r#"{"output":"Plugin error: x","exitCode":1}"#);
    assert_eq!(result.rejection(), None);
    let result = ToolResultBlock::from_text("a", "Plugin error: no");
    assert_eq!(
        result.rejection().map(|refusal| refusal.kind),
        Some(RejectionKind::PluginError)
    );
}

#[test]
fn recorded_lines_of_a_later_tool_stay_readable() {
    let line = br#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"a","name":"teleport","input":[1]}]}}"#;
    let Some(Event::Assistant(assistant)) = decode_line(line).into_event() else {
        panic!("an assistant message")
    };
    let call = assistant.message.tool_uses().next().expect("a call");
    assert!(matches!(call.typed_input(), ToolInput::Raw(_)));
}

#[test]
fn a_failing_command_is_told_from_a_failing_tool_a_refusal_and_a_cancelled_call() {
    let outcome = |text: &str, is_error| {
        let mut result = ToolResultBlock::from_text("a", text);
        result.is_error = is_error;
        match result.outcome() {
            ToolOutcome::Succeeded => "succeeded".to_owned(),
            ToolOutcome::ExitCode(code) => format!("exit code {code}"),
            ToolOutcome::Failed(words) => format!("failed: {words}"),
            ToolOutcome::Refused(refusal) => format!("refused: {}", refusal.reason),
            ToolOutcome::Cancelled(words) => format!("cancelled: {words}"),
            other => panic!("never met: {other:?}"),
        }
    };
    let table = [
        (r#"{"output":"","exitCode":0}"#, false, "succeeded"),
        (r#"{"output":"","exitCode":0}"#, true, "succeeded"),
        (r#"{"output":"","exitCode":2}"#, false, "exit code 2"),
        (r#"{"output":"","exitCode":-1}"#, false, "exit code -1"),
        (r#"{"output":"","running":true}"#, false, "succeeded"),
        (r#"{"output":"","exitCode":"2"}"#, false, "succeeded"),
        ("anything", false, "succeeded"),
        ("no such file", true, "failed: no such file"),
        ("Tool rejected by plugin: rule 1", false, "refused: rule 1"),
        (
            "Tool execution rejected by user: rule 1",
            true,
            "refused: rule 1",
        ),
        ("Plugin error: no", true, "refused: no"),
        (
            "Tool execution cancelled: SIGINT",
            true,
            "cancelled: SIGINT",
        ),
    ];
    for (text, is_error, expected) in table {
        assert_eq!(outcome(text, is_error), expected, "{text}");
    }
    assert_eq!(ToolResultBlock::new("a").outcome(), ToolOutcome::Succeeded);
}

#[test]
fn the_most_telling_argument_is_what_a_call_is_about() {
    let subject = |input: &str| ToolUseBlock::new("a", "tool", raw(input)).subject();
    let table = [
        (
            r#"{"workdir":"/tmp","command":"cargo test\n-p x"}"#,
            "cargo test\n-p x",
        ),
        (
            r#"{"description":"child job","prompt":"long"}"#,
            "child job",
        ),
        (r#"{"path":5,"query":"q"}"#, "q"),
        (r#"{"unheard":1}"#, r#"{"unheard":1}"#),
        ("{}", ""),
        ("[1]", ""),
        (
            r#"{"patchText":"*** Begin Patch\n*** Add File: a\n+x\n*** Update File: b\n"}"#,
            "a, b",
        ),
        (
            r#"{"input":"*** Add File: a"}"#,
            r#"{"input":"*** Add File: a"}"#,
        ),
    ];
    for (input, expected) in table {
        assert_eq!(subject(input), expected, "{input}");
    }
    let long = format!(r#"{{"query":"{}"}}"#, "é".repeat(401));
    assert_eq!(
        subject(&long),
        "é".repeat(ToolUseBlock::MAX_SUBJECT_CHARACTERS)
    );
}

#[test]
fn every_recorded_call_is_about_something_and_ended_somehow() {
    let told: BTreeSet<String> = answered_calls()
        .iter()
        .filter(|(call, _)| call.subject().chars().count() < 100)
        .map(|(call, result)| {
            let outcome = match result.outcome() {
                ToolOutcome::Refused(refusal) => format!("refused by {:?}", refusal.kind),
                ToolOutcome::Failed(_) => "failed".to_owned(),
                ToolOutcome::Cancelled(_) => "cancelled".to_owned(),
                outcome => format!("{outcome:?}"),
            };
            format!("{} {:?}: {outcome}", call.name, call.subject())
        })
        .collect();
    insta::assert_snapshot!(told.into_iter().collect::<Vec<_>>().join("\n"));
}
