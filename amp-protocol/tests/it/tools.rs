//! What tools were asked and what they answered, in every recording.

use std::collections::{BTreeMap, BTreeSet};

use amp_protocol::tool::{RejectionKind, ToolInput, ToolName, ToolOutput};
use amp_protocol::transcript::Transcript;
use amp_protocol::{Decoded, RawJson, ToolResultBlock, decode_line};

fn transcripts() -> impl Iterator<Item = Transcript> {
    fixtures::recordings().into_iter().map(|recording| {
        let lines = recording.lines().expect("the recording can be read");
        lines
            .iter()
            .filter_map(|line| decode_line(line).into_event())
            .collect()
    })
}

/// Reads an input given as JSON text.
fn raw(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).expect("JSON")
}

#[test]
fn recorded_inputs_have_their_known_shape() {
    let mut shapes: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for transcript in transcripts() {
        for call in transcript.calls() {
            let raw = matches!(call.request.typed_input(), ToolInput::Raw(_));
            shapes
                .entry(call.request.name.to_string())
                .or_default()
                .insert(raw);
        }
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
    for transcript in transcripts() {
        for call in transcript.calls() {
            let Some(output) = call.output() else {
                continue;
            };
            let shape = match output {
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
            let failed = call.result.as_ref().is_some_and(|result| result.is_error);
            let failed = if failed { ", an error" } else { "" };
            shapes.insert(format!("{}: {shape}{failed}", call.request.name));
        }
    }
    insta::assert_snapshot!(shapes.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn recorded_refusals_are_recognised() {
    let mut refusals = BTreeSet::new();
    for transcript in transcripts() {
        for call in transcript.calls() {
            if let Some(result) = &call.result
                && let Some(refusal) = result.rejection()
            {
                refusals.insert(format!(
                    "{:?}, error {}: {}",
                    refusal.kind, result.is_error, refusal.reason
                ));
            }
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
    let Decoded::Event(event) = decode_line(line) else {
        panic!("an event")
    };
    let transcript: Transcript = [event].into_iter().collect();
    assert!(matches!(
        transcript.calls()[0].request.typed_input(),
        ToolInput::Raw(_)
    ));
}
