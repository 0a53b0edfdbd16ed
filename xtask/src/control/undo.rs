//! `ampctl undo` with real CLIs: whatever an agent did to files, they become what they were.

use std::ffi::OsString;
use std::fs;

use anyhow::{Result, ensure};
use fixtures::script::{Answer, Block, Script};

use super::Case;
use super::place::{LIMIT, PROMPT, Place};
use crate::command;
use crate::installed_cli::InstalledCli;

/// What the agent does, call by call.
const DEEDS: [&str; 3] = [
    "printf 'changed' > changed.txt; chmod 755 changed.txt",
    "rm deleted.txt; mkdir -p new/folder; echo new > new/folder/file.txt",
    "ln -sf changed.txt link; mv renamed.txt name.txt; echo built > ignored.log",
];

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        name: "undo: files that commands changed, deleted, made, linked and renamed".to_owned(),
        expected: Box::new(|_| "changed, then as before".to_owned()),
        attempt: Box::new(|cli| Box::pin(attempt(cli))),
    }]
}

async fn attempt(cli: InstalledCli) -> Result<String> {
    let place = Place::with(&cli, |_| {
        let calls = DEEDS.map(|deed| Block::Shell(deed.to_owned()));
        let last = Block::Text("It is done.".to_owned());
        let answer = |block| Answer {
            blocks: vec![block],
            ..Answer::default()
        };
        Script {
            answers: calls.into_iter().chain([last]).map(answer).collect(),
            ..Script::default()
        }
    })
    .await?;
    for name in ["changed.txt", "deleted.txt", "renamed.txt"] {
        place.write(&format!("project/{name}"), format!("{name}\r\n"))?;
    }
    place.write("project/.gitignore", "*.log\n")?;
    let init = amp_process::ProcessSpec::new("git")
        .with_arguments(["init", "-q"])
        .with_environment(place.environment())
        .with_working_directory(place.path("project"));
    command::run(init, LIMIT).await?;
    let before = state(&place)?;
    let run: [OsString; 5] = [
        "run".into(),
        "--dangerously-allow-all".into(),
        "--amp".into(),
        cli.executable.clone().into(),
        PROMPT.into(),
    ];
    let ran = place.ampctl(run).await?;
    let code = ran.exit.status().code();
    ensure!(code == Some(0), "{}{}", ran.stdout, ran.exit.stderr());
    let changed = state(&place)?;
    let undone = place.ampctl(["undo", "--yes"].map(OsString::from)).await?;
    let said = undone.exit.stderr();
    ensure!(undone.exit.status().code() == Some(0), "{said}");
    let after = state(&place)?;
    let changed = if changed == before {
        "as before"
    } else {
        "changed"
    };
    let after = if after == before {
        "as before"
    } else {
        "changed"
    };
    Ok(format!("{changed}, then {after}"))
}

/// Returns what lies in the project, but for the repository and what is ignored.
fn state(place: &Place) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place.path("project"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != ".git" && name != "ignored.log" {
            let content = fs::read(entry.path()).ok();
            let kind = entry.metadata()?.permissions();
            found.push(format!("{name} {kind:?} {content:?}"));
        }
    }
    found.sort();
    Ok(found)
}
