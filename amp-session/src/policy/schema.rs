//! A JSON Schema, and whether what an agent said last fits it.

use std::fmt;
use std::sync::Arc;

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::Value;

use super::json_in_text;
use crate::error::Error;
use crate::plain_text::in_fence;

/// How many complaints about an answer are told.
const TOLD: usize = 10;

/// The longest complaint that is told, in characters: the validator quotes what it complains of.
const LONGEST: usize = 300;

/// A JSON Schema that the answer of an agent is to fit.
///
/// Every draft from 4 to 2020-12 is understood, as `$schema` names it; formats such as `date` are
/// checked. What a schema refers to must stand in itself: nothing is fetched and no other file is
/// read.
///
/// ```
/// # fn main() -> Result<(), amp_session::Error> {
/// let schema = amp_session::Schema::parse(r#"{"type": "object", "required": ["verdict"]}"#)?;
/// let answer = schema.judge("Here it is:\n```json\n{\"verdict\": \"good\"}\n```\n");
/// assert_eq!(answer.expect("it fits")["verdict"], "good");
/// assert!(schema.judge("It is good.").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Schema {
    text: String,
    validator: Arc<Validator>,
}

/// An answer that does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misfit {
    /// The JSON value that was found, if any was.
    pub answer: Option<Value>,
    /// What is wrong with it, in the words of the validator, each with the place in the answer.
    pub complaints: Vec<String>,
}

impl Schema {
    /// The longest schema, in bytes: it stands in the prompt.
    pub const LARGEST: usize = 256 << 10;

    /// Reads a schema.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSchema`] when it is too large, no JSON or no valid schema, and when it refers
    /// to something outside of itself.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |reason: String| Error::InvalidSchema { reason };
        if text.len() > Self::LARGEST {
            let longest = Self::LARGEST >> 10;
            return Err(invalid(format!("it is larger than {longest} KiB")));
        }
        let schema: Value =
            serde_json::from_str(text).map_err(|error| invalid(format!("no JSON: {error}")))?;
        let validator = jsonschema::options()
            .with_retriever(Nowhere)
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| invalid(complaint(&error)))?;
        Ok(Self {
            text: text.trim().to_owned(),
            validator: Arc::new(validator),
        })
    }

    /// Returns a prompt that asks for an answer of this schema as well.
    #[must_use]
    pub fn ask(&self, prompt: &str) -> String {
        format!(
            "{prompt}\n\nA program reads your answer. End your last message with the answer as one \
             JSON value in one fenced code block, and write nothing after it. The value has to fit \
             this JSON Schema:\n\n{}",
            in_fence("json", &self.text)
        )
    }

    /// Returns the answer in a message, if it fits.
    ///
    /// A message may be the JSON value and nothing else. Otherwise its fenced blocks count that hold
    /// JSON, and where there are none, objects and arrays within the text; of several it is the last
    /// that fits.
    ///
    /// # Errors
    ///
    /// Tells what is wrong with the last of them.
    pub fn judge(&self, message: &str) -> Result<Value, Misfit> {
        let mut values = json_in_text::values(message);
        if let Some(fits) = values.iter().rposition(|one| self.validator.is_valid(one)) {
            return Ok(values.swap_remove(fits));
        }
        let Some(last) = values.pop() else {
            return Err(Misfit {
                answer: None,
                complaints: vec!["there is no JSON value in the last message".to_owned()],
            });
        };
        let mut errors = self.validator.iter_errors(&last);
        let mut complaints: Vec<String> = errors
            .by_ref()
            .take(TOLD)
            .map(|error| complaint(&error))
            .collect();
        if errors.next().is_some() {
            complaints.push("and more".to_owned());
        }
        drop(errors);
        Err(Misfit {
            answer: Some(last),
            complaints,
        })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Schema").field(&self.text).finish()
    }
}

impl Misfit {
    /// Returns what to tell the agent of it.
    #[must_use]
    pub fn prompt(&self) -> String {
        let list: String = self
            .complaints
            .iter()
            .map(|one| format!("- {}\n", one.replace('\n', " ")))
            .collect();
        format!(
            "Your answer does not fit the JSON Schema that was asked for:\n\n{list}\nEnd your next \
             message with the corrected answer, whole, as one JSON value in one fenced code block, \
             and write nothing after it."
        )
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.complaints.join("; "))
    }
}

impl std::error::Error for Misfit {}

/// Refuses whatever is not in the schema itself.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, _: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("it is not in the schema itself, and nothing is fetched".into())
    }
}

