//! Programs of a project that Amp starts by itself, whatever the rules say.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Surroundings, refused};
use crate::dialect::Generation;
use crate::error::Error;
use crate::settings::SettingsScope;

/// Folders of skills, in the working folder and each one above it.
const SKILLS: [&str; 2] = [".agents/skills", ".claude/skills"];

/// The file of a skill that names MCP servers; Amp does not look at its case.
const SERVERS: &str = "mcp.json";

/// A setting that names a folder with programs, and whether a build follows a project's.
type ProgramSetting = (&'static str, fn(Generation) -> bool);

/// The tools of a toolbox are asked what they are when the session begins (measured on 2026-05-04,
/// and no longer on 2026-09-23), and skills are taken from one more folder (measured on both).
const SETTINGS: [ProgramSetting; 2] = [
    ("amp.toolbox.path", |generation| {
        generation != Generation::ServerThreads
    }),
    ("amp.skills.path", |_| true),
];

/// How deep below a folder of skills is looked: Amp goes five folders down into each.
const DEEPEST: usize = 7;

/// How many files skills may have together.
const MOST_FILES: usize = 20_000;

/// Refuses a run in a project that brings programs which Amp starts without anybody's consent.
///
/// # Errors
///
/// [`Error::UnsafeRules`].
pub(super) fn check(around: Surroundings<'_>) -> Result<(), Error> {
    check_skills(&around)?;
    for (setting, reads) in SETTINGS {
        if reads(around.dialect.generation()) {
            check_setting(&around, setting)?;
        }
    }
    check_plugins(around)
}

/// A project's plugins are loaded by the builds that have them; they run code of their own and
/// change what a tool is called with (measured on 2026-07-15 and 2026-09-23).
fn check_plugins(around: Surroundings<'_>) -> Result<(), Error> {
    if around.dialect.generation() != Generation::ServerThreads {
        return Ok(());
    }
    let projects = around.workspace.iter();
    let projects = projects.map(|folder| (folder.join(".amp").join("plugins"), "of the project"));
    let own = around.own_plugins.map(|folder| (folder, "of the user"));
    for (plugins, whose) in projects.chain(own) {
        let is_empty = match fs::read_dir(&plugins) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !is_empty {
            return Err(started(&plugins, &format!("holds plugins {whose}")));
        }
    }
    Ok(())
}

/// The MCP servers that a skill brings are started with the session, unlike those of a project's
/// settings, which wait for consent. Skills are looked for above the repository too, up to the root
/// of the file system (measured on 2026-05-04 and 2026-09-23). Those in the home are the user's own.
fn check_skills(around: &Surroundings<'_>) -> Result<(), Error> {
    let home = around.home.map(|home| match fs::canonicalize(home) {
        Ok(real) => real,
        Err(_) => home.to_path_buf(),
    });
    let start = around.workspace.first().map(PathBuf::as_path);
    let folders = start.into_iter().flat_map(Path::ancestors);
    for folder in folders.filter(|folder| home.as_deref() != Some(folder)) {
        for skills in SKILLS {
            let mut left = MOST_FILES;
            if let Some(path) = server_below(&folder.join(skills), DEEPEST, &mut left) {
                return Err(started(&path, "may bring MCP servers of the project"));
            }
        }
    }
    Ok(())
}

/// Returns the first file that names MCP servers, or the folder of which it cannot be told.
fn server_below(folder: &Path, depth: usize, left: &mut usize) -> Option<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let holds_none = matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            );
            return (!holds_none).then(|| folder.to_path_buf());
        }
    };
    for entry in entries {
        let looked_at = left.checked_sub(1);
        let (Ok(entry), Some(rest)) = (entry, looked_at) else {
            return Some(folder.to_path_buf());
        };
        *left = rest;
        let path = entry.path();
        if names_servers(&entry) {
            return Some(path);
        }
        // Links are followed, as Amp does.
        if depth > 0
            && path.is_dir()
            && let Some(found) = server_below(&path, depth - 1, left)
        {
            return Some(found);
        }
    }
    None
}

fn names_servers(entry: &DirEntry) -> bool {
    entry.file_name().eq_ignore_ascii_case(SERVERS)
}

fn check_setting(around: &Surroundings<'_>, setting: &str) -> Result<(), Error> {
    let mut files = around.settings.of(SettingsScope::Workspace);
    let names_one = |value: &Value| !value.is_null() && value.as_str() != Some("");
    match files.find(|file| file.get(setting).is_some_and(names_one)) {
        Some(file) => {
            let what = format!("sets {setting}, a folder of programs");
            Err(started(&file.path, &what))
        }
        None => Ok(()),
    }
}

fn started(path: &Path, what: &str) -> Error {
    refused(
        format!(
            "{} {what}, which run whatever the rules say",
            path.display()
        ),
        "review them, and run without rules if you trust them",
    )
}
