//! The blocks of a tool call: the request and its answer.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess};
use serde::ser::{Serialize, Serializer};

use super::ContentBlock;
use crate::open_string::open_string;
use crate::raw_json::RawJson;
use crate::tool::name::ToolName;
use crate::wire_object::wire_object;

open_string! {
    /// The id that joins a tool call with its result.
    ///
    /// The model's provider makes it: `toolu_…`, `call_…`, or `TU-…` since July 2026.
    pub struct ToolUseId {}
}

wire_object! {
    /// The model asks for a tool.
    pub struct ToolUseBlock tagged "tool_use" {
        /// The id its result will carry.
        "id" => id: required ToolUseId,
        /// The tool's name.
        "name" => name: required ToolName,
        /// The tool's input, kept as text until someone asks for it.
        "input" => input: required RawJson,
    }
}

wire_object! {
    /// What a tool answered.
    pub struct ToolResultBlock tagged "tool_result" {
        /// The id of the call it answers.
        "tool_use_id" => tool_use_id: required ToolUseId,
        /// The answer. In every recording it is a string, often with JSON inside.
        "content" => content: optional ToolResultContent,
        /// Tells that the tool failed.
        ///
        /// A shell command that ends with a non-zero code is not a failure here, and since July
        /// 2026 neither is a rejected call.
        "is_error" => is_error: default bool,
    }
}

impl ToolResultBlock {
    /// Makes a tool's answer from text.
    #[must_use]
    pub fn from_text(tool_use_id: impl Into<ToolUseId>, text: impl Into<String>) -> Self {
        let mut result = Self::new(tool_use_id);
        result.content = Some(ToolResultContent::Text(text.into()));
        result
    }

    /// Returns the answer when it is a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Some(ToolResultContent::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// The content of a tool's answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ToolResultContent {
    /// A string, as in every recording.
    Text(String),
    /// Blocks, as the provider's own format allows.
    Blocks(Vec<ContentBlock>),
}

impl<'de> Deserialize<'de> for ToolResultContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> de::Visitor<'de> for ContentVisitor {
    type Value = ToolResultContent;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or an array of content blocks")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<ToolResultContent, E> {
        Ok(ToolResultContent::Text(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<ToolResultContent, E> {
        Ok(ToolResultContent::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut blocks: A) -> Result<ToolResultContent, A::Error> {
        let mut content = Vec::new();
        while let Some(block) = blocks.next_element()? {
            content.push(block);
        }
        Ok(ToolResultContent::Blocks(content))
    }
}

impl Serialize for ToolResultContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Blocks(blocks) => blocks.serialize(serializer),
        }
    }
}
