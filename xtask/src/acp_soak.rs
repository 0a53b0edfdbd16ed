//! `cargo xtask acp-soak`: an editor that reads nothing for a minute, while an agent writes more than
//! every pipe and queue holds.
//!
//! Another agent writes long lines instead of many. Four other sessions of the same `ampctl acp` have
//! turns of their own meanwhile, and end them: one works, one asks a question that is refused at its
//! deadline, one is stopped because its agent says nothing, and one begins while nothing is read. Then
//! the editor reads, and misses nothing.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::acp_editor::{Bridge, INIT, environment, stamp};
use crate::built_ampctl::BuiltAmpctl;

/// How much more memory `ampctl acp` may have had at any time than before the floods, in MiB: 8 of
/// each session that writes too much, and what is on its way.
const MEMORY_LIMIT: f64 = 32.0;

/// Ends of the deadlines, which are within the time in which nothing is read.
const DEADLINES: [&str; 4] = ["--question-timeout", "5s", "--idle-timeout", "15s"];

/// How many long lines there are, and how long each is; together they would be too much.
const LONG_LINES: usize = 1000;
const LENGTH: usize = 100_000;

/// How often the session writes that works; each line waits for the editor.
const STEPS: usize = 30;

/// How long to read nothing, and of how much.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Read nothing for this many seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(30..))]
    seconds: u64,
    /// Let the flood have this many lines
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    lines: usize,
    #[command(flatten)]
    ampctl: BuiltAmpctl,
}

/// A session, and what its agent does.
struct Part {
    name: &'static str,
    session: String,
    /// The id of its prompt.
    prompt: u64,
    /// How many messages of its agent the editor has read.
    messages: usize,
    /// The times among them, in their order.
    times: Vec<u128>,
    /// The statuses of its call.
    statuses: Vec<String>,
    answer: Value,
}

