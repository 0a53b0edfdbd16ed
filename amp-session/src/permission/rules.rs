//! Lists of rules as Amp finds them: whose they are, where each stands, and which it would take.

use std::path::{Path, PathBuf};

use amp_protocol::{PermissionRule, RawJson, RuleProblem, SettingsKey};
use serde::Serialize;
use serde_json::Value;

use super::file::{self, Node};

/// Whose rules a list holds; the first of these counts before the later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RuleScope {
    /// The administrator's: where they are set, no others of a file count.
    Managed,
    /// The repository's, whoever wrote them.
    Workspace,
    /// The user's, or of the file that stands in for theirs.
    User,
    /// Those that the CLI brings along.
    BuiltIn,
}

impl RuleScope {
    /// Returns the scope in a word, such as `workspace`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Workspace => "workspace",
            Self::User => "user",
            Self::BuiltIn => "built-in",
        }
    }

    /// Returns the word that `amp permissions test` has for it: `user` for every file.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            _ => "user",
        }
    }
}

/// The rules of one file, or of the CLI itself, in their order.
#[derive(Debug, Clone)]
pub struct RuleList {
    /// Whose they are.
    pub scope: RuleScope,
    /// The file they are from.
    pub file: Option<PathBuf>,
    /// Every rule, those that Amp would drop too.
    pub rules: Vec<WrittenRule>,
    /// Why Amp would take none of them: the setting is no list.
    pub problem: Option<String>,
}

/// A rule as it is written somewhere.
#[derive(Debug, Clone)]
pub struct WrittenRule {
    /// Its number in the list, from 1.
    pub number: usize,
    /// The line of the file that it begins on, from 1, where that is known.
    pub line: Option<usize>,
    /// The rule, or why Amp would not take it.
    pub rule: Result<PermissionRule, Vec<RuleProblem>>,
    /// The rule's JSON, comments left out.
    pub json: RawJson,
}

/// What a file says about permissions.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// Its rules.
    pub list: RuleList,
    /// Whether it is a settings file that sets `amp.dangerouslyAllowAll`.
    pub allow_all: bool,
}

impl RuleList {
    /// Takes the value of the setting `amp.permissions`; `null` counts as an empty list.
    #[must_use]
    pub fn from_value(scope: RuleScope, file: Option<&Path>, value: &Value) -> Self {
        let rules = match value {
            Value::Null => Ok(Vec::new()),
            Value::Array(rules) => Ok(rules.iter().map(json_of).collect()),
            other => Err(not_a_list(kind_of(other))),
        };
        Self::new(
            scope,
            file,
            rules.map(|rules| rules.into_iter().map(|json| (None, json))),
        )
    }

    /// Takes rules that were made here.
    #[must_use]
    pub fn from_rules(scope: RuleScope, rules: &[PermissionRule]) -> Self {
        let rules = rules.iter().map(|rule| (None, json_of(rule)));
        Self::new(scope, None, Ok(rules))
    }

    fn new(
        scope: RuleScope,
        file: Option<&Path>,
        rules: Result<impl Iterator<Item = (Option<usize>, RawJson)>, String>,
    ) -> Self {
        let (rules, problem) = match rules {
            Ok(rules) => (Some(rules), None),
            Err(problem) => (None, Some(problem)),
        };
        let rules = rules.into_iter().flatten().enumerate();
        let rules = rules.map(|(index, (line, json))| WrittenRule {
            number: index + 1,
            line,
            rule: PermissionRule::read(&json),
            json,
        });
        Self {
            scope,
            file: file.map(Path::to_path_buf),
            rules: rules.collect(),
            problem,
        }
    }

    /// Returns the rules that Amp takes, and where each stands.
    pub fn taken(&self) -> impl Iterator<Item = (&WrittenRule, &PermissionRule)> {
        let taken = self
            .rules
            .iter()
            .map(|written| (written, written.rule.as_ref().ok()));
        taken.filter_map(|(written, rule)| Some((written, rule?)))
    }

    /// Returns everything that makes `amp permissions test` refuse the list, in sentences.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let of_rules = self.rules.iter().filter_map(|written| {
            let problems = written.rule.as_ref().err()?;
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Some(format!(
                "{}: {}",
                self.name_of(written),
                problems.join("; ")
            ))
        });
        self.problem.iter().cloned().chain(of_rules).collect()
    }

    /// Names a rule for a person, such as `rule 2 of the workspace`.
    #[must_use]
    pub fn name_of(&self, written: &WrittenRule) -> String {
        let number = written.number;
        match (self.scope, &self.file, written.line) {
            (RuleScope::BuiltIn, ..) => format!("built-in rule {number}"),
            (_, Some(file), Some(line)) => {
                format!("rule {number} ({}:{line})", file.display())
            }
            (_, Some(file), None) => format!("rule {number} of {}", file.display()),
            (scope, None, _) => format!("rule {number} of the {}", scope.as_str()),
        }
    }
}

impl RuleFile {
    /// Reads a file that holds a list of rules, or settings with such a list in them.
    ///
    /// An object counts as settings when one of its keys begins with `amp.`; any other value in
    /// place of the list is what Amp would call an invalid configuration.
    ///
    /// # Errors
    /// Returns what is wrong with the text where it is no JSON as Amp reads it.
    pub fn read(scope: RuleScope, path: &Path, bytes: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        let document = file::parse(&text)?;
        let settings = match &document.content {
            file::Content::Object(entries) => {
                let own = |key: &String| key.starts_with("amp.");
                entries.iter().any(|(key, _)| own(key)).then_some(entries)
            }
            _ => None,
        };
        let Some(entries) = settings else {
            return Ok(Self {
                list: RuleList::from_node(scope, path, Some(&document)),
                allow_all: false,
            });
        };
        let get = |wanted: SettingsKey| {
            let mut found = entries
                .iter()
                .rev()
                .filter(|(key, _)| key == wanted.as_str());
            found.next().map(|(_, node)| node)
        };
        let allow_all = get(SettingsKey::DANGEROUSLY_ALLOW_ALL);
        Ok(Self {
            list: RuleList::from_node(scope, path, get(SettingsKey::PERMISSIONS)),
            allow_all: allow_all.is_some_and(|node| node.json.as_str() == "true"),
        })
    }
}

impl RuleList {
    fn from_node(scope: RuleScope, path: &Path, node: Option<&Node>) -> Self {
        let rules = match node.map(|node| &node.content) {
            None | Some(file::Content::Null) => Ok(Vec::new()),
            Some(file::Content::Array(items)) => Ok(items
                .iter()
                .map(|item| (Some(item.line), item.json.clone()))
                .collect()),
            Some(other) => Err(not_a_list(other.kind())),
        };
        Self::new(scope, Some(path), rules.map(Vec::into_iter))
    }
}

fn not_a_list(found: &str) -> String {
    format!("the rules are no list but {found}")
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Encodes what cannot fail to encode.
fn json_of<T: Serialize>(value: &T) -> RawJson {
    RawJson::from_value(value)
        .or_else(|_| RawJson::from_text("null".to_owned()))
        .expect("null is JSON")
}