/// Returns what a validator says, and of which place.
fn complaint(error: &jsonschema::ValidationError<'_>) -> String {
    let text = error.to_string();
    let place = error.instance_path().to_string();
    let text = match text.char_indices().nth(LONGEST) {
        // What is wrong stands behind what is quoted.
        Some(_) => {
            let half = LONGEST / 2;
            let characters: Vec<char> = text.chars().collect();
            let (head, tail) = (&characters[..half], &characters[characters.len() - half..]);
            let (head, tail): (String, String) = (head.iter().collect(), tail.iter().collect());
            format!("{head}…{tail}")
        }
        None => text,
    };
    match place.as_str() {
        "" => text,
        place => format!("{place}: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Schema;

    fn schema(value: &serde_json::Value) -> Schema {
        Schema::parse(&value.to_string()).expect("a schema")
    }

    fn refusal(text: &str) -> String {
        Schema::parse(text).expect_err("no schema").to_string()
    }

    fn counted() -> Schema {
        schema(&json!({
            "type": "object",
            "properties": {"count": {"type": "integer", "minimum": 1}},
            "required": ["count"],
            "additionalProperties": false,
        }))
    }

    #[test]
    fn an_answer_is_found_bare_fenced_and_within_prose() {
        let fence = |text: &str| format!("Done.\n\n```json\n{text}\n```\n");
        for message in [
            r#" {"count": 3} "#.to_owned(),
            fence(r#"{"count": 3}"#),
            r#"There are {"count": 3} of them [1]."#.to_owned(),
            format!("```sh\nls | wc -l\n```\n{}", fence(r#"{"count": 3}"#)),
            format!(
                "{}\nas in\n{}",
                fence(r#"{"count": 3}"#),
                fence(r#"{"n": 3}"#)
            ),
            format!(
                "{}\nno, it is\n{}",
                fence(r#"{"count": 2}"#),
                fence(r#"{"count": 3}"#)
            ),
        ] {
            assert_eq!(
                counted().judge(&message),
                Ok(json!({"count": 3})),
                "{message}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let misfit = counted().judge(r#"{"count": 0}"#).expect_err("too few");
        assert_eq!(
            misfit.to_string(),
            "/count: 0 is less than the minimum of 1"
        );
        assert_eq!(misfit.answer, Some(json!({"count": 0})));
        let misfit = counted().judge("three").expect_err("no JSON");
        assert_eq!(misfit.answer, None);
        insta::assert_snapshot!(misfit.prompt());
    }

    #[test]
    fn complaints_about_a_huge_answer_are_few_and_short() {
        let texts = schema(&json!({"type": "array", "items": {"type": "string"}}));
        let huge = serde_json::Value::from((0..100_000).collect::<Vec<_>>());
        let misfit = texts.judge(&huge.to_string()).expect_err("numbers");
        assert_eq!(misfit.complaints.len(), super::TOLD + 1);
        let misfit = counted().judge(&huge.to_string()).expect_err("a list");
        assert!(misfit.complaints[0].ends_with(r#"is not of type "object""#));
        assert!(misfit.prompt().len() < 1000);
    }

    #[test]
    fn a_schema_that_is_about_itself_is_followed_as_deep_as_the_answer() {
        let tree = schema(&json!({
            "$ref": "#/$defs/node",
            "$defs": {"node": {
                "type": "object",
                "properties": {"below": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
                "required": ["name"],
            }},
        }));
        assert!(
            tree.judge(r#"{"name": "a", "below": [{"name": "b"}]}"#)
                .is_ok()
        );
        let misfit = tree
            .judge(r#"{"name": "a", "below": [{}]}"#)
            .expect_err("no name");
        assert_eq!(
            misfit.to_string(),
            r#"/below/0: "name" is a required property"#
        );
        let mut deep = "[".repeat(120) + "1" + &"]".repeat(120);
        let lists =
            schema(&json!({"anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"const": 1}]}));
        assert!(lists.judge(&deep).is_ok());
        deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert_eq!(lists.judge(&deep).expect_err("too deep").answer, None);
        // Neither says anything.
        for endless in [json!({"$ref": "#"}), json!({"allOf": [{"$ref": "#"}]})] {
            assert!(schema(&endless).judge("1").is_ok());
        }
    }

    #[test]
    fn what_is_no_schema_of_its_own_is_refused_with_the_reason() {
        assert_eq!(
            refusal("{"),
            "no JSON: EOF while parsing an object at line 1 column 1"
        );
        assert!(refusal("[1]").contains(r#"[1] is not of types "boolean", "object""#));
        assert_eq!(
            refusal(r#"{"properties": {"a": {"type": "sting"}}}"#)
                .split(':')
                .next(),
            Some("/properties/a/type")
        );
        for elsewhere in [
            "https://example.com/a.json",
            "file:///etc/passwd",
            "other.json#/a",
        ] {
            let reason = refusal(&json!({"$ref": elsewhere}).to_string());
            assert!(
                reason.contains(elsewhere.split('#').next().unwrap()),
                "{reason}"
            );
        }
        let own = refusal(r#"{"$schema": "https://example.com/own"}"#);
        assert!(own.contains("https://example.com/own"), "{own}");
        let huge = format!("{{\"description\": \"{}\"}}", "a".repeat(Schema::LARGEST));
        assert_eq!(refusal(&huge), "it is larger than 256 KiB");
    }

    #[test]
    fn a_large_schema_is_a_schema() {
        let property =
            |number: usize| (format!("property-{number:05}"), json!({"type": "integer"}));
        let properties: serde_json::Map<_, _> = (0..6_000).map(property).collect();
        let large = schema(&json!({"properties": properties}));
        assert!(large.judge(r#"{"property-05999": "one"}"#).is_err());
    }

    #[test]
    fn formats_are_checked() {
        let date = schema(&json!({"type": "string", "format": "date"}));
        assert!(date.judge("\"2026-11-22\"").is_ok());
        assert!(date.judge("\"tomorrow\"").is_err());
    }

    #[test]
    fn the_schema_cannot_leave_its_fence() {
        let schema = schema(&json!({"const": "```\n````"}));
        insta::assert_snapshot!(schema.ask("Say something."));
    }
}
