//! Known secrets, and how they are kept out of everything that is stored or shown.

use std::fmt;

use serde_json::{Map, Value};

use crate::config::SessionConfig;
use crate::environment::{self, Environment};

/// What stands where a secret was.
const REPLACEMENT: &str = "[redacted]";

/// A shorter key is none.
const SHORTEST_KEY: usize = 8;

/// Shorter values that only a name makes secret are too likely to be ordinary words, such as the
/// password `postgres`.
const SHORTEST_NAMED: usize = 12;

/// Ends of names whose values tell where a secret is.
const PLACES: [&str; 6] = ["_PATH", "_FILE", "_DIR", "_URL", "_HOST", "_SOCK"];

/// Parts of names whose values are secrets.
const NAMES: [&str; 6] = [
    "KEY",
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "AUTHORIZATION",
    "CREDENTIAL",
];

/// The secrets that a turn knows of; they are never shown.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    values: Vec<String>,
}

impl Secrets {
    /// Collects the secrets of an environment and of the configured MCP servers, also those in a
    /// file.
    pub(crate) fn of(environment: &Environment, config: &SessionConfig) -> Self {
        let mut secrets = Self::default();
        if let Some(key) = environment::text(environment, "AMP_API_KEY") {
            secrets.add(key);
        }
        for (name, value) in environment {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str())
                && is_secret(name)
            {
                secrets.add_named(value);
            }
        }
        secrets.add_servers(&config.mcp_servers);
        if let Some(servers) = servers_of_file(config) {
            secrets.add_servers(&servers);
        }
        secrets
    }

    /// Adds what MCP servers are given in variables and headers.
    fn add_servers(&mut self, servers: &Map<String, Value>) {
        let parts = servers.values().flat_map(|server| {
            let part = |name| server.get(name).and_then(Value::as_object);
            [part("env"), part("headers")].into_iter().flatten()
        });
        for (name, value) in parts.flatten() {
            if let Some(value) = value.as_str().filter(|_| is_secret(name)) {
                self.add_named(value);
                // A header may begin with a scheme: `Bearer TOKEN`.
                if let Some((_, token)) = value.trim().rsplit_once(' ') {
                    self.add_named(token);
                }
            }
        }
    }

    fn add_named(&mut self, value: &str) {
        if value.trim().len() >= SHORTEST_NAMED {
            self.add(value);
        }
    }

    /// Adds one more.
    pub(crate) fn add(&mut self, value: &str) {
        let value = value.trim();
        if value.len() >= SHORTEST_KEY && !self.values.iter().any(|known| known == value) {
            self.values.push(value.to_owned());
            // A secret may contain another one.
            self.values
                .sort_by_key(|value| std::cmp::Reverse(value.len()));
        }
    }

    /// Returns a text without the secrets.
    pub(crate) fn redact_text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            if text.contains(value) {
                text = text.replace(value, REPLACEMENT);
            }
        }
        text
    }

    /// Returns bytes without the secrets; `None` when there are none in them.
    pub(crate) fn redact_bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut redacted: Option<Vec<u8>> = None;
        for value in &self.values {
            let current = redacted.as_deref().unwrap_or(bytes);
            if let Some(replaced) = replace(current, value.as_bytes()) {
                redacted = Some(replaced);
            }
        }
        redacted
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secrets({})", self.values.len())
    }
}

/// Returns the servers of `--mcp-config`; a file that cannot be read or understood has none that
/// Amp would start.
fn servers_of_file(config: &SessionConfig) -> Option<Map<String, Value>> {
    let path = config.mcp_config_file.as_deref()?;
    let folder = config.working_directory.as_deref();
    let path = folder.map_or_else(|| path.to_owned(), |folder| folder.join(path));
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    !PLACES.iter().any(|end| name.ends_with(end)) && NAMES.iter().any(|part| name.contains(part))
}

fn replace(bytes: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let finder = memchr::memmem::Finder::new(value);
    let mut rest = bytes;
    let mut replaced = Vec::new();
    while let Some(position) = finder.find(rest) {
        replaced.extend_from_slice(&rest[..position]);
        replaced.extend_from_slice(REPLACEMENT.as_bytes());
        rest = &rest[position + value.len()..];
    }
    if replaced.is_empty() {
        return None;
    }
    replaced.extend_from_slice(rest);
    Some(replaced)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        for value in values {
            secrets.add(value);
        }
        secrets
    }

    #[test]
    fn a_secret_inside_another_one_leaves_no_rest() {
        let secrets = secrets(&["longer-secret", "longer-secret-still"]);
        let text = "longer-secret-still, longer-secret";
        assert_eq!(secrets.redact_text(text), "[redacted], [redacted]");
        let bytes = secrets.redact_bytes(text.as_bytes()).unwrap();
        assert_eq!(bytes, b"[redacted], [redacted]");
    }

    #[test]
    fn secrets_are_told_by_their_names() {
        let environment = Environment::from([
            ("GITHUB_TOKEN".into(), "token-in-a-variable".into()),
            ("HOME".into(), "/somebody/at/home".into()),
            ("DATABASE_PASSWORD".into(), "postgres".into()),
            ("SSH_KEY_FILE".into(), "somewhere/id_ed25519".into()),
        ]);
        let mut config = SessionConfig::new();
        let server = json!({
            "url": "https://example.com/mcp",
            "headers": {"Authorization": "Bearer in-a-header"},
            "env": {"LOG_LEVEL": "information", "API_KEY": "key-of-a-server"},
        });
        config.mcp_servers.insert("server".to_owned(), server);
        let secrets = Secrets::of(&environment, &config);
        let text = "token-in-a-variable /somebody/at/home postgres Bearer in-a-header information \
                    somewhere/id_ed25519 key-of-a-server";
        let expected = "[redacted] /somebody/at/home postgres [redacted] information \
                        somewhere/id_ed25519 [redacted]";
        assert_eq!(secrets.redact_text(text), expected);
    }

    proptest! {
        #[test]
        fn no_secret_survives_and_nothing_else_is_touched(
            before in "[a-c ]{0,20}", after in "[a-c ]{0,20}", secret in "[x-z]{8,20}",
        ) {
            let secrets = secrets(&[&secret]);
            let text = format!("{before}{secret}{after}");
            let expected = format!("{before}[redacted]{after}");
            prop_assert_eq!(secrets.redact_text(&text), expected.clone());
            let bytes = secrets.redact_bytes(text.as_bytes());
            prop_assert_eq!(bytes, Some(expected.into_bytes()));
            prop_assert_eq!(secrets.redact_bytes(before.as_bytes()), None);
        }
    }
}
