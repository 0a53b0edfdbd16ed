//! Which values are secrets: told by the names of variables, headers and fields.

use serde_json::{Map, Value};

use super::Secrets;
use super::escapes::unescape;
use crate::config::SessionConfig;
use crate::environment::{self, Environment};
use crate::settings::{self, Effective};

/// A shorter key is none.
const SHORTEST_KEY: usize = 8;

/// Shorter values that only a name makes secret are too likely to be ordinary words, such as the
/// password `postgres`.
const SHORTEST_NAMED: usize = 12;

/// Ends of names whose values tell where a secret is.
const PLACES: [&str; 6] = ["_PATH", "_FILE", "_DIR", "_URL", "_HOST", "_SOCK"];

/// Parts of names whose values are secrets.
const NAMES: [&str; 9] = [
    "KEY",
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSPHRASE",
    "AUTHORIZATION",
    "CREDENTIAL",
    "COOKIE",
    "BEARER",
];

/// Last words of names whose values are secrets; as parts they would be in too many names.
const LAST_WORDS: [&str; 4] = ["AUTH", "PASS", "PAT", "DSN"];

/// Headers whose values are no secrets.
const HARMLESS_HEADERS: [&str; 8] = [
    "ACCEPT",
    "ACCEPT-ENCODING",
    "ACCEPT-LANGUAGE",
    "CONTENT-TYPE",
    "HOST",
    "ORIGIN",
    "REFERER",
    "USER-AGENT",
];

/// The setting with MCP servers.
const SERVERS: &str = "amp.mcpServers";

impl Secrets {
    /// Collects the secrets of a run: of its environment, of the MCP servers in its configuration,
    /// the settings files and the file with more of them, and the key in Amp's own store.
    pub(crate) fn of(
        environment: &Environment,
        config: &SessionConfig,
        settings: &Effective,
        stored_key: Option<&str>,
    ) -> Self {
        let mut collected = Collected {
            environment,
            values: Vec::new(),
        };
        let key = environment::text(environment, "AMP_API_KEY");
        for key in key.into_iter().chain(stored_key) {
            collected.add(key, SHORTEST_KEY);
        }
        for (name, value) in environment {
            let Some(value) = value.to_str() else {
                continue;
            };
            match name.to_str() {
                Some(name) if is_secret(name) => collected.add_named(value),
                _ => collected.add_password_of_address(value),
            }
        }
        collected.add_servers(&config.mcp_servers);
        if let Some(servers) = config.settings.get(SERVERS) {
            collected.add_all_servers(servers);
        }
        for (_, servers) in settings.values(SERVERS) {
            collected.add_all_servers(servers);
        }
        if let Some(servers) = servers_of_file(config) {
            collected.add_servers(&servers);
        }
        Self::new(collected.values)
    }
}

/// The secrets found so far.
struct Collected<'a> {
    environment: &'a Environment,
    values: Vec<String>,
}

