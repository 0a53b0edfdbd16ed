//! What a rule demands of the arguments, compared as the measured builds do.

use amp_protocol::{Condition, Conditions};
use serde_json::{Map, Value};

use super::expression::{Expression, Found};
use crate::dialect::PatternEngine;

/// What a rule demands of a call's arguments, ready to be compared.
#[derive(Debug, Clone)]
pub(super) struct Demands(Vec<(String, Demand)>);

#[derive(Debug, Clone)]
enum Demand {
    Text(TextPattern),
    Number(f64),
    Bool(bool),
    Null,
    Any(Vec<Demand>),
    Fields(Demands),
}

/// A pattern for texts.
#[derive(Debug, Clone)]
pub(super) enum TextPattern {
    /// A lone `*`: every text, of any number of lines.
    Any,
    /// This text and no other.
    Exact(String),
    /// The parts between stars, of which each stands for anything within a line; the whole must
    /// begin where a line begins and end where a line ends.
    Lines(Vec<String>),
    /// An ECMAScript pattern between slashes, searched anywhere, `^` and `$` at every line.
    Expression(Expression),
}

impl Demands {
    /// Reads what a rule demands; what it says of `__proto__` is lost where the CLI makes an object
    /// of it (asked of three builds).
    pub(super) fn new(conditions: &Conditions, engine: PatternEngine) -> Self {
        let demands = conditions
            .iter()
            .filter(|(argument, _)| *argument != "__proto__")
            .map(|(argument, condition)| (argument.to_owned(), Demand::new(condition, engine)));
        Self(demands.collect())
    }

    /// Tells whether the arguments meet every demand.
    pub(super) fn are_met_by(&self, arguments: &Map<String, Value>) -> Found {
        self.met_through(|name| arguments.get(name))
    }

    fn met_through<'a>(&self, get: impl Fn(&str) -> Option<&'a Value>) -> Found {
        self.0.iter().fold(Found::Yes, |met, (path, demand)| {
            met.and(|| argument(&get, path).map_or(Found::No, |value| demand.is_met_by(value)))
        })
    }
}

impl Demand {
    fn new(condition: &Condition, engine: PatternEngine) -> Self {
        match condition {
            Condition::Text(text) => Self::Text(TextPattern::new(text, engine)),
            // JavaScript has one kind of number.
            Condition::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Condition::Bool(value) => Self::Bool(*value),
            Condition::Any(conditions) => Self::Any(
                conditions
                    .iter()
                    .map(|condition| Self::new(condition, engine))
                    .collect(),
            ),
            Condition::Fields(conditions) => Self::Fields(Demands::new(conditions, engine)),
            _ => Self::Null,
        }
    }

    fn is_met_by(&self, value: &Value) -> Found {
        match (self, value) {
            (Self::Text(pattern), Value::String(text)) => pattern.matches(text),
            (Self::Number(demanded), Value::Number(given)) => {
                Found::from(given.as_f64() == Some(*demanded))
            }
            (Self::Bool(demanded), Value::Bool(given)) => Found::from(demanded == given),
            (Self::Null, Value::Null) => Found::Yes,
            // An alternative that is a list or an object itself never matches.
            (Self::Any(demands), value) => demands.iter().fold(Found::No, |found, demand| {
                found.or(|| match demand {
                    Self::Any(_) | Self::Fields(_) => Found::No,
                    demand => demand.is_met_by(value),
                })
            }),
            // A list is an object whose fields are called 0, 1 and so on.
            (Self::Fields(demands), Value::Object(_) | Value::Array(_)) => {
                demands.met_through(|name| field(value, name))
            }
            _ => Found::No,
        }
    }
}

/// Finds an argument; dots in the name lead into objects and lists.
fn argument<'a>(get: impl Fn(&str) -> Option<&'a Value>, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = get(names.next()?)?;
    names.try_fold(first, field)
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => {
            let index: usize = name.parse().ok()?;
            items.get(index).filter(|_| index.to_string() == name)
        }
        _ => None,
    }
}

impl TextPattern {
    pub(super) fn new(text: &str, engine: PatternEngine) -> Self {
        if text == "*" {
            return Self::Any;
        }
        if let Some(source) = between_slashes(text) {
            return Self::Expression(Expression::new(source, "m", engine));
        }
        match text.contains('*') {
            true => Self::Lines(text.split('*').map(str::to_owned).collect()),
            false => Self::Exact(text.to_owned()),
        }
    }

    pub(super) fn matches(&self, text: &str) -> Found {
        match self {
            Self::Any => Found::Yes,
            Self::Exact(exact) => Found::from(exact == text),
            Self::Lines(parts) => {
                let mut starts = line_starts(text);
                Found::from(starts.any(|start| begins_with_parts(&text[start..], parts)))
            }
            Self::Expression(expression) => expression.is_in(text),
        }
    }
}

/// Returns what stands between the slashes of a pattern such as `/^git /`.
pub(super) fn between_slashes(text: &str) -> Option<&str> {
    let source = text.strip_prefix('/')?.strip_suffix('/')?;
    (!source.is_empty()).then_some(source)
}

/// Tells whether a character ends a line for JavaScript.
fn ends_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    let after_ends = text
        .char_indices()
        .filter(|(_, character)| ends_line(*character))
        .map(|(index, character)| index + character.len_utf8());
    std::iter::once(0).chain(after_ends)
}

/// Tells whether a text that begins a line begins with these parts and ends with a line's end,
/// where what lies between two parts stays within a line.
///
/// The first place for a part is the best one: what comes before it must not leave the line, and
/// only a part that holds a line's end itself can cross one, at one place alone.
fn begins_with_parts(text: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    let Some(mut text) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, between)) = rest.split_last() else {
        return text.chars().next().is_none_or(ends_line);
    };
    for part in between {
        let line = text.find(ends_line).unwrap_or(text.len());
        let reach = text.floor_char_boundary(line.saturating_add(part.len()));
        let Some(index) = text[..reach].find(part.as_str()) else {
            return false;
        };
        text = &text[index + part.len()..];
    }
    let line = text.find(ends_line).unwrap_or(text.len());
    // The last part either ends where this line ends, or begins in it and holds its end.
    if line >= last.len() && text[..line].ends_with(last.as_str()) {
        return true;
    }
    let Some(crossing) = last.find(ends_line) else {
        return false;
    };
    line.checked_sub(crossing)
        .and_then(|start| text.get(start..))
        .and_then(|rest| rest.strip_prefix(last.as_str()))
        .is_some_and(|rest| rest.chars().next().is_none_or(ends_line))
}
