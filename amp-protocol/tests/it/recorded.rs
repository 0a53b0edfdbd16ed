//! One snapshot per recording: what became of each line.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use amp_protocol::{
    ContentBlock, Decoded, Event, ResultEvent, SystemEvent, ToolResultContent, Usage, decode_line,
};

/// The most a snapshot shows of one text, in characters.
const SHOWN: usize = 160;

#[test]
fn every_recording_reads_as_it_did() {
    let recordings = fixtures::recordings();
    assert!(
        recordings.len() > 200,
        "only {} recordings",
        recordings.len()
    );
    for recording in recordings {
        let mut summary = String::new();
        for line in recording.lines().expect("the recording can be read") {
            summary.push_str(&describe(&decode_line(&line)));
            summary.push('\n');
        }
        insta::with_settings!({
            snapshot_path => format!("snapshots/{}", recording.version),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(recording.scenario.as_str(), summary);
        });
    }
}

#[test]
fn no_snapshot_outlives_its_recording() {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    for version in fixtures::versions() {
        for entry in fs::read_dir(snapshots.join(&version)).expect("each version has a folder") {
            let name = entry.expect("the folder can be listed").file_name();
            let name = name.to_string_lossy();
            let scenario = name.split('.').next().unwrap_or_default();
            let recording = fixtures::recording(&version, scenario);
            assert!(recording.is_ok(), "remove snapshots/{version}/{name}");
        }
    }
}

/// The recordings whose lines are not all messages, for the reason that follows.
const NOT_ONLY_MESSAGES: [(&str, &str); 3] = [
    ("no-api-key", "the login flow writes text"),
    ("plain-text-output", "run without --stream-json"),
    ("version", "run with --version"),
];

#[test]
fn only_recordings_of_other_output_have_malformed_lines() {
    for recording in fixtures::recordings() {
        let expected = NOT_ONLY_MESSAGES
            .iter()
            .any(|(scenario, _)| recording.scenario == *scenario);
        let lines = recording.lines().expect("the recording can be read");
        let odd: Vec<Decoded> = lines
            .iter()
            .map(|line| decode_line(line))
            .filter(|decoded| {
                !matches!(decoded, Decoded::Event(_)) || !decoded.repairs().is_empty()
            })
            .collect();
        let name = format!("{}/{}", recording.version, recording.scenario);
        assert_eq!(!odd.is_empty(), expected, "{name}: {odd:?}");
    }
}

fn describe(decoded: &Decoded) -> String {
    match decoded {
        Decoded::Event(Event::System(event)) => describe_system(event),
        Decoded::Event(Event::User(event)) => {
            format!("user{}", describe_blocks(&event.message.content))
        }
        Decoded::Event(Event::Assistant(event)) => {
            let message = &event.message;
            let mut text = String::from("assistant");
            if let Some(parent) = &event.parent_tool_use_id {
                write!(text, " below {parent}").expect("a string takes all");
            }
            let stop_reason = message
                .stop_reason
                .as_ref()
                .map_or("-", |reason| reason.as_str());
            let usage = message
                .usage
                .as_deref()
                .map_or_else(|| "-".to_owned(), describe_usage);
            write!(text, " stop {stop_reason} usage {usage}").expect("a string takes all");
            text + &describe_blocks(&message.content)
        }
        Decoded::Event(Event::Result(event)) => describe_result(event),
        Decoded::Event(other) => format!("{other:?}"),
        Decoded::Unrecognised(unrecognised) => format!("unrecognised {}", unrecognised.event_type),
        Decoded::Malformed(malformed) => {
            format!(
                "malformed {}: {malformed}: {}",
                malformed.kind,
                shorten(&malformed.excerpt())
            )
        }
    }
}

fn describe_system(event: &SystemEvent) -> String {
    let servers: Vec<String> = event
        .mcp_servers
        .iter()
        .map(|server| format!("{} {}", server.name, server.status))
        .collect();
    format!(
        "system {} mode {} effort {} tools {} servers [{}]",
        event.subtype,
        event.agent_mode.as_ref().map_or("-", |mode| mode.as_str()),
        event
            .reasoning_effort
            .as_ref()
            .map_or("-", |effort| effort.as_str()),
        event.tools.len(),
        servers.join(", "),
    )
}

fn describe_result(event: &ResultEvent) -> String {
    let text = event
        .result
        .as_deref()
        .or(event.error.as_deref())
        .unwrap_or("-");
    format!(
        "result {} error {} turns {}: {}",
        event.subtype,
        event.is_error,
        event
            .num_turns
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string),
        shorten(text),
    )
}

fn describe_usage(usage: &Usage) -> String {
    let counts = [
        &usage.input_tokens,
        &usage.cache_creation_input_tokens,
        &usage.cache_read_input_tokens,
        &usage.output_tokens,
        &usage.max_tokens,
    ];
    let counts = counts.map(|count| {
        count
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string)
    });
    counts.join("/")
}

fn describe_blocks(blocks: &[ContentBlock]) -> String {
    blocks
        .iter()
        .map(|block| format!("\n  {}", describe_block(block)))
        .collect()
}

fn describe_block(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(block) => format!("text {}", shorten(&block.text)),
        ContentBlock::Thinking(block) => format!("thinking {}", shorten(&block.thinking)),
        ContentBlock::RedactedThinking(block) => format!("redacted_thinking {}", block.data),
        ContentBlock::ToolUse(block) => {
            format!("tool_use {} {}", block.name, shorten(block.input.as_str()))
        }
        ContentBlock::ToolResult(block) => {
            let content = match &block.content {
                Some(ToolResultContent::Text(text)) => shorten(text),
                other => format!("{other:?}"),
            };
            format!("tool_result error {} {content}", block.is_error)
        }
        other => format!("{} {other:?}", other.block_type()),
    }
}

/// Shortens a text in the one place where snapshots do so.
fn shorten(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    let hidden = text.len() - shown.len();
    if hidden == 0 {
        format!("{shown:?}")
    } else {
        format!("{shown:?} and {hidden} bytes more")
    }
}
