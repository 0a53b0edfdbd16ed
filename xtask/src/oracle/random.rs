//! Random questions, drawn so that rules nearly match.

use fastrand::Rng;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::question::Question;

const TOOLS: [&str; 12] = [
    "Foo",
    "foo",
    "Fob",
    "mcp__a__b",
    "mcp__a",
    "a/b",
    "a/b/c",
    ".a",
    "a.b",
    "Bash",
    "shell_command",
    "ab",
];
/// Pieces of tool globs.
const GLOB_PIECES: [&str; 34] = [
    "*", "*", "**", "?", "/", "/", ".", "a", "b", "Fo", "o", "[ab]", "[a-c]", "[^a]", "[!a]",
    "{a,b}", "{a*,F?o}", "{a}", "[", "]", "{", "}", ",", "!", "+", "mcp__", "_", "**/", "/**",
    "***", "$", "^", "-", "@",
];
const TEXTS: [&str; 12] = [
    "git push",
    "git  push",
    "git status\ngit push",
    "rm -rf /\nls",
    "ls",
    "ls -la",
    "/tmp/x",
    "a\rb",
    "git push\n",
    "a.b",
    "xtmpx",
    "gît 😀 push",
];
/// Pieces of patterns for texts.
const TEXT_PIECES: [&str; 22] = [
    "*", "*", "*", "git", " ", "push", "ls", "\n", "rm", "/", ".", "?", "[a]", "a", "b", "-la",
    "tmp", "\\", "+", "$", "x", "😀",
];
/// Patterns between slashes.
const EXPRESSIONS: [&str; 16] = [
    "/git/",
    "/^git/",
    "/push$/",
    "/^ls$/",
    "/a.b/",
    "/tmp/",
    "/(/",
    "/./",
    r"/\s{2}/",
    "/^(?!git)/",
    "/git|ls/",
    r"/\bpush\b/",
    "/[^ -~]/",
    r"/^\S+ \S+$/",
    "/GIT/i",
    "//",
];
const NAMES: [&str; 4] = ["cmd", "command", "path", "o.a"];
const ACTIONS: [&str; 3] = ["allow", "ask", "reject"];

/// Draws questions; the same seed draws the same ones.
pub struct Random(Rng);

impl Random {
    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// Draws the next question, and names it after the seed and its number.
    ///
    /// # Panics
    /// Never: what is drawn can be written as JSON.
    #[must_use]
    pub fn question(&mut self, seed: u64, number: usize) -> Question {
        let tool = match self.0.u8(..4) {
            0 => self.joined(&["a", "b", "/", ".", "Fo", "o", "_"], 5),
            _ => self.one(&TOOLS).to_owned(),
        };
        let mut arguments = Map::new();
        for _ in 0..self.0.usize(..3) {
            let (name, text) = (self.one(&NAMES), self.one(&TEXTS));
            arguments.insert(name.to_owned(), Value::from(text));
        }
        let count = self.0.usize(1..9);
        let rules: Vec<String> = (0..count).map(|_| self.rule(&tool, &arguments)).collect();
        let rules = RawValue::from_string(format!("[{}]", rules.join(",")));
        Question {
            name: format!("random-{seed}-{number}"),
            rules: rules.expect("rules are JSON"),
            tool,
            arguments,
            context: (self.0.u8(..8) == 0).then(|| self.one(&["thread", "subagent"]).to_owned()),
        }
    }

    /// Draws a rule that is as likely as not about this tool.
    fn rule(&mut self, tool: &str, arguments: &Map<String, Value>) -> String {
        let pattern = match self.0.u8(..8) {
            0 => "*".to_owned(),
            1 => tool.to_owned(),
            2..=4 if !tool.is_empty() => self.near(tool),
            _ => self.joined(&GLOB_PIECES, 6),
        };
        let mut rule = json!({"tool": pattern, "action": self.one(&ACTIONS)});
        if self.0.u8(..8) == 0 {
            rule["context"] = json!(self.one(&["thread", "subagent"]));
        }
        if self.0.u8(..3) > 0 {
            let given: Vec<&String> = arguments.keys().collect();
            let mut matches = Map::new();
            for _ in 0..self.0.usize(1..3) {
                let name = match given.is_empty() || self.0.u8(..4) == 0 {
                    true => self.one(&NAMES).to_owned(),
                    false => given[self.0.usize(..given.len())].clone(),
                };
                let text = arguments.get(&name).and_then(Value::as_str);
                let condition = self.condition(text.unwrap_or("ls"));
                matches.insert(name, condition);
            }
            rule["matches"] = Value::Object(matches);
        }
        rule.to_string()
    }

    fn condition(&mut self, text: &str) -> Value {
        match self.0.u8(..10) {
            0 => Value::from("*"),
            1 => Value::from(text),
            2 => Value::from(self.one(&EXPRESSIONS)),
            3 => json!([self.pattern(text), self.pattern(text)]),
            4 => self
                .0
                .choice([json!(5), json!(true), Value::Null, json!({})])
                .unwrap_or_default(),
            _ => Value::from(self.pattern(text)),
        }
    }

    fn pattern(&mut self, text: &str) -> String {
        match self.0.bool() {
            true => self.cut(text),
            false => self.joined(&TEXT_PIECES, 5),
        }
    }

    /// Puts stars in place of parts of a text.
    fn cut(&mut self, text: &str) -> String {
        let kept: String = text
            .chars()
            .map(|character| match self.0.u8(..6) {
                0 => '*',
                _ => character,
            })
            .collect();
        match self.0.u8(..4) {
            0 => format!("{kept}*"),
            1 => format!("*{kept}"),
            _ => kept,
        }
    }

    /// Puts glob pieces in place of characters of a tool's name.
    fn near(&mut self, tool: &str) -> String {
        let mut glob = String::new();
        for character in tool.chars() {
            match self.0.u8(..5) {
                0 => glob.push_str(self.one(&GLOB_PIECES)),
                1 => glob.push_str(self.one(&["*", "?", "**", "[a-z]", "[^x]"])),
                _ => glob.push(character),
            }
        }
        glob
    }

    fn joined(&mut self, pieces: &[&str], most: usize) -> String {
        let count = self.0.usize(1..=most);
        (0..count).map(|_| self.one(pieces)).collect()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.0.usize(..of.len())]
    }
}
