//! What differs between what is on file and what was just seen, for a maintainer to read.

use std::fmt::Write;

use serde_json::Value;
use similar::TextDiff;

/// Longer lines are cut, so that a one-megabyte text does not flood the terminal.
const LONGEST_LINE: usize = 2000;

/// Returns a unified diff of two texts, or nothing when they are equal.
#[must_use]
pub fn text(name: &str, on_file: &str, seen: &str) -> Option<String> {
    if on_file == seen {
        return None;
    }
    let mut rendered = String::new();
    let difference = TextDiff::from_lines(on_file, seen);
    let unified = difference
        .unified_diff()
        .context_radius(2)
        .header(&format!("{name} (on file)"), &format!("{name} (seen)"))
        .to_string();
    for line in unified.lines() {
        let _ = writeln!(rendered, "{}", cut(line));
    }
    Some(rendered)
}

/// Returns a diff of two files of JSON lines with one key a line, or nothing when they are equal.
#[must_use]
pub fn json_lines(name: &str, on_file: &[u8], seen: &[u8]) -> Option<String> {
    if on_file == seen {
        return None;
    }
    let difference = text(name, &one_key_a_line(on_file), &one_key_a_line(seen));
    // The same values in other bytes: another order of keys, or spaces.
    difference.or_else(|| text(name, &lossy(on_file), &lossy(seen)))
}

fn one_key_a_line(bytes: &[u8]) -> String {
    let mut rendered = String::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice::<Value>(line) {
            Ok(value) => {
                let _ = writeln!(rendered, "{value:#}");
            }
            Err(_) => rendered.push_str(&lossy(line)),
        }
    }
    rendered
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{} … ({} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}
