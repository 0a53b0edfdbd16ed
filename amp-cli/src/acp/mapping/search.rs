//! What a search has found, and the files in it.
//!
//! `Grep` answers with a list of `PATH:LINE:TEXT`, `glob` with one of paths (builds of 2026-02-10 and
//! 2026-09-23, with ripgrep at hand); `finder` with prose.

use std::path::{Path, PathBuf};

use agent_client_protocol::v1::schema::ToolCallLocation;
use amp_session::path_of_address;
use amp_session::protocol::tool::ToolInput;

/// The most files of an answer that an editor is told of.
const MOST: usize = 100;

/// Returns the lines that `Grep` or `glob` has found; `None` of what is no such list.
pub(super) fn found(input: &ToolInput<'_>, answer: &str) -> Option<Vec<String>> {
    match input {
        ToolInput::Grep(_) | ToolInput::Glob(_) => serde_json::from_str(answer).ok(),
        _ => None,
    }
}

/// Returns the files that a search names by their whole path, each once, with the line that is named
/// first.
pub(super) fn locations(
    input: &ToolInput<'_>,
    answer: &str,
    folder: &Path,
) -> Vec<ToolCallLocation> {
    let found = found(input, answer);
    let lines = || found.iter().flatten().map(String::as_str);
    let named: Vec<Named> = match input {
        ToolInput::Grep(_) => lines().map(with_line).collect(),
        ToolInput::Glob(_) => lines().map(|line| (line.into(), None)).collect(),
        ToolInput::Finder(_) => words(answer)
            .filter_map(|word| in_prose(word, folder))
            .collect(),
        _ => Vec::new(),
    };
    let mut locations: Vec<ToolCallLocation> = Vec::new();
    for (path, line) in named {
        let is_known = locations.iter().any(|known| known.path == path);
        if path.is_absolute() && !is_known && locations.len() < MOST {
            locations.push(ToolCallLocation::new(path).line(line));
        }
    }
    locations
}

/// A file, and a line of it.
type Named = (PathBuf, Option<u32>);

/// Parts `PATH:LINE:TEXT`, `PATH:LINE` and `PATH#LLINE`; anything else is a path.
fn with_line(text: &str) -> Named {
    let marks = text.match_indices([':', '#']);
    let found = marks.into_iter().find_map(|(place, mark)| {
        let behind = &text[place + 1..];
        let behind = match mark {
            "#" => behind.strip_prefix('L')?,
            _ => behind,
        };
        let digits = behind.find(|character: char| !character.is_ascii_digit());
        let line = behind[..digits.unwrap_or(behind.len())].parse().ok()?;
        Some((PathBuf::from(&text[..place]), Some(line)))
    });
    found.unwrap_or_else(|| (text.into(), None))
}

/// Parts prose, with its Markdown, at what stands around a path.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text
        .split(|character: char| character.is_whitespace() || "()[]<>`\"'*,;".contains(character));
    words.map(|word| word.trim_end_matches(['.', ':']))
}

/// Reads a word as an address, or as a path in the folder; `/or` and the like are neither.
fn in_prose(word: &str, folder: &Path) -> Option<Named> {
    let (path, line) = with_line(word);
    match path.to_str().and_then(path_of_address) {
        Some(path) => Some((path.into(), line)),
        None => path.starts_with(folder).then_some((path, line)),
    }
}

#[cfg(test)]
mod tests {
    use amp_session::protocol::RawJson;
    use amp_session::protocol::tool::ToolName;
    use serde_json::{Value, json};

    use super::*;

    fn told(tool: &str, input: &Value, answer: &str) -> Vec<String> {
        let input = RawJson::from_value(input).unwrap();
        let name = ToolName::from(tool);
        let input = ToolInput::read(&name, &input);
        let locations = locations(&input, answer, Path::new("/w"));
        let locations = locations.iter().map(|location| {
            let path = location.path.display();
            match location.line {
                Some(line) => format!("{path}@{line}"),
                None => path.to_string(),
            }
        });
        locations.collect()
    }

    #[test]
    #[cfg(unix)]
    fn files_that_were_found_are_told_of_once_with_their_first_line() {
        let grep = json!({"pattern": "stub"});
        let answer =
            r#"["/w/a b.rs:12:let x: u8 = 1;","/w/a b.rs:40:x","/other/c.rs:1:","rel.rs:2:y"]"#;
        assert_eq!(
            told("Grep", &grep, answer),
            ["/w/a b.rs@12", "/other/c.rs@1"]
        );
        let glob = json!({"filePattern": "**/*"});
        assert_eq!(
            told("glob", &glob, r#"["/w/a:1.rs","/w/d"]"#),
            ["/w/a:1.rs", "/w/d"]
        );
        for answer in ["nothing", "", "{}", "[1]"] {
            assert_eq!(
                told("Grep", &grep, answer),
                Vec::<String>::new(),
                "{answer}"
            );
        }
    }

    #[test]
    #[cfg(unix)]
    fn files_in_the_prose_of_the_finder_are_those_of_the_folder_and_addresses() {
        let answer = "See [main](file:///x/main%20one.rs#L10-L20), `/w/lib.rs:7`, /w/lib.rs:9 and/or \
            /w/mod.rs. The route /users and https://example.com/w/y are no files.";
        assert_eq!(
            told("finder", &json!({"query": "main"}), answer),
            ["/x/main one.rs@10", "/w/lib.rs@7", "/w/mod.rs"]
        );
    }

    #[test]
    fn an_answer_names_no_more_files_than_an_editor_can_show() {
        let lines: Vec<String> = (0..500)
            .map(|number| format!("/w/{number}.rs:1:x"))
            .collect();
        let answer = serde_json::to_string(&lines).unwrap();
        let told = told("Grep", &json!({"pattern": "x"}), &answer);
        assert!(told.len() <= MOST);
    }
}