/// Reads nothing for a while, then everything.
///
/// # Errors
/// When memory grows, a session waits for another one, or something is missing.
pub fn run(options: &Options) -> Result<()> {
    let ampctl = options.ampctl.path()?;
    let home = tempfile::tempdir()?;
    let mut bridge = begin(&ampctl, home.path())?;
    let success = r#"out {"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done."}"#;
    let content = json!([{"type": "text", "text": "x".repeat(LENGTH)}]);
    let message = json!({"role": "assistant", "content": content});
    let long = json!({"type": "assistant", "parent_tool_use_id": null, "message": message});
    let scripts = [
        (
            "flood",
            format!(
                "repeat {} stamp 0ms; touch written; {success}",
                options.lines
            ),
        ),
        (
            "long",
            format!("repeat {LONG_LINES} out {long}; touch written; {success}"),
        ),
        ("working", format!("repeat {STEPS} stamp 500ms; {success}")),
        (
            "asking",
            format!(r#"call shell_command {{"command":"ls"}} {{ touch ran }}; {success}"#),
        ),
        ("silent", "hang".to_owned()),
        ("late", format!("stamp 0ms; {success}")),
    ];
    let mut parts = Vec::new();
    for (name, script) in &scripts {
        let folder = home.path().join(name);
        fs::create_dir(&folder)?;
        fs::write(folder.join("script"), format!("{INIT}; {script}"))?;
        parts.push(Part {
            name,
            session: bridge.new_session(&folder)?,
            prompt: 0,
            messages: 0,
            times: Vec::new(),
            statuses: Vec::new(),
            answer: Value::Null,
        });
    }
    let before = bridge.agent.memory()?;
    let (late, early) = parts.split_last_mut().context("no session")?;
    for part in early {
        part.prompt = bridge.prompt(&part.session)?;
    }
    let half = Duration::from_secs(options.seconds) / 2;
    sleep(half);
    late.prompt = bridge.prompt(&late.session)?;
    sleep(half);

    let unread = bridge.agent.memory()?;
    crate::say(format!(
        "nothing was read for {} s: at most {unread:.1} MiB, {before:.1} MiB before",
        options.seconds
    ));
    ensure!(
        unread <= before + MEMORY_LIMIT,
        "it should be at most {MEMORY_LIMIT} MiB more"
    );
    for name in ["flood", "long"] {
        ensure!(
            !home.path().join(name).join("written").exists(),
            "{name}: it was too little to stop anybody"
        );
    }
    for part in &parts {
        let end = end_of(home.path(), &part.session);
        crate::say(format!(
            "{}: {}",
            part.name,
            end.as_deref().unwrap_or("goes on")
        ));
        let expected = match part.name {
            "flood" | "long" => None,
            "silent" => Some("timed_out"),
            _ => Some("completed"),
        };
        ensure!(end.as_deref() == expected, "it should be {expected:?}");
    }

    let begun = Instant::now();
    read_all(&mut bridge, &mut parts)?;
    let took = begun.elapsed().as_secs_f64();
    let peak = bridge.agent.memory()?;
    crate::say(format!(
        "everything was read in {took:.1} s: at most {peak:.1} MiB"
    ));
    ensure!(
        peak <= before + MEMORY_LIMIT,
        "it should be at most {MEMORY_LIMIT} MiB more"
    );
    judge(&parts, options.lines)?;
    ensure!(
        !home.path().join("asking/ran").exists(),
        "a call ran that nobody allowed"
    );
    crate::say(format!(
        "{} lines came whole and in order, and {LONG_LINES} of {LENGTH} bytes",
        options.lines
    ));
    Ok(())
}

/// Starts `ampctl acp` with agents that each play the script in their folder.
fn begin(ampctl: &Path, home: &Path) -> Result<Bridge> {
    let amp = home.join("amp");
    let agent = fixtures::fake_agent().display();
    fixtures::write_script(
        &amp,
        &format!("#!/bin/sh\nFAKE_AGENT_SCRIPT=$(cat script 2>/dev/null) exec '{agent}' \"$@\"\n"),
    );
    Bridge::start(ampctl, &amp, &DEADLINES, &environment(home, ""))
}

/// Returns how the turn of a session has ended by its record.
fn end_of(home: &Path, session: &str) -> Option<String> {
    let sessions = PathBuf::from(".local/state/ampctl/sessions");
    let end = home
        .join(sessions)
        .join(session)
        .join("turns/0001/end.json");
    let end: Value = serde_json::from_slice(&fs::read(end).ok()?).ok()?;
    end["status"].as_str().map(str::to_owned)
}

/// Reads until every prompt has its answer.
fn read_all(bridge: &mut Bridge, parts: &mut [Part]) -> Result<()> {
    let mut by_session: HashMap<String, usize> = HashMap::new();
    for (place, part) in parts.iter().enumerate() {
        by_session.insert(part.session.clone(), place);
    }
    while parts.iter().any(|part| part.answer.is_null()) {
        let message = bridge.agent.next()?;
        if message.get("method").is_none() {
            let answered = parts.iter_mut().find(|part| message["id"] == part.prompt);
            answered.context("an answer that nobody asked for")?.answer = message;
            continue;
        }
        let session = message["params"]["sessionId"].as_str();
        let place = session.and_then(|session| by_session.get(session));
        let Some(part) = place.map(|place| &mut parts[*place]) else {
            continue;
        };
        ensure!(
            part.answer.is_null(),
            "{}: an update after the answer",
            part.name
        );
        let update = &message["params"]["update"];
        part.messages += usize::from(update["sessionUpdate"] == "agent_message_chunk");
        part.times.extend(stamp(&message));
        let status = update["status"].as_str();
        part.statuses.extend(status.map(str::to_owned));
    }
    Ok(())
}

fn judge(parts: &[Part], lines: usize) -> Result<()> {
    for part in parts {
        let expected = match part.name {
            "flood" => lines,
            "long" => LONG_LINES,
            "working" => STEPS,
            "late" => 1,
            _ => 0,
        };
        let (name, messages) = (part.name, part.messages);
        ensure!(
            messages == expected,
            "{name}: {messages} lines came of {expected}"
        );
        ensure!(part.times.is_sorted(), "{name}: the lines are out of order");
        let answer = &part.answer;
        match name {
            "silent" => {
                let kind = &answer["error"]["data"]["kind"];
                ensure!(*kind == "timed_out", "{name}: {answer}");
            }
            _ => ensure!(
                answer["result"] == json!({"stopReason": "end_turn"}),
                "{name}: {answer}"
            ),
        }
        let is_asking = name == "asking";
        let has_failed = part
            .statuses
            .last()
            .is_some_and(|status| status == "failed");
        ensure!(has_failed == is_asking, "{name}: {:?}", part.statuses);
    }
    Ok(())
}
