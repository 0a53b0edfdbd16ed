//! Proof that nothing is lost: compares a line with what a message writes back.

use std::collections::{HashMap, VecDeque};

use serde_json::value::RawValue;

use crate::decode::encode_line;
use crate::event::Event;
use crate::nesting;

/// Returns the paths of everything in the line that the message does not write back unchanged.
///
/// Numbers are compared digit by digit and strings by their text; the order of fields and the
/// spelling of escapes do not count. The list is empty for every message that
/// [`decode_line`](crate::decode_line) returns, unless the line was repaired. A line that
/// is not JSON or nests too deep to be a message is lost as a whole, path `.`.
#[must_use]
pub fn lost_fields(line: &str, event: &Event) -> Vec<String> {
    let mut lost = Vec::new();
    if nesting::exceeded_at(line).is_some() {
        // No event is this deep, and comparing goes as deep as the line.
        lost.push(".".to_owned());
        return lost;
    }
    let written = encode_line(event);
    compare(line.trim(), &written, &mut String::new(), &mut lost);
    lost
}

fn compare(before: &str, after: &str, path: &mut String, lost: &mut Vec<String>) {
    // Most values are written back to the byte, however deep they go.
    if before == after {
        return;
    }
    match (parse(before), parse(after)) {
        (Json::Object(before), Json::Object(after)) => {
            // A name may come twice: the first is held against the first, and so on.
            let mut written: HashMap<&str, VecDeque<&RawValue>> = HashMap::new();
            for (name, value) in &after {
                written.entry(name).or_default().push_back(value);
            }
            for (name, value) in &before {
                let length = path.len();
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                match written.get_mut(name.as_str()).and_then(VecDeque::pop_front) {
                    Some(written) => compare(value.get(), written.get(), path, lost),
                    None => lost.push(path.clone()),
                }
                path.truncate(length);
            }
        }
        (Json::Array(before), Json::Array(after)) => {
            for (index, value) in before.iter().enumerate() {
                let length = path.len();
                path.push_str(&format!("[{index}]"));
                match after.get(index) {
                    Some(written) => compare(value.get(), written.get(), path, lost),
                    None => lost.push(path.clone()),
                }
                path.truncate(length);
            }
        }
        (Json::Text(before), Json::Text(after)) if before == after => {}
        _ if path.is_empty() => lost.push(".".to_owned()),
        _ => lost.push(path.clone()),
    }
}

/// One level of a JSON value; what is below stays text.
enum Json<'text> {
    Object(Vec<(String, &'text RawValue)>),
    Array(Vec<&'text RawValue>),
    Text(String),
    /// A number, a literal, or a string with half a surrogate pair: equal to the byte or not.
    Other,
}

fn parse(text: &str) -> Json<'_> {
    let parsed = match text.as_bytes().first() {
        Some(b'{') => serde_json::from_str(text).map(|Entries(entries)| Json::Object(entries)),
        Some(b'[') => serde_json::from_str(text).map(Json::Array),
        Some(b'"') => serde_json::from_str(text).map(Json::Text),
        _ => return Json::Other,
    };
    parsed.unwrap_or(Json::Other)
}

/// The fields of an object in order, those named twice included.
struct Entries<'text>(Vec<(String, &'text RawValue)>);

impl<'de> serde::Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(crate::wire_object::ObjectVisitor::new())
    }
}

impl<'de> crate::wire_object::FromMap<'de> for Entries<'de> {
    const NAME: &'static str = "an object";

    fn from_map<A: serde::de::MapAccess<'de>>(mut map: A, _: bool) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Self(entries))
    }
}
