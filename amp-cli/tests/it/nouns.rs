//! A *thread* is Amp's, a *session* our record of one: every JSON document says so.

use serde_json::Value;

use crate::support::{World, every_command};

/// How each command is asked for its JSON, once a session is recorded; commands that change what the
/// others tell come last.
const DOCUMENTS: &[&str] = &[
    "run --dry-run hello",
    "run --dry-run --continue last hello",
    "run --continue nobody hello",
    "continue and again",
    "sessions list",
    "sessions search hello",
    "sessions show last",
    "sessions export last --format json",
    "sessions open last --print",
    "sessions stats --by folder",
    "batch run tasks.jsonl --results out --dry-run",
    "batch run tasks.jsonl --results out --approve none",
    "batch status out",
    "batch report out",
    "batch submit --engine parallel tasks.jsonl --results out --shards 1",
    "diff",
    "undo --yes",
    "sessions prune --older-than 0s --dry-run",
    "threads list",
    "threads search hello",
    "threads show T-00000000-0000-7000-8000-000000000001",
    "threads export T-00000000-0000-7000-8000-000000000001 --format json",
    "permissions test Bash --arguments {\"cmd\":\"ls\"}",
    "permissions explain Bash --arguments {\"cmd\":\"ls\"}",
    "permissions lint",
    "permissions list",
    "permissions add reject Bash",
    "permissions remove 1",
    "install --offline",
    "mirror export copy --offline",
    "versions",
    "which",
    "modes",
    "credentials status",
    "credentials set",
    "config show",
    "login",
    "capabilities",
    "sandbox explain",
    "doctor",
    "gc",
    "uninstall 0.0.1790142911-g7618fb",
];

/// Commands that write no JSON of their own: the agent's lines, what a program writes, or nothing.
const WITHOUT_DOCUMENT: &[&str] = &[
    "acp",
    "sessions replay",
    "sessions rename",
    "sessions delete",
    "credentials clear",
    "sandbox exec",
    "completions",
    "man",
];

#[test]
fn every_json_document_names_a_thread_and_a_session_apart() {
    let world = World::replaying(&["continue-first", "continue-second"]);
    world.write("project/tasks.jsonl", "{\"prompt\":\"hello\"}\n");
    let begun = world.run(&["run", "--json", "hello"]).json();
    let ids = Ids {
        thread: begun["thread"].as_str().expect("a thread").to_owned(),
        session: begun["session"].as_str().expect("a session").to_owned(),
    };
    let mut seen = (0, 0);
    for line in DOCUMENTS {
        let mut arguments: Vec<&str> = line.split(' ').collect();
        arguments.push("--json");
        let finished = world.run(&arguments);
        let document = finished.stdout();
        assert!(!document.is_empty(), "{line}: {}", finished.document());
        let values = serde_json::Deserializer::from_str(&document).into_iter::<Value>();
        let values = values.collect::<Result<Vec<_>, _>>().expect("JSON");
        assert!(
            values.len() == 1 || values.iter().all(|value| value["event"].is_string()),
            "{line}: more than one document"
        );
        for document in &values {
            ids.check(document, "", line, &mut seen);
        }
    }
    assert!(seen.0 >= 6 && seen.1 >= 6, "{seen:?}");
}

#[test]
fn every_command_is_asked_for_its_json() {
    let leaves = every_command();
    let is_leaf = |name: &&String| {
        !leaves
            .iter()
            .any(|other| other.starts_with(&format!("{name} ")))
    };
    for name in leaves.iter().filter(is_leaf) {
        let is_asked = DOCUMENTS
            .iter()
            .any(|line| *line == name || line.starts_with(&format!("{name} ")));
        assert_ne!(
            is_asked,
            WITHOUT_DOCUMENT.contains(&name.as_str()),
            "{name}"
        );
    }
}

/// The ids of the one session that is recorded.
struct Ids {
    thread: String,
    session: String,
}

impl Ids {
    /// Looks for both ids in a value that stands under a key; counts how often each was found.
    fn check(&self, value: &Value, key: &str, line: &str, seen: &mut (usize, usize)) {
        match value {
            Value::String(text) if *text == self.thread => {
                assert_eq!(key, "thread", "`{line}` has a thread there");
                seen.0 += 1;
            }
            Value::String(text) if *text == self.session => {
                assert_eq!(key, "session", "`{line}` has a session there");
                seen.1 += 1;
            }
            Value::Array(values) => {
                for value in values {
                    self.check(value, key, line, seen);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    assert!(
                        !["session_id", "thread_id"].contains(&name.as_str()),
                        "`{line}` has a `{name}`"
                    );
                    // A session's own object has its id as `id`.
                    let name = match (key, name.as_str()) {
                        (key @ ("session" | "sessions" | "threads"), "id") => {
                            key.trim_end_matches('s')
                        }
                        // The agent's own lines and its command line are handed on as they are.
                        (_, "events" | "arguments") => continue,
                        (_, name) => name,
                    };
                    self.check(value, name, line, seen);
                }
            }
            _ => {}
        }
    }
}
