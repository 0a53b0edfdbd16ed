//! From one line to one of three outcomes.

mod stream;

pub use stream::{DEFAULT_MAX_LINE_BYTES, DecodeReader, decode_reader};

use serde::de::{Error as _, IgnoredAny, MapAccess};
use serde::{Deserialize as _, Deserializer as _};

use crate::event::{Event, EventType};
use crate::malformed::Malformed;
use crate::nesting;
use crate::raw_json::RawJson;
use crate::reader::Reader;
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
    let mut reader = Reader::new(&text);
    match Event::deserialize(&mut reader) {
        Ok(event) if reader.is_at_end() && repairs.is_empty() => Decoded::Event(event),
        Ok(event) if reader.is_at_end() => repaired_event(event, repairs),
        _ => decode_slowly(line, &text, repairs),
    }
}

/// Reads what the reader left to serde_json; tries once more without halves of surrogate pairs.
#[cold]
fn decode_slowly(line: &[u8], text: &str, mut repairs: Repairs) -> Decoded {
    if let Some(column) = nesting::exceeded_at(text) {
        return Decoded::Malformed(Malformed::too_deep(line, text, column, repairs));
    }
    let error = match read(line, text, repairs) {
        Ok(decoded) => return decoded,
        Err(error) => error,
    };
    let Some(repaired) = repair::replace_lone_surrogates(text) else {
        return Decoded::Malformed(Malformed::new(line, text, &error, repairs));
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

/// Finds the type first and then reads the one struct that belongs to it, so that an error names
/// the place of the fault wherever the type stands.
fn read(line: &[u8], text: &str, repairs: Repairs) -> Result<Decoded, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Peek(event_type) = deserializer.deserialize_map(ObjectVisitor::new())?;
    deserializer.end()?;
    let event = match EventType::from(event_type.as_str()) {
        EventType::System => Event::System(serde_json::from_str(text)?),
        EventType::User => Event::User(serde_json::from_str(text)?),
        EventType::Assistant => Event::Assistant(serde_json::from_str(text)?),
        EventType::Result => Event::Result(serde_json::from_str(text)?),
        EventType::Unknown(event_type) => {
            return Ok(Decoded::Unrecognised(Unrecognised {
                event_type,
                payload: RawJson::from_text(text.to_owned())?,
                repairs,
                line: line.to_vec(),
            }));
        }
    };
    Ok(repaired_event(event, repairs))
}

fn repaired_event(mut event: Event, repairs: Repairs) -> Decoded {
    event.extra_mut().repairs = repairs;
    Decoded::Event(event)
}

/// Only the type of a message; all other fields are skipped.
struct Peek(String);

impl<'de> FromMap<'de> for Peek {
    const NAME: &'static str = "Event";

    fn from_map<A: MapAccess<'de>>(mut map: A, _: bool) -> Result<Self, A::Error> {
        let mut event_type = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "type" && event_type.is_none() {
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
