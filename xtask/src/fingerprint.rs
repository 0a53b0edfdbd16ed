//! The shape of a version's stream as text: which keys each type of line has, and their types.
//!
//! It is made from the recordings alone, without our own decoder, so that it can disagree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

/// Objects whose keys belong to a tool or a server, not to the stream.
const OPAQUE: &[&str] = &["message.content[tool_use].input"];

/// Collects the shapes of lines.
#[derive(Debug, Default)]
pub struct Fingerprint {
    /// By `type` or `type/subtype`.
    lines: BTreeMap<String, Shape>,
}

#[derive(Debug, Default)]
struct Shape {
    /// By path; the empty path is the line itself.
    objects: BTreeMap<String, usize>,
    /// By path.
    keys: BTreeMap<String, Key>,
}

#[derive(Debug)]
struct Key {
    /// The path of the object that holds the key.
    parent: String,
    seen: usize,
    types: BTreeSet<&'static str>,
}

impl Fingerprint {
    /// Takes in what one run wrote to its standard output.
    pub fn add(&mut self, stdout: &[u8]) {
        for line in stdout.split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(value) => self.add_line(&value),
                Err(_) => {
                    self.lines.entry("(not JSON)".to_owned()).or_default();
                }
            }
        }
    }

    fn add_line(&mut self, line: &Value) {
        let name = match (text(line, "type"), text(line, "subtype")) {
            (Some(kind), Some(subtype)) => format!("{kind}/{subtype}"),
            (Some(kind), None) => kind.to_owned(),
            (None, _) => "(no type)".to_owned(),
        };
        self.lines.entry(name).or_default().add(line, "");
    }

    /// Returns the fingerprint as text, one key a line; `?` marks a key that is not always there.
    #[must_use]
    pub fn render(&self, version: &str) -> String {
        let mut text = format!("# The keys of each line in the recordings of {version}.\n");
        for (name, shape) in &self.lines {
            let _ = write!(text, "\n{name}\n");
            for (path, key) in &shape.keys {
                let always = shape.objects.get(&key.parent) == Some(&key.seen);
                let types: Vec<&str> = key.types.iter().copied().collect();
                let mark = if always { "" } else { "?" };
                let _ = writeln!(text, "  {path}{mark}: {}", types.join(" | "));
            }
        }
        text
    }
}

impl Shape {
    fn add(&mut self, value: &Value, path: &str) {
        match value {
            Value::Object(object) if !OPAQUE.contains(&path) => {
                *self.objects.entry(path.to_owned()).or_default() += 1;
                for (name, child) in object {
                    let child_path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    let key = self.keys.entry(child_path.clone()).or_insert_with(|| Key {
                        parent: path.to_owned(),
                        seen: 0,
                        types: BTreeSet::new(),
                    });
                    key.seen += 1;
                    key.types.insert(type_name(child));
                    self.add(child, &child_path);
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    let element_path = format!("{path}[{}]", element_name(element));
                    self.add(element, &element_path);
                }
            }
            _ => {}
        }
    }
}

/// Returns what stands between the brackets for an element: its `type`, else its JSON type.
fn element_name(element: &Value) -> &str {
    text(element, "type").unwrap_or_else(|| type_name(element))
}

fn text<'value>(value: &'value Value, key: &str) -> Option<&'value str> {
    value.get(key)?.as_str()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
