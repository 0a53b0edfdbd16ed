//! From one line to one of three outcomes.

use std::borrow::Cow;

use serde::de::{Error as _, IgnoredAny, MapAccess};
use serde::{Deserialize, Deserializer as _};

use crate::event::{AssistantEvent, Event, ResultEvent, SystemEvent, UserEvent};
use crate::malformed::Malformed;
use crate::raw_json::RawJson;
use crate::reader;
use crate::repair::{self, Repair, Repairs};
use crate::wire_object::{FromMap, ObjectVisitor};

/// What a line turned out to be.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there are three outcomes, by design"
)]
pub enum Decoded {
    /// A message this crate knows.
    Event(Event),
    /// A message of a type this crate does not know.
    Unrecognised(Unrecognised),
    /// No message at all, or a known one of the wrong shape.
    Malformed(Malformed),
}

impl Decoded {
    /// Returns the message, if this is one that the crate knows.
    #[must_use]
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Event(event) => Some(event),
            Self::Unrecognised(_) | Self::Malformed(_) => None,
        }
    }

    /// Returns the message by value, if this is one that the crate knows.
    #[must_use]
    pub fn into_event(self) -> Option<Event> {
        match self {
            Self::Event(event) => Some(event),
            Self::Unrecognised(_) | Self::Malformed(_) => None,
        }
    }

    /// Returns what had to be repaired before the line could be read.
    #[must_use]
    pub fn repairs(&self) -> Repairs {
        match self {
            Self::Event(event) => event.repairs(),
            Self::Unrecognised(unrecognised) => unrecognised.repairs,
            Self::Malformed(malformed) => malformed.repairs,
        }
    }
}

/// A message of a type this crate does not know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Unrecognised {
    /// The value of the message's `type` field.
    pub event_type: String,
    /// The whole message.
    pub payload: RawJson,
    /// The repairs that were made first.
    pub repairs: Repairs,
    /// The line as it came.
    pub line: Vec<u8>,
}

/// Reads one line of the stream, with or without its line feed.
///
/// It never fails and never panics: what cannot be read comes back as [`Decoded::Malformed`]
/// with the line in it.
///
/// ```
/// use amp_protocol::{Decoded, Event, decode_line};
///
/// let line = br#"{"type":"result","subtype":"success","is_error":false,"result":"4"}"#;
/// let Decoded::Event(Event::Result(result)) = decode_line(line) else { unreachable!() };
/// assert_eq!(result.result.as_deref(), Some("4"));
/// ```
#[must_use]
pub fn decode_line(line: &[u8]) -> Decoded {
    let mut repairs = Repairs::default();
    let text = repair::text(repair::trim(line, &mut repairs), &mut repairs);
    match read(line, &text, repairs) {
        Ok(decoded) => decoded,
        Err(error) => decode_repaired(line, &text, repairs, &error),
    }
}

/// Tries once more without halves of surrogate pairs.
#[cold]
fn decode_repaired(
    line: &[u8],
    text: &str,
    mut repairs: Repairs,
    error: &serde_json::Error,
) -> Decoded {
    let Some(repaired) = repair::replace_lone_surrogates(text) else {
        return Decoded::Malformed(Malformed::new(line, text, error, repairs));
    };
    repairs.insert(Repair::LoneSurrogate);
    read(line, &repaired, repairs).unwrap_or_else(|error| {
        Decoded::Malformed(Malformed::new(line, &repaired, &error, repairs))
    })
}

/// Writes a message as one line, without a line feed.
///
/// Fields come in the order the CLI writes them, so a recorded line comes back as it was.
///
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "it cannot panic")]
pub fn encode_line(event: &Event) -> String {
    serde_json::to_string(event).expect("every part of a message can be written as JSON")
}

/// Reads the type first and then the one struct that belongs to it, in a single pass.
fn read(line: &[u8], text: &str, repairs: Repairs) -> Result<Decoded, serde_json::Error> {
    let event_type = event_type(text)?;
    let mut event = match event_type.as_ref() {
        SystemEvent::TYPE => Event::System(read_as(text)?),
        UserEvent::TYPE => Event::User(read_as(text)?),
        AssistantEvent::TYPE => Event::Assistant(read_as(text)?),
        ResultEvent::TYPE => Event::Result(read_as(text)?),
        _ => {
            return Ok(Decoded::Unrecognised(Unrecognised {
                event_type: event_type.into_owned(),
                payload: RawJson::from_text(text.to_owned())?,
                repairs,
                line: line.to_vec(),
            }));
        }
    };
    event.extra_mut().repairs = repairs;
    Ok(Decoded::Event(event))
}

fn read_as<'text, T: Deserialize<'text>>(text: &'text str) -> Result<T, serde_json::Error> {
    reader::read(text).or_else(|_| serde_json::from_str(text))
}

/// Finds the message's type without reading the message, if it comes first as it always has.
fn event_type(text: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if let Some(rest) = text.strip_prefix(r#"{"type":""#)
        && let Some(end) = memchr::memchr2(b'"', b'\\', rest.as_bytes())
        && rest.as_bytes()[end] == b'"'
    {
        return Ok(Cow::Borrowed(&rest[..end]));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Peek(event_type) = deserializer.deserialize_map(ObjectVisitor::new())?;
    deserializer.end()?;
    Ok(Cow::Owned(event_type))
}

/// Only the type of a message; all other fields are skipped.
struct Peek(String);

impl<'de> FromMap<'de> for Peek {
    const NAME: &'static str = "Event";

    fn from_map<A: MapAccess<'de>>(mut map: A, _: bool) -> Result<Self, A::Error> {
        let mut event_type = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "type" {
                event_type = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        event_type
            .map(Self)
            .ok_or_else(|| A::Error::missing_field("type"))
    }
}
