//! The page about events has every event with its fields.

use std::collections::BTreeSet;

use super::*;

/// One of each event.
fn all() -> Vec<Event<'static>> {
    let (turn, id, tool, about) = (1, "", "", String::new);
    let all = vec![
        Event::RunBegan {
            amp_version: "",
            folder: about(),
            session: None,
            thread: None,
        },
        Event::TurnBegan { turn },
        Event::ToolBegan {
            turn,
            id,
            tool,
            about: about(),
            parent: None,
        },
        Event::ToolEnded {
            turn,
            id,
            tool,
            end: "",
            exit_code: None,
            duration_ms: 0,
        },
        Event::QuestionAsked {
            turn,
            question: 1,
            tool,
            about: about(),
        },
        Event::QuestionAnswered {
            turn,
            question: 1,
            tool,
            about: about(),
            allowed: true,
            by: DecidedBy::Host,
            reason: None,
        },
        Event::SandboxDenied {
            turn,
            what: about(),
            allow: None,
        },
        Event::CapNear {
            turn,
            cap: Cap::Tokens,
            used: 0,
            limit: 0,
        },
        Event::AnswerUnfit {
            turn,
            complaints: &[],
        },
        Event::CheckBegan { turn, command: "" },
        Event::CheckEnded {
            turn,
            command: "",
            passed: true,
            end: "",
        },
        Event::TurnEnded {
            turn,
            outcome: "",
            reason: None,
            message: None,
            thread: None,
            usage: UsageTotals::default(),
            tool_calls: 0,
            refused_tools: 0,
            duration_ms: 0,
        },
        Event::RetryWaits {
            turn,
            why: "",
            attempt: 2,
            most: None,
            wait_ms: 0,
        },
        Event::RunEnded {
            exit_code: 0,
            kind: "",
            error: None,
        },
    ];
    // Whoever adds one adds it above.
    for event in &all {
        match event {
            Event::RunBegan { .. } | Event::TurnBegan { .. } | Event::ToolBegan { .. } => {}
            Event::ToolEnded { .. } | Event::QuestionAsked { .. } => {}
            Event::QuestionAnswered { .. } | Event::SandboxDenied { .. } => {}
            Event::CapNear { .. } | Event::AnswerUnfit { .. } | Event::CheckBegan { .. } => {}
            Event::CheckEnded { .. } | Event::TurnEnded { .. } => {}
            Event::RetryWaits { .. } | Event::RunEnded { .. } => {}
        }
    }
    all
}

/// Returns what stands between backticks, without what explains it.
fn names(cell: &str) -> BTreeSet<String> {
    let mut plain = String::new();
    let mut depth = 0;
    for character in cell.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            character if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_page_has_a_row_for_each_event_with_its_fields() {
    let page = include_str!("../../../docs/events.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let documented: Vec<(String, BTreeSet<String>)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            (
                cells[1].trim().trim_matches('`').to_owned(),
                names(cells[3]),
            )
        })
        .collect();
    let written: Vec<(String, BTreeSet<String>)> = all()
        .iter()
        .map(|event| {
            let value = serde_json::to_value(event).expect("an event");
            let fields = value.as_object().expect("an object");
            let names = fields.keys().filter(|name| *name != "event").cloned();
            let kind = fields["event"].as_str().expect("a name").to_owned();
            (kind, names.collect())
        })
        .collect();
    assert_eq!(documented, written);
}
