//! What a client has seen of a prompt.

use agent_client_protocol::v1::schema::{
    RequestPermissionRequest, SessionUpdate, ToolCallContent, ToolCallStatus,
};
use fixtures::backend::{Entry, PICTURE};
use serde::Deserialize;

use crate::control::place::Place;

/// The files that the model may want to write.
const FILES: [&str; 3] = ["new.txt", "trace", "second"];

/// What a client has seen of a prompt.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Seen {
    /// The reason to stop, in the protocol's word, or why there is none.
    pub(super) end: String,
    pub(super) questions: Vec<RequestPermissionRequest>,
    pub(super) updates: Vec<SessionUpdate>,
}

impl Seen {
    /// Says how the turn ended, what was asked, what has run, and how the calls ended.
    pub(super) fn in_words(&self, place: &Place) -> String {
        let is_diff = |content: &ToolCallContent| matches!(content, ToolCallContent::Diff(_));
        let has_diff = self.questions.iter().any(|question| {
            let content = question.tool_call.fields.content.as_deref();
            content.unwrap_or_default().iter().any(is_diff)
        });
        let diff = if has_diff { ", with a diff" } else { "" };
        let there = FILES.into_iter();
        let there = there.filter(|name| place.path("project").join(name).exists());
        let there: Vec<&str> = there.collect();
        let there = match there.is_empty() {
            true => "nothing".to_owned(),
            false => there.join(", "),
        };
        let (end, asked) = (&self.end, self.questions.len());
        let calls = self.ends_of_calls().join(", ");
        let calls = match calls.is_empty() {
            true => calls,
            false => format!("; calls {calls}"),
        };
        format!("{end}; asked {asked}{diff}; {there}{calls}")
    }

    /// Tells whether a text was shown as what a call has come to.
    pub(super) fn shows(&self, text: &str) -> bool {
        self.updates.iter().any(|update| match update {
            SessionUpdate::ToolCallUpdate(update) => {
                format!("{:?}", update.fields.content).contains(text)
            }
            _ => false,
        })
    }

    /// Returns the status that each call was left with, sorted.
    fn ends_of_calls(&self) -> Vec<String> {
        let mut calls: Vec<(&str, ToolCallStatus)> = Vec::new();
        for update in &self.updates {
            match update {
                SessionUpdate::ToolCall(call) => calls.push((&call.tool_call_id.0, call.status)),
                SessionUpdate::ToolCallUpdate(update) => {
                    let id = &*update.tool_call_id.0;
                    let known = calls.iter_mut().find(|(known, _)| *known == id);
                    if let (Some((_, status)), Some(now)) = (known, update.fields.status) {
                        *status = now;
                    }
                }
                _ => {}
            }
        }
        let ends = calls.iter().map(|(_, status)| in_word(status));
        let mut ends: Vec<String> = ends.collect();
        ends.sort();
        ends
    }
}

/// Writes a value as the protocol does, which is one word.
pub(super) fn in_word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => format!("{other:?}"),
    }
}

/// Tells whether the model was shown a picture.
pub(super) fn was_shown_a_picture(place: &Place) -> bool {
    let is_picture = |entry: &Entry| match entry {
        Entry::Asked(texts) => texts.iter().any(|text| text == PICTURE),
        _ => false,
    };
    place.backend().journal().iter().any(is_picture)
}

/// Counts the prompts among what a client is told.
pub(super) fn prompts(updates: &[SessionUpdate]) -> usize {
    let is_prompt = |update: &&SessionUpdate| matches!(update, SessionUpdate::UserMessageChunk(_));
    updates.iter().filter(is_prompt).count()
}
