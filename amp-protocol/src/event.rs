//! Events: the messages of the stream.

mod assistant;
mod result;
mod system;
mod usage;
mod user;

pub use assistant::{AssistantEvent, AssistantMessage, MessageType, StopReason};
pub use result::{DeniedCall, PermissionDenial, ResultEvent, ResultSubtype};
pub use system::{McpServerState, McpStatus, SystemEvent, SystemSubtype};
pub use usage::{ServiceTier, Usage};
pub use user::{Role, UserEvent, UserMessage};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess};
use serde::ser::{Serialize, Serializer};

use crate::content::ToolUseId;
use crate::extra::Extra;
use crate::open_string::open_string;
use crate::repair::Repairs;
use crate::tagged::{Tagged, from_variants};
use crate::wire_object::FromMap;

open_string! {
    /// The id of a thread: `T-` and a lower-case UUID.
    ///
    /// It stays the same for a whole run and is what `amp threads continue` takes.
    pub struct SessionId {}
}

/// One message of the stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// How the run is set up; the first line of every recording.
    System(SystemEvent),
    /// What the user said, or what tools answered.
    User(UserEvent),
    /// What the model said, or which tools it asks for.
    Assistant(AssistantEvent),
    /// How the run ended; at most one, and the last line of every recording that has it.
    Result(ResultEvent),
}

impl Event {
    /// Returns the value of the message's `type` field.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::System(_) => SystemEvent::TYPE,
            Self::User(_) => UserEvent::TYPE,
            Self::Assistant(_) => AssistantEvent::TYPE,
            Self::Result(_) => ResultEvent::TYPE,
        }
    }

    /// Returns the thread the message belongs to.
    #[must_use]
    pub fn session_id(&self) -> Option<&SessionId> {
        match self {
            Self::System(event) => event.session_id.as_ref(),
            Self::User(event) => event.session_id.as_ref(),
            Self::Assistant(event) => event.session_id.as_ref(),
            Self::Result(event) => event.session_id.as_ref(),
        }
    }

    /// Returns the tool call under which a subagent sent the message.
    #[must_use]
    pub fn parent_tool_use_id(&self) -> Option<&ToolUseId> {
        match self {
            Self::User(event) => event.parent_tool_use_id.as_ref(),
            Self::Assistant(event) => event.parent_tool_use_id.as_ref(),
            Self::System(_) | Self::Result(_) => None,
        }
    }

    /// Returns the unknown fields of the message's outermost object.
    #[must_use]
    pub fn extra(&self) -> &Extra {
        match self {
            Self::System(event) => &event.extra,
            Self::User(event) => &event.extra,
            Self::Assistant(event) => &event.extra,
            Self::Result(event) => &event.extra,
        }
    }

    /// Returns what had to be repaired before the line could be read.
    #[must_use]
    pub fn repairs(&self) -> Repairs {
        self.extra().repairs
    }

    pub(crate) fn extra_mut(&mut self) -> &mut Extra {
        match self {
            Self::System(event) => &mut event.extra,
            Self::User(event) => &mut event.extra,
            Self::Assistant(event) => &mut event.extra,
            Self::Result(event) => &mut event.extra,
        }
    }
}

from_variants! {
    Event: System(SystemEvent), User(UserEvent), Assistant(AssistantEvent), Result(ResultEvent),
}

/// Says which event a `type` stands for: the one list of known event types.
pub(crate) enum EventType {
    System,
    User,
    Assistant,
    Result,
    Unknown(String),
}

impl From<&str> for EventType {
    fn from(value: &str) -> Self {
        match value {
            SystemEvent::TYPE => Self::System,
            UserEvent::TYPE => Self::User,
            AssistantEvent::TYPE => Self::Assistant,
            ResultEvent::TYPE => Self::Result,
            _ => Self::Unknown(value.to_owned()),
        }
    }
}

impl Tagged for Event {
    const NAME: &'static str = "a message";

    type Tag = EventType;

    fn read<'de, A: MapAccess<'de>>(tag: EventType, fields: A) -> Result<Self, A::Error> {
        match tag {
            EventType::System => FromMap::from_map(fields, true).map(Self::System),
            EventType::User => FromMap::from_map(fields, true).map(Self::User),
            EventType::Assistant => FromMap::from_map(fields, true).map(Self::Assistant),
            EventType::Result => FromMap::from_map(fields, true).map(Self::Result),
            EventType::Unknown(event_type) => {
                let unknown = format_args!("unknown type of message `{event_type}`");
                Err(A::Error::custom(unknown))
            }
        }
    }
}

/// Reads a known message from any deserializer; [`decode_line`](crate::decode_line) is faster,
/// repairs what it can, and keeps messages of a type that this crate does not know.
impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize_tagged(deserializer)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::System(event) => event.serialize(serializer),
            Self::User(event) => event.serialize(serializer),
            Self::Assistant(event) => event.serialize(serializer),
            Self::Result(event) => event.serialize(serializer),
        }
    }
}
