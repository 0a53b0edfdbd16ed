//! House rules that no compiler checks: file sizes, module docs, words kept out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// No Rust file is longer; past 500 lines look for the second concern.
const LONGEST_FILE: usize = 800;

/// Text that would tie the repository to a machine, an account or a registry.
///
/// Each entry is split so that this file passes its own check.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("/home/", "runner/", "a path of one machine"),
    ("/wo", "rk/", "a path of one machine"),
    ("../sha", "red", "a folder outside the repository"),
    ("sgamp", "_user_", "what looks like an Amp key"),
    (
        "registry.",
        "npmjs",
        "a registry's host; read npm's own configuration",
    ),
];

/// Checks the whole repository and prints what is wrong.
pub fn run() -> Result<()> {
    let violations = violations(&crate::workspace_root())?;
    if violations.is_empty() {
        crate::say("the repository is tidy");
        return Ok(());
    }
    bail!("the repository is not tidy:\n  {}", violations.join("\n  "))
}

/// Returns one sentence for each rule broken below `root`.
pub fn violations(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for path in files(root)? {
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        // Recordings are bytes with rules and a test of their own.
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        if path.extension().is_some_and(|extension| extension == "rs") {
            let lines = text.lines().count();
            if lines > LONGEST_FILE {
                found.push(format!(
                    "{name} has {lines} lines, more than {LONGEST_FILE}"
                ));
            }
            if !text.trim_start().starts_with("//!") {
                found.push(format!("{name} does not open with its purpose (`//!`)"));
            }
        }
        for (start, end, reason) in FORBIDDEN {
            if text.contains(&format!("{start}{end}")) {
                found.push(format!("{name} holds {reason} ({start}{end})"));
            }
        }
    }
    Ok(found)
}

/// Returns every file of the repository, build output and git's own files left out.
///
/// # Errors
/// When a folder cannot be listed.
pub fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut queue = vec![root.to_path_buf()];
    while let Some(folder) = queue.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_str(), Some("target" | ".git" | "node_modules")) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                queue.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
