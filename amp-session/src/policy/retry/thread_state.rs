//! What a thread holds, from Amp's own export of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// How results of tools end, by `run.status` (exports of 2026-01-25 to 2026-09-23); another status
/// is one of a call that may still do something.
const ENDS: [&str; 4] = ["done", "error", "cancelled", "rejected-by-user"];

/// What a thread holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ThreadState {
    /// What users wrote, each behind how many messages of the model.
    texts: Vec<(usize, String)>,
    /// The messages of the model.
    answers: usize,
    /// The tool calls by their ids, and whether they have come to an end.
    pub(super) calls: BTreeMap<String, bool>,
    /// The last message is an answer that calls no tool and is complete.
    pub(super) is_answered: bool,
    /// The last message is an answer that is not complete.
    pub(super) is_streaming: bool,
}

impl ThreadState {
    /// Reads an export; `None` for what is none.
    pub(crate) fn of(export: &Value) -> Option<Self> {
        let mut state = Self::default();
        for message in export["messages"].as_array()? {
            state.add(message)?;
        }
        Some(state)
    }

    fn add(&mut self, message: &Value) -> Option<()> {
        let blocks = message["content"].as_array()?;
        let of_type = |name: &'static str| blocks.iter().filter(move |it| it["type"] == name);
        match message["role"].as_str()? {
            "user" => {
                for result in of_type("tool_result") {
                    let id = result["toolUseID"].as_str()?;
                    let status = result["run"]["status"].as_str().unwrap_or_default();
                    self.calls.insert(id.to_owned(), ENDS.contains(&status));
                }
                let texts = of_type("text").filter_map(|block| block["text"].as_str());
                let text = one_line(&texts.collect::<Vec<_>>().join(" "));
                if !text.is_empty() {
                    self.texts.push((self.answers, text));
                }
                (self.is_answered, self.is_streaming) = (false, false);
            }
            "assistant" => {
                self.answers += 1;
                for call in of_type("tool_use") {
                    self.calls
                        .entry(call["id"].as_str()?.to_owned())
                        .or_default();
                }
                let state = message["state"]["type"].as_str();
                let calls = of_type("tool_use").next().is_some();
                self.is_answered = state == Some("complete") && !calls;
                self.is_streaming = !matches!(state, Some("complete" | "cancelled" | "error"));
            }
            // A note of the service.
            _ => {}
        }
        Some(())
    }

    /// Tells whether nothing is in the thread.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.answers == 0
    }

    /// Returns what a user wrote last, in one line.
    pub(super) fn last_text(&self) -> Option<&str> {
        self.texts.last().map(|(_, text)| text.as_str())
    }

    /// Tells whether a user wrote this text, which is [one line](one_line).
    pub(super) fn has_text(&self, text: &str) -> bool {
        self.texts.iter().any(|(_, one)| one == text)
    }

    /// Returns how many messages of the model followed the last text like this.
    pub(super) fn answers_to(&self, text: &str) -> usize {
        let asked = self.texts.iter().rev().find(|(_, one)| one == text);
        asked.map_or(self.answers, |(before, _)| self.answers - before)
    }
}

/// Returns a text with each run of blanks as one.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