impl Collected<'_> {
    fn add_all_servers(&mut self, servers: &Value) {
        if let Value::Object(servers) = servers {
            self.add_servers(servers);
        }
    }

    /// Adds what MCP servers are given in variables, headers, arguments and addresses.
    fn add_servers(&mut self, servers: &Map<String, Value>) {
        for (name, value) in servers {
            match value {
                Value::Object(headers) if name == "headers" => self.add_headers(headers),
                Value::Object(fields) => self.add_servers(fields),
                Value::Array(arguments) => self.add_arguments(arguments),
                Value::String(value) if is_secret(name) => self.add_named(value),
                Value::String(value) => self.add_parts_of_address(value),
                _ => {}
            }
        }
    }

    fn add_headers(&mut self, headers: &Map<String, Value>) {
        for (name, value) in headers {
            let is_harmless = HARMLESS_HEADERS.contains(&name.to_uppercase().as_str());
            if let Some(value) = value.as_str().filter(|_| !is_harmless) {
                self.add_named(value);
            }
        }
    }

    /// Adds `--api-key=VALUE`, `--api-key VALUE` and `Authorization: Bearer VALUE`.
    fn add_arguments(&mut self, arguments: &[Value]) {
        let mut expected = false;
        for argument in arguments.iter().filter_map(Value::as_str) {
            if std::mem::take(&mut expected) {
                self.add_named(argument);
            }
            match argument.split_once(['=', ':']) {
                Some((name, value)) if is_secret(name) => self.add_named(value),
                Some(_) => self.add_parts_of_address(argument),
                None => expected = argument.starts_with('-') && is_secret(argument),
            }
        }
    }

    /// Adds the password of an address and its parameters that are secrets by their names.
    fn add_parts_of_address(&mut self, text: &str) {
        self.add_password_of_address(text);
        self.add_variables_in(text);
        let Some((_, query)) = text.split_once('?') else {
            return;
        };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if is_secret(name) {
                self.add_named(value);
            }
        }
    }

    /// Adds the password of `scheme://user:password@host`.
    fn add_password_of_address(&mut self, text: &str) {
        let Some((_, rest)) = text.split_once("://") else {
            return;
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some((_, password)) = user.split_once(':')
        {
            self.add(password, SHORTEST_KEY);
        }
    }

    /// Adds the value of each `${NAME}`, which Amp puts in its place.
    fn add_variables_in(&mut self, text: &str) {
        for part in text.split("${").skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            if let Some(value) = environment::text(self.environment, name) {
                self.add(value, SHORTEST_NAMED);
            }
        }
    }

    /// Adds a value with a secret's name, and what may stand alone of it.
    fn add_named(&mut self, value: &str) {
        let value = value.trim();
        self.add(value, SHORTEST_NAMED);
        self.add_variables_in(value);
        // A header may begin with a scheme: `Bearer TOKEN`.
        if let Some((_, token)) = value.split_once(' ')
            && !token.contains(char::is_whitespace)
        {
            self.add(token, SHORTEST_KEY);
        }
        self.add_password_of_address(value);
        // A file of variables holds `\n` where the environment has line ends, or the reverse.
        if let Some(unescaped) = unescape(value.as_bytes())
            && let Ok(unescaped) = String::from_utf8(unescaped.text)
        {
            self.add(&unescaped, SHORTEST_NAMED);
            self.add_lines(&unescaped);
        }
        match serde_json::from_str::<Value>(value) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => {
                self.add(&compact(value), SHORTEST_NAMED);
                self.add_fields("", &json);
            }
            _ => self.add_lines(value),
        }
    }

    /// Adds the lines of a key: they stand alone behind line numbers and in a diff.
    fn add_lines(&mut self, value: &str) {
        if value.contains('\n') {
            let words = value.lines().map(str::trim);
            for line in words.filter(|line| !line.contains(' ') && !line.starts_with("-----")) {
                self.add(line, SHORTEST_NAMED);
            }
        }
    }

    /// Adds the fields of a JSON credential that are secrets by their names.
    fn add_fields(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.add_fields(name, field);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.add_fields(name, item);
                }
            }
            Value::String(text) if is_secret(name) => {
                self.add(text, SHORTEST_NAMED);
                self.add_lines(text);
            }
            _ => {}
        }
    }

    fn add(&mut self, value: &str, shortest: usize) {
        let value = value.trim();
        if value.len() >= shortest && !self.values.iter().any(|known| known == value) {
            self.values.push(value.to_owned());
        }
    }
}

/// Returns the servers of `--mcp-config`; a file that cannot be read or understood has none that
/// Amp would start.
fn servers_of_file(config: &SessionConfig) -> Option<Map<String, Value>> {
    let path = config.mcp_config_file.as_deref()?;
    let folder = config.working_directory.as_deref();
    let path = folder.map_or_else(|| path.to_owned(), |folder| folder.join(path));
    settings::values_of_file(path)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    let last_word = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    let is_named = LAST_WORDS.contains(&last_word) || NAMES.iter().any(|part| name.contains(part));
    is_named && !PLACES.iter().any(|end| name.ends_with(end))
}

/// Returns JSON without the white space between its tokens, as every encoder writes it again.
fn compact(json: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    let keeps = |character: &char| {
        let keep = in_string || !character.is_ascii_whitespace();
        match (*character, in_string, escaped) {
            ('"', _, false) => in_string = !in_string,
            ('\\', true, false) => {
                escaped = true;
                return keep;
            }
            _ => {}
        }
        escaped = false;
        keep
    };
    json.chars().filter(keeps).collect()
}
