//! A thread that Amp has exported, as a record: what it holds is written as the lines of the stream
//! that a run would have had, so that whatever shows records shows threads.
//!
//! An export has messages with blocks like those of the stream; results of tools have another shape
//! (`toolUseID` and `run`), and token counts other names. Exports of 2026-02-10 to 2026-09-23 were
//! read.

use std::path::PathBuf;

use amp_protocol::decode_line;
use amp_protocol::progress::Progress;
use serde_json::{Value, json};

use super::files::{self, END, EVENTS, START, STDERR, TURNS};
use super::{
    Ledger, NewSession, SessionMetadata, SessionRecord, Totals, TurnEnd, TurnStart, ledger_error,
};
use crate::error::Error;
use crate::file_address::path_of_address;
use crate::outcome::Status;
use crate::thread_id::ThreadId;

impl Ledger {
    /// Makes a record of a thread that [`Amp::export_thread`](crate::Amp::export_thread) returned,
    /// a turn for each prompt.
    ///
    /// How long its turns took is not in an export.
    ///
    /// # Errors
    ///
    /// Fails when it is no export of a thread, or the record cannot be written.
    pub fn import(&self, thread: &Value) -> Result<SessionRecord, Error> {
        let not_a_thread = || Error::InvalidThread {
            text: thread["id"]
                .as_str()
                .unwrap_or("an export without an id")
                .to_owned(),
        };
        let id: ThreadId = thread["id"].as_str().ok_or_else(not_a_thread)?.parse()?;
        let messages = thread["messages"].as_array().ok_or_else(not_a_thread)?;
        let begun = thread["created"].as_u64().unwrap_or(0);
        let mut session = NewSession::new();
        session.mode = thread["agentMode"].as_str().map(str::to_owned);
        session.working_directory = folder(thread);
        let record = self.create(session)?;
        let mut totals = Totals::default();
        let mut used = begun;
        for (index, messages) in turns(messages).into_iter().enumerate() {
            let turn = record
                .folder()
                .join(TURNS)
                .join(format!("{:04}", index + 1));
            files::create_folder(&turn).map_err(ledger_error("create", &turn))?;
            let lines = lines(&id, thread, messages);
            let events = turn.join(EVENTS);
            std::fs::write(&events, lines.concat()).map_err(ledger_error("write", &events))?;
            let stderr = turn.join(STDERR);
            std::fs::write(&stderr, "").map_err(ledger_error("write", &stderr))?;
            let moments = messages.iter().filter_map(moment);
            used = moments.max().unwrap_or(used).max(used);
            let start = TurnStart {
                started_at: messages.first().and_then(moment).unwrap_or(used),
                amp_version: String::new(),
                prompt: messages.first().map(prompt),
                retry: None,
            };
            files::write(&turn.join(START), &start)?;
            let of_turn = count(&lines);
            totals.add(&of_turn);
            let end = TurnEnd {
                ended_at: used,
                status: Status::Completed,
                failure: None,
                wall_time: 0,
                exit: None,
                redacted_lines: 0,
                totals: Some(of_turn),
                sandbox: None,
            };
            files::write(&turn.join(END), &end)?;
        }
        let metadata = SessionMetadata::update(record.folder(), |metadata| {
            metadata.created_at = begun;
            metadata.updated_at = used;
            metadata.title = thread["title"].as_str().map(str::to_owned);
            metadata.thread = Some(id);
            metadata.last_status = Some(Status::Completed);
            metadata.totals = totals;
        })?;
        Ok(SessionRecord::new(record.folder().to_owned(), metadata))
    }
}

/// Returns the folder that a thread began in; builds with server-side threads do not tell it.
fn folder(thread: &Value) -> Option<PathBuf> {
    let tree = thread["env"]["initial"]["trees"][0]["uri"].as_str()?;
    path_of_address(tree).map(PathBuf::from)
}

