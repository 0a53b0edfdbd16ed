//! Random questions, drawn so that rules nearly match.

use fastrand::Rng;
use fixtures::permissions::PermissionCase;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::in_run::MESSAGE;
use super::pieces::{
    ACTIONS, BROKEN, EXPRESSION_PIECES, EXPRESSIONS, GLOB_PIECES, NAMES, NO_LISTS,
    RARE_GLOB_PIECES, TEXT_PIECES, TEXTS, TOOLS, values,
};

/// How many calls are made by the same rules.
const CALLS_IN_A_RUN: usize = 25;

/// Draws questions; the same seed draws the same ones.
pub struct Random {
    rng: Rng,
    seed: u64,
    drawn: usize,
}

impl Random {
    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            seed,
            drawn: 0,
        }
    }

    /// Draws a question for `amp permissions test`, whose arguments are texts.
    pub fn question(&mut self) -> PermissionCase {
        let tool = match self.rng.u8(..4) {
            0 => self.joined(&["a", "b", "/", ".", "Fo", "o", "_"], 5),
            _ => self.one(&TOOLS).to_owned(),
        };
        let mut arguments = Map::new();
        for _ in 0..self.rng.usize(..4) {
            let text = match self.rng.u8(..24) {
                0 => "ab ".repeat(4000) + "push",
                1..4 => self.joined(&TEXT_PIECES, 6),
                _ => self.one(&TEXTS).to_owned(),
            };
            if !text.is_empty() {
                arguments.insert(self.one(&NAMES).to_owned(), Value::from(text));
            }
        }
        let rules = match self.rng.u8(..100) {
            0 => self.one(&NO_LISTS).to_owned(),
            _ => {
                let count = self.rng.usize(..12);
                let rules = (0..count).map(|_| self.rule(&tool, &arguments));
                format!("[{}]", rules.collect::<Vec<_>>().join(","))
            }
        };
        let context = (self.rng.u8(..8) == 0).then(|| self.one(&["thread", "subagent"]).to_owned());
        self.case(rules, tool, arguments, context)
    }

    /// Draws calls for runs, with arguments of any type; many calls meet the same rules.
    pub fn calls(&mut self, count: usize) -> Vec<PermissionCase> {
        let mut calls = Vec::new();
        let mut rules = String::new();
        for number in 0..count {
            let mut arguments = Map::new();
            for _ in 0..self.rng.usize(1..5) {
                let (name, value) = (self.one(&NAMES), self.value());
                // An object that cannot be made a text breaks the build of February elsewhere.
                if name != "toString" {
                    arguments.insert(name.to_owned(), value);
                }
            }
            if number % CALLS_IN_A_RUN == 0 {
                let count = self.rng.usize(3..30);
                let drawn = (0..count).map(|position| self.rule_for_run(position, &arguments));
                rules = format!("[{}]", drawn.collect::<Vec<_>>().join(","));
            }
            arguments.insert("path".to_owned(), json!("/nowhere/x"));
            let context = Some("thread".to_owned());
            calls.push(self.case(rules.clone(), "Read".to_owned(), arguments, context));
        }
        calls
    }

    fn case(
        &mut self,
        rules: String,
        tool: String,
        arguments: Map<String, Value>,
        context: Option<String>,
    ) -> PermissionCase {
        self.drawn += 1;
        PermissionCase {
            name: format!("random-{}-{}", self.seed, self.drawn - 1),
            rules: RawValue::from_string(rules).expect("rules are JSON"),
            tool,
            arguments,
            context,
            answers: Vec::new(),
        }
    }

    /// Draws a rule that is as likely as not about this tool.
    fn rule(&mut self, tool: &str, arguments: &Map<String, Value>) -> String {
        if self.rng.u8(..150) == 0 {
            return self.one(&BROKEN).to_owned();
        }
        let pattern = match self.rng.u8(..8) {
            0 => "*".to_owned(),
            1 | 2 => tool.to_owned(),
            3..=5 if !tool.is_empty() => self.near(tool),
            _ => self.joined(&GLOB_PIECES, 6),
        };
        // A rule for every call would hide those behind it.
        let tool_alone = pattern != "*" && self.rng.u8(..4) == 0;
        let mut rule = json!({"tool": pattern, "action": self.one(&ACTIONS)});
        if self.rng.u8(..8) == 0 {
            rule["context"] = json!(self.one(&["thread", "subagent"]));
        }
        if !tool_alone {
            rule["matches"] = Value::Object(self.matches(arguments));
        }
        match self.rng.u8(..40) {
            // Of two equal keys the last one counts.
            0 => rule.to_string().replacen('{', r#"{"tool":"Other","#, 1),
            1 => rule.to_string().replacen('{', r#"{"note":[1],"#, 1),
            _ => rule.to_string(),
        }
    }

    fn rule_for_run(&mut self, position: usize, arguments: &Map<String, Value>) -> String {
        let message = format!("{MESSAGE}{position};");
        let matches = self.matches(arguments);
        json!({"tool": "Read", "action": "reject", "matches": matches, "message": message})
            .to_string()
    }

    fn matches(&mut self, arguments: &Map<String, Value>) -> Map<String, Value> {
        let given: Vec<&String> = arguments.keys().collect();
        let mut matches = Map::new();
        for _ in 0..self.rng.usize(1..3) {
            let name = match given.is_empty() || self.rng.u8(..4) == 0 {
                true => self.one(&NAMES).to_owned(),
                false => given[self.rng.usize(..given.len())].clone(),
            };
            let condition = match arguments.get(&name) {
                Some(Value::String(text)) => self.condition(text),
                Some(value) if self.rng.bool() => self.condition_for(value),
                _ => self.condition("ls"),
            };
            match self.rng.u8(..6) {
                0 => matches.insert(format!("{name}.{}", self.one(&NAMES)), condition),
                _ => matches.insert(name, condition),
            };
        }
        matches
    }

    /// Draws a condition for a value that is no text.
    fn condition_for(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(fields) if self.rng.u8(..4) > 0 => {
                let kept = fields.iter().filter(|_| self.rng.bool());
                let kept: Vec<_> = kept
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                let kept = kept.into_iter().map(|(name, value)| {
                    let condition = match value {
                        Value::String(text) => self.condition(&text),
                        other => other,
                    };
                    (name, condition)
                });
                Value::Object(kept.collect())
            }
            Value::Array(items) if self.rng.bool() => {
                let fields = items.iter().enumerate();
                let fields = fields.map(|(index, item)| (index.to_string(), item.clone()));
                Value::Object(fields.take(2).collect())
            }
            other if self.rng.bool() => other.clone(),
            other => json!([other, self.one(&TEXTS)]),
        }
    }

    fn condition(&mut self, text: &str) -> Value {
        match self.rng.u8(..24) {
            0 => Value::from("*"),
            1 | 2 => Value::from(text),
            3..6 => Value::from(self.one(&EXPRESSIONS)),
            6..9 => {
                let pieces = self.joined(&EXPRESSION_PIECES, 6);
                Value::from(format!("/{pieces}/"))
            }
            9 | 10 => json!([self.pattern(text), self.pattern(text)]),
            11 => json!([self.value(), self.pattern(text)]),
            12 | 13 => match self.value() {
                // An empty list is no condition.
                Value::Array(_) => Value::Null,
                value => value,
            },
            _ => Value::from(self.pattern(text)),
        }
    }

    fn value(&mut self) -> Value {
        let values = values();
        match self.rng.u8(..3) {
            0 => Value::from(self.one(&TEXTS)),
            _ => values[self.rng.usize(..values.len())].clone(),
        }
    }

    fn pattern(&mut self, text: &str) -> String {
        match self.rng.bool() {
            true => self.cut(text),
            false => self.joined(&TEXT_PIECES, 5),
        }
    }

    /// Puts stars in place of parts of a text; many of them over a long one take a CLI for ever.
    fn cut(&mut self, text: &str) -> String {
        let kept: String = text
            .chars()
            .take(16)
            .map(|character| match self.rng.u8(..6) {
                0 => '*',
                _ => character,
            })
            .collect();
        match self.rng.u8(..4) {
            0 => format!("{kept}*"),
            1 => format!("*{kept}"),
            _ => kept,
        }
    }

    /// Puts glob pieces in place of characters of a tool's name.
    fn near(&mut self, tool: &str) -> String {
        let mut glob = String::new();
        for character in tool.chars() {
            match self.rng.u8(..5) {
                0 if self.rng.u8(..8) == 0 => glob.push_str(self.one(&RARE_GLOB_PIECES)),
                0 => glob.push_str(self.one(&GLOB_PIECES)),
                1 => glob.push_str(self.one(&["*", "?", "**", "[a-z]", "[^x]"])),
                _ => glob.push(character),
            }
        }
        glob
    }

    fn joined(&mut self, pieces: &[&str], most: usize) -> String {
        let count = self.rng.usize(1..=most);
        (0..count).map(|_| self.one(pieces)).collect()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.rng.usize(..of.len())]
    }
}
