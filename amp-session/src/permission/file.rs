//! A JSON text with comments, with the line of every value in a list.

use amp_protocol::RawJson;
use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// A value of a text.
#[derive(Debug)]
pub(super) struct Node {
    /// The line that it begins on, from 1.
    pub(super) line: usize,
    /// The value as plain JSON, keys in their order.
    pub(super) json: RawJson,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Null,
    Scalar(&'static str),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Content {
    /// Names the kind of value.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Scalar(kind) => kind,
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Returns what Amp's settings reader takes beyond JSON: comments and trailing commas.
pub(super) fn leniency() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Reads a text; the first two levels below the top are kept apart, as settings need.
///
/// # Errors
/// Returns what is wrong where it is no JSON as Amp reads it.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    if text.starts_with('\u{feff}') {
        return Err("it begins with a byte-order mark, which Amp refuses".to_owned());
    }
    let parsed = parse_to_ast(text, &CollectOptions::default(), &leniency())
        .map_err(|error| error.to_string())?;
    let value = parsed.value.ok_or("it is empty, which Amp refuses")?;
    node(&value, text)
}

fn node(value: &Value<'_>, text: &str) -> Result<Node, String> {
    let content = match value {
        Value::NullKeyword(_) => Content::Null,
        Value::StringLit(_) => Content::Scalar("a text"),
        Value::NumberLit(_) => Content::Scalar("a number"),
        Value::BooleanLit(_) => Content::Scalar("a truth value"),
        Value::Array(array) => {
            let items = array.elements.iter().map(|item| node(item, text));
            Content::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Object(object) => {
            let entries = object.properties.iter().map(|property| {
                let name = property.name.as_str().to_owned();
                Ok((name, node(&property.value, text)?))
            });
            Content::Object(entries.collect::<Result<_, String>>()?)
        }
    };
    let mut json = String::new();
    write(value, &mut json);
    Ok(Node {
        line: text[..value.range().start].matches('\n').count() + 1,
        json: RawJson::from_text(json).map_err(|error| error.to_string())?,
        content,
    })
}

/// Writes a value as plain JSON; of two equal keys the last one counts, as in JavaScript.
fn write(value: &Value<'_>, to: &mut String) {
    match value {
        Value::NullKeyword(_) => to.push_str("null"),
        Value::BooleanLit(literal) => to.push_str(if literal.value { "true" } else { "false" }),
        Value::NumberLit(literal) => to.push_str(literal.value),
        Value::StringLit(literal) => write_text(&literal.value, to),
        Value::Array(array) => {
            to.push('[');
            for (index, item) in array.elements.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write(item, to);
            }
            to.push(']');
        }
        Value::Object(object) => {
            let mut entries: Vec<(&str, &Value<'_>)> = Vec::new();
            for property in &object.properties {
                let name = property.name.as_str();
                match entries.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, value)) => *value = &property.value,
                    None => entries.push((name, &property.value)),
                }
            }
            to.push('{');
            for (index, (name, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write_text(name, to);
                to.push(':');
                write(value, to);
            }
            to.push('}');
        }
    }
}

fn write_text(text: &str, to: &mut String) {
    to.push_str(&serde_json::Value::from(text).to_string());
}