/// Parts messages into turns: each begins with what a person wrote, but for what has reached a turn
/// that ran, which comes behind the answers of its tools.
fn turns(messages: &[Value]) -> Vec<&[Value]> {
    let begins = |index: &usize| {
        let message = &messages[*index];
        let before = index.checked_sub(1).map(|before| &messages[before]);
        let is_prompt = message["role"] == "user" && !prompt(message).is_empty();
        is_prompt && !before.is_some_and(has_tool_result)
    };
    let mut starts: Vec<usize> = (0..messages.len()).filter(begins).collect();
    if starts.first() != Some(&0) && !messages.is_empty() {
        starts.insert(0, 0);
    }
    let ends = starts.iter().skip(1).copied().chain([messages.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &messages[*start..end])
        .collect()
}

fn has_tool_result(message: &Value) -> bool {
    let blocks = message["content"].as_array();
    let mut blocks = blocks.into_iter().flatten();
    blocks.any(|block| block["type"] == "tool_result")
}

/// Returns what a person wrote in a message.
fn prompt(message: &Value) -> String {
    let blocks = message["content"].as_array().into_iter().flatten();
    let texts = blocks.filter(|block| block["type"] == "text");
    let texts: Vec<&str> = texts.filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}

/// Returns when a message was sent, in milliseconds since the UNIX epoch, where it says so.
fn moment(message: &Value) -> Option<u64> {
    message["meta"]["sentAt"].as_u64()
}

/// Writes the messages of a turn as lines of the stream.
fn lines(id: &ThreadId, thread: &Value, messages: &[Value]) -> Vec<String> {
    let folder = folder(thread);
    let init = json!({"type": "system", "subtype": "init", "session_id": id,
        "cwd": folder, "agent_mode": thread["agentMode"], "tools": [], "mcp_servers": []});
    let mut events = vec![init];
    events.extend(messages.iter().filter_map(|message| event(id, message)));
    let last = messages
        .iter()
        .rfind(|message| message["role"] == "assistant");
    let answer = last.map(prompt).unwrap_or_default();
    events.push(
        json!({"type": "result", "subtype": "success", "is_error": false,
        "num_turns": messages.len(), "result": answer, "session_id": id, "duration_ms": 0}),
    );
    events.iter().map(|event| format!("{event}\n")).collect()
}

fn event(id: &ThreadId, message: &Value) -> Option<Value> {
    let role = message["role"].as_str()?;
    let blocks = message["content"].as_array().into_iter().flatten();
    let content: Vec<Value> = blocks.map(block).collect();
    let mut inner = json!({"type": "message", "role": role, "content": content});
    if let Some(usage) = message["usage"].as_object() {
        let count = |name: &str| usage.get(name).cloned().unwrap_or_default();
        inner["usage"] = json!({
            "input_tokens": count("inputTokens"),
            "output_tokens": count("outputTokens"),
            "cache_creation_input_tokens": count("cacheCreationInputTokens"),
            "cache_read_input_tokens": count("cacheReadInputTokens"),
            "max_tokens": count("maxInputTokens"),
        });
        inner["model"] = count("model");
        inner["stop_reason"] = message["state"]["stopReason"].clone();
    }
    Some(json!({"type": role, "message": inner, "session_id": id, "parent_tool_use_id": null}))
}

/// Returns a block as the stream has it.
fn block(block: &Value) -> Value {
    match block["type"].as_str() {
        Some("tool_use") => json!({"type": "tool_use", "id": block["id"],
            "name": block["name"], "input": block["input"]}),
        Some("tool_result") => {
            let run = &block["run"];
            let said = [&run["error"]["message"], &run["error"], &run["result"]];
            let said = said.into_iter().find(|said| !said.is_null());
            let text = match (said, run["status"].as_str(), run["reason"].as_str()) {
                (Some(Value::String(text)), ..) => text.clone(),
                (Some(value), ..) => value.to_string(),
                // As the stream says it (build of 2026-05-04, of a prompt that came meanwhile).
                (None, Some("cancelled"), Some(reason)) => {
                    format!("Tool execution cancelled: {reason}")
                }
                (None, status, _) => status.unwrap_or_default().to_owned(),
            };
            json!({"type": "tool_result", "tool_use_id": block["toolUseID"], "content": text,
                "is_error": run["status"] != "done"})
        }
        Some("text") => json!({"type": "text", "text": block["text"]}),
        _ => block.clone(),
    }
}

fn count(lines: &[String]) -> Totals {
    let mut progress = Progress::new();
    for line in lines {
        if let amp_protocol::Decoded::Event(event) = decode_line(line.trim_end().as_bytes()) {
            progress.observe(&event);
        }
    }
    Totals {
        turns: 1,
        usage: progress.usage(),
        tool_calls: progress.tool_calls(),
        refused_calls: progress.refused_calls(),
        wall_time: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the build of 2026-05-04 exports of a prompt that came while a tool ran.
    fn steered() -> Value {
        let text = |role: &str, text: &str| json!({"role": role, "content": [{"type": "text", "text": text}]});
        let call =
            json!({"type": "tool_use", "id": "a", "name": "Bash", "input": {"cmd": "sleep 3"}});
        let run = json!({"status": "cancelled", "reason": "user:interrupted"});
        let result = json!({"type": "tool_result", "toolUseID": "a", "run": run});
        json!({"id": "T-00000000-0000-7000-8000-000000000001", "created": 1, "messages": [
            text("user", "first"),
            {"role": "assistant", "content": [call], "state": {"stopReason": "tool_use"}},
            {"role": "user", "content": [result]},
            text("user", "second"),
            text("assistant", "Both are done."),
            text("user", "third"),
            text("assistant", "That too."),
        ]})
    }

    #[test]
    fn a_prompt_that_has_reached_a_running_turn_belongs_to_that_turn() {
        let folder = tempfile::tempdir().unwrap();
        let record = Ledger::new(folder.path()).import(&steered()).unwrap();
        let turns = record.turns().unwrap().into_iter();
        let turns: Vec<_> = turns
            .map(|turn| {
                let prompt = turn.start().unwrap().unwrap().prompt.unwrap();
                (prompt, turn.answer().unwrap().unwrap())
            })
            .collect();
        let own = |prompt: &str, answer: &str| (prompt.to_owned(), answer.to_owned());
        assert_eq!(
            turns,
            [own("first", "Both are done."), own("third", "That too.")]
        );
    }

    #[test]
    fn a_call_that_was_cancelled_says_so_as_in_the_stream() {
        let thread = steered();
        let messages = thread["messages"].as_array().unwrap();
        let id = "T-00000000-0000-7000-8000-000000000001".parse().unwrap();
        let lines = lines(&id, &thread, &messages[..3]).concat();
        assert!(
            lines.contains("Tool execution cancelled: user:interrupted"),
            "{lines}"
        );
    }
}
