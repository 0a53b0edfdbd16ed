//! A settings text with one rule more or less; comments and the order of everything else stay.

use amp_protocol::{RawJson, SettingsKey};
use jsonc_parser::ast::Value;
use jsonc_parser::cst::{CstArray, CstInputValue, CstObject, CstObjectProp, CstRootNode};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::permission::file::leniency;

/// What a file that does not exist yet is made from.
pub(super) const EMPTY: &str = "{\n}\n";

/// Puts a rule in front of all others, as `amp permissions add` does.
///
/// # Errors
/// Returns why the text has no place for a rule.
pub(super) fn prepend(text: &str, rule: &RawJson) -> Result<String, String> {
    let rule = input(rule)?;
    let root = parse(text)?;
    let settings = object(&root)?;
    match setting(&settings) {
        None => {
            let rules = CstInputValue::Array(vec![rule]);
            settings.append(SettingsKey::PERMISSIONS.as_str(), rules);
        }
        Some(property) => match property.value() {
            Some(value) if value.as_null_keyword().is_some() => {
                property.set_value(CstInputValue::Array(vec![rule]));
            }
            _ => {
                list(&property)?.insert(0, rule);
            }
        },
    }
    Ok(root.to_string())
}

/// Takes a rule out by its position, from 0.
///
/// # Errors
/// Returns why there is no such rule.
pub(super) fn take_out(text: &str, position: usize) -> Result<String, String> {
    let root = parse(text)?;
    let property = setting(&object(&root)?).ok_or("it holds no rules")?;
    let rule = list(&property)?.elements().into_iter().nth(position);
    rule.ok_or("it holds fewer rules")?.remove();
    Ok(root.to_string())
}

fn parse(text: &str) -> Result<CstRootNode, String> {
    CstRootNode::parse(text, &leniency()).map_err(|error| error.to_string())
}

fn object(root: &CstRootNode) -> Result<CstObject, String> {
    root.object_value()
        .ok_or_else(|| "it is no object, and Amp reads no settings from it".to_owned())
}

/// Returns the setting that counts: of two equal keys the last one.
fn setting(settings: &CstObject) -> Option<CstObjectProp> {
    let name = SettingsKey::PERMISSIONS.as_str();
    let mut properties = settings.properties().into_iter().rev();
    properties.find(|property| property.decoded_name().as_deref() == Some(name))
}

fn list(property: &CstObjectProp) -> Result<CstArray, String> {
    property
        .array_value()
        .ok_or_else(|| format!("its {} is no list", SettingsKey::PERMISSIONS))
}

/// Returns a rule in the form that is put into a text, its keys in their order.
fn input(rule: &RawJson) -> Result<CstInputValue, String> {
    let parsed = parse_to_ast(
        rule.as_str(),
        &CollectOptions::default(),
        &ParseOptions::default(),
    )
    .map_err(|error| error.to_string())?;
    Ok(input_of(&parsed.value.ok_or("the rule is empty")?))
}

fn input_of(value: &Value<'_>) -> CstInputValue {
    match value {
        Value::NullKeyword(_) => CstInputValue::Null,
        Value::BooleanLit(literal) => CstInputValue::Bool(literal.value),
        Value::NumberLit(literal) => CstInputValue::Number(literal.value.to_owned()),
        Value::StringLit(literal) => CstInputValue::String(literal.value.to_string()),
        Value::Array(array) => CstInputValue::Array(array.elements.iter().map(input_of).collect()),
        Value::Object(object) => {
            let entries = object.properties.iter();
            let entries =
                entries.map(|entry| (entry.name.as_str().to_owned(), input_of(&entry.value)));
            CstInputValue::Object(entries.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> RawJson {
        let text = r#"{"tool":"Bash","matches":{"cmd":"ls \"*\""},"action":"allow"}"#;
        RawJson::from_text(text.to_owned()).unwrap()
    }

    #[test]
    fn comments_and_order_stay_around_a_rule_that_is_put_in_front_and_taken_out_again() {
        let texts = [
            "// head\n{\n  // c1\n  \"amp.permissions\": [ // c2\n    {\"tool\":\"Read\",\"action\":\"allow\"}, // c3\n    // c4\n    {\"tool\":\"X\",\"action\":\"ask\"}\n  ],\n  \"amp.other\": 1, // c5\n}\n",
            "{\"amp.permissions\":[{\"tool\":\"Read\",\"action\":\"allow\"}]}",
            "{\r\n\t\"amp.permissions\": [\r\n\t\t/* c1 */ {\"tool\":\"Read\",\"action\":\"allow\"},\r\n\t],\r\n}\r\n",
            "{\"amp.permissions\": 1, \"amp.permissions\": [{\"tool\":\"Read\",\"action\":\"allow\"}]}",
        ];
        for text in texts {
            let longer = prepend(text, &rule()).unwrap();
            let comments = |text: &str| text.matches("/*").count() + text.matches("//").count();
            assert_eq!(comments(&longer), comments(text), "{longer}");
            let (new, old) = (longer.find("Bash"), longer.find("Read"));
            assert!(new.is_some() && new < old, "{longer}");
            let shorter = take_out(&longer, 0).unwrap();
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            if !text.contains("c2") {
                assert_eq!(bare(&shorter), bare(text), "{longer}");
            }
        }
    }

    #[test]
    fn a_rule_stands_where_there_was_no_list() {
        for text in [EMPTY, "{}", "{\"amp.x\":1}", "{\"amp.permissions\":null}"] {
            let text = prepend(text, &rule()).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                value["amp.permissions"],
                serde_json::json!([rule()]),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_list_is_left_alone() {
        for text in ["[]", "1", "{\"amp.permissions\": {}}", "{"] {
            assert!(prepend(text, &rule()).is_err(), "{text}");
            assert!(take_out(text, 0).is_err(), "{text}");
        }
        assert!(take_out("{\"amp.permissions\": []}", 0).is_err());
    }
}
