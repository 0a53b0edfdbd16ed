//! What a rule demands of a tool's arguments.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

/// What a rule demands of a tool's arguments, by argument name, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conditions(Vec<(String, Condition)>);

impl Conditions {
    /// Returns the arguments and what is demanded of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Condition)> {
        self.0
            .iter()
            .map(|(argument, condition)| (argument.as_str(), condition))
    }

    /// Tells whether nothing is demanded, which every call meets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a demand, or replaces the one on the same argument, as reading JSON does.
    pub fn push(&mut self, argument: impl Into<String>, condition: impl Into<Condition>) {
        let (argument, condition) = (argument.into(), condition.into());
        match self.0.iter_mut().find(|(known, _)| *known == argument) {
            Some((_, replaced)) => *replaced = condition,
            None => self.0.push((argument, condition)),
        }
    }
}

/// What one value must look like.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// A text, a pattern with `*`, or a regular expression between slashes.
    Text(String),
    /// This number and no other.
    Number(Number),
    /// This truth value.
    Bool(bool),
    /// An explicit `null`.
    Null,
    /// At least one of these; an empty list is no valid rule.
    Any(Vec<Condition>),
    /// An object whose fields meet these.
    Fields(Conditions),
}

impl From<&str> for Condition {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Condition {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Condition {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<C: Into<Condition>> From<Vec<C>> for Condition {
    fn from(conditions: Vec<C>) -> Self {
        Self::Any(conditions.into_iter().map(Into::into).collect())
    }
}

impl From<Conditions> for Condition {
    fn from(conditions: Conditions) -> Self {
        Self::Fields(conditions)
    }
}

impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Bool(value) => value.serialize(serializer),
            Self::Null => serializer.serialize_unit(),
            Self::Any(conditions) => conditions.serialize(serializer),
            Self::Fields(conditions) => conditions.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ConditionsVisitor)
    }
}

struct ConditionsVisitor;

impl<'de> de::Visitor<'de> for ConditionsVisitor {
    type Value = Conditions;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of conditions")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Conditions, A::Error> {
        let mut conditions: Vec<(String, Condition)> = Vec::new();
        let mut positions: HashMap<String, usize> = HashMap::new();
        while let Some((argument, condition)) = map.next_entry::<String, Condition>()? {
            match positions.entry(argument) {
                Entry::Occupied(known) => conditions[*known.get()].1 = condition,
                Entry::Vacant(new) => {
                    conditions.push((new.key().clone(), condition));
                    new.insert(conditions.len() - 1);
                }
            }
        }
        Ok(Conditions(conditions))
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ConditionVisitor)
    }
}

struct ConditionVisitor;

impl<'de> de::Visitor<'de> for ConditionVisitor {
    type Value = Condition;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a condition")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Condition, E> {
        Ok(Condition::Text(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Condition, E> {
        Ok(Condition::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Condition, E> {
        Ok(Condition::Number(number.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Condition, E> {
        Ok(Condition::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Condition, E> {
        let number = Number::from_f64(number);
        number
            .map(Condition::Number)
            .ok_or_else(|| E::custom("a number without end"))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Condition, E> {
        Ok(Condition::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Condition, A::Error> {
        let mut conditions = Vec::new();
        while let Some(condition) = items.next_element()? {
            conditions.push(condition);
        }
        Ok(Condition::Any(conditions))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Condition, A::Error> {
        ConditionsVisitor.visit_map(map).map(Condition::Fields)
    }
}
