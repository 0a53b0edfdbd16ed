//! The result message: how a run ended.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess};
use serde::ser::{Serialize, Serializer};

use super::{SessionId, Usage};
use crate::content::ToolUseId;
use crate::count::Count;
use crate::open_string::open_string;
use crate::raw_json::RawJson;
use crate::tool::ToolName;
use crate::wire_object::{FromMap, wire_object};

wire_object! {
    /// How the run ended.
    pub struct ResultEvent tagged "result" {
        /// How it ended.
        "subtype" => subtype: required ResultSubtype,
        /// Wall time of the run, in milliseconds.
        "duration_ms" => duration_ms: optional Count,
        /// Tells that it failed.
        "is_error" => is_error: default bool,
        /// How many assistant messages there were.
        "num_turns" => num_turns: optional Count,
        /// The text of the last top-level assistant message.
        "result" => result: optional String,
        /// Why it failed.
        "error" => error: optional String,
        /// Declared by the SDKs and absent from every recording.
        "usage" => usage: optional Box<Usage>,
        /// Declared by the SDKs and absent from every recording, refusals included.
        "permission_denials" => permission_denials: optional Vec<PermissionDenial>,
        /// The thread.
        "session_id" => session_id: optional SessionId,
    }
}

impl ResultEvent {
    /// Tells whether the run did what was asked.
    ///
    /// Both `subtype` and `is_error` must say so: a subtype this crate does not know counts as
    /// failure only when `is_error` is set.
    #[must_use]
    pub fn is_success(&self) -> bool {
        !self.is_error
            && self.subtype != ResultSubtype::ERROR_DURING_EXECUTION
            && self.subtype != ResultSubtype::ERROR_MAX_TURNS
    }
}

open_string! {
    /// How a run ended.
    pub struct ResultSubtype {
        /// It did what was asked.
        SUCCESS = "success",
        /// It failed, was cancelled or was refused.
        ERROR_DURING_EXECUTION = "error_during_execution",
        /// It hit a turn limit; declared by the SDKs, never recorded.
        ERROR_MAX_TURNS = "error_max_turns",
    }
}

/// A tool call that was refused.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PermissionDenial {
    /// A sentence, as Amp's SDKs declare it.
    Text(String),
    /// The call itself, as related agents send it.
    Call(DeniedCall),
}

wire_object! {
    /// The call that was refused.
    pub struct DeniedCall {
        /// The tool.
        "tool_name" => tool_name: optional ToolName,
        /// The call's id.
        "tool_use_id" => tool_use_id: optional ToolUseId,
        /// The call's input.
        "tool_input" => tool_input: optional RawJson,
    }
}

impl<'de> Deserialize<'de> for PermissionDenial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DenialVisitor)
    }
}

struct DenialVisitor;

impl<'de> de::Visitor<'de> for DenialVisitor {
    type Value = PermissionDenial;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or an object")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<PermissionDenial, E> {
        Ok(PermissionDenial::Text(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PermissionDenial, A::Error> {
        DeniedCall::from_map(map, false).map(PermissionDenial::Call)
    }
}

impl Serialize for PermissionDenial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Call(call) => call.serialize(serializer),
        }
    }
}
