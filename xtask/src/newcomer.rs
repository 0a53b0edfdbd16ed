//! `cargo xtask newcomer`: from a fresh clone to a continued thread, by the README alone.
//!
//! The first commands of the README are typed into one shell, as they are printed, in a clone of
//! what is committed and with an empty home folder. Two things are not a newcomer's: the service is
//! the stand-in on loopback, so any key will do; and the build may use crates that were downloaded
//! before and leaves out what optimises across crates, which takes most of its time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use amp_process::{Deadlines, ProcessSpec};
use anyhow::{Context, Result, ensure};
use fixtures::backend::{Backend, Options};
use serde::Deserialize;

use crate::{command, machine, say, workspace_root};

/// Time for all of it: a cold build on a small machine and a download of 100 MB.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Folders that are not part of the sources.
const NO_SOURCES: [&str; 2] = [".git", "target"];

/// What a newcomer brings along: the way to the network, the toolchain, npm's configuration.
const BROUGHT_ALONG: [&str; 21] = [
    "ALL_PROXY",
    // Which Amp CI pins.
    "AMPCTL_VERSION",
    "CARGO_HOME",
    "CARGO_HTTP_CAINFO",
    "GIT_SSL_CAINFO",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "NPM_CONFIG_REGISTRY",
    "NPM_CONFIG_USERCONFIG",
    "PATH",
    "RUSTUP_HOME",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Walks from the clone to the second answer.
///
/// # Errors
/// When a command of the README fails, or the thread does not have two completed turns.
pub fn run() -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder for the newcomer")?;
    let home = folder.path().join("home");
    let clone = folder.path().join("amp");
    fs::create_dir(&home).context("cannot make a home folder")?;
    let service = Backend::start_blocking(Options::for_workspace(&clone))
        .context("cannot start the stand-in service")?;
    let environment = environment(&home, &service.url())?;
    machine::runtime()?.block_on(walk(&clone, environment))?;
    say("\nA newcomer gets from the clone to a continued thread.");
    Ok(())
}

async fn walk(clone: &Path, environment: BTreeMap<OsString, OsString>) -> Result<()> {
    let program = |name: &str| ProcessSpec::new(name).with_environment(environment.clone());
    let git = program("git")
        .with_arguments(["clone", "--quiet"])
        .with_arguments([&workspace_root(), clone]);
    if let Err(error) = command::output(git, LIMIT).await {
        // An export has no history, and git does not trust every owner of one.
        crate::note(format!("a copy takes the place of a clone: {error:#}"));
        copy(&workspace_root(), clone).context("cannot copy the workspace")?;
    }
    let readme = fs::read_to_string(clone.join("README.md")).context("no README")?;
    let commands = first_commands(&readme).context("the README has no commands")?;
    let shell = program("sh")
        .with_arguments(["-exc", &format!("exec 2>&1\n{commands}")])
        .with_variable("PS4", "$ ")
        .with_working_directory(clone);
    show(shell).await?;

    let record = program("ampctl").with_arguments(["sessions", "show", "last", "--json"]);
    let record: Record = serde_json::from_str(&command::output(record, LIMIT).await?)
        .context("`ampctl sessions show --json` has another shape")?;
    let ends: Vec<&str> = record.turns.iter().map(|turn| &*turn.end.status).collect();
    ensure!(
        ends == ["completed", "completed"],
        "the turns ended as {ends:?}"
    );
    Ok(())
}

/// Copies the sources of the workspace.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copied = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            fs::copy(entry.path(), copied)?;
        } else if !NO_SOURCES.iter().any(|name| entry.file_name() == *name) {
            copy(&entry.path(), &copied)?;
        }
    }
    Ok(())
}

/// What `ampctl sessions show --json` says.
#[derive(Deserialize)]
struct Record {
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    end: End,
}

#[derive(Deserialize)]
struct End {
    status: String,
}

/// Runs a program to its end and shows each line as it comes.
async fn show(spec: ProcessSpec) -> Result<()> {
    let deadlines = Deadlines::default().with_total(Some(LIMIT));
    let mut process = spec.with_deadlines(deadlines).spawn().await?;
    while let Ok(Some(line)) = process.next_line().await {
        say(String::from_utf8_lossy(line.bytes()));
    }
    let exit = process.finish().await;
    ensure!(
        exit.status().is_success(),
        "the last command ended with {}",
        exit.status()
    );
    ensure!(
        exit.survivors().is_empty(),
        "left behind: {:?}",
        exit.survivors()
    );
    Ok(())
}

/// Returns the first fence of commands, with a key filled in.
fn first_commands(readme: &str) -> Option<String> {
    let (_, rest) = readme.split_once("```sh\n")?;
    let (commands, _) = rest.split_once("```")?;
    Some(commands.replace("AMP_API_KEY=…", "AMP_API_KEY=no-key-needed-here"))
}

/// Returns the environment of somebody with a toolchain, a network and an empty home.
fn environment(home: &Path, service: &str) -> Result<BTreeMap<OsString, OsString>> {
    let everything = machine::environment();
    let mut environment = everything.clone();
    environment.retain(|name, _| BROUGHT_ALONG.iter().any(|brought| name == brought));
    // What lies in a maintainer's home unless a variable says otherwise.
    if let Some(theirs) = everything.get("HOME".as_ref() as &std::ffi::OsStr) {
        let places = [
            ("CARGO_HOME", ".cargo"),
            ("RUSTUP_HOME", ".rustup"),
            ("NPM_CONFIG_USERCONFIG", ".npmrc"),
        ];
        for (name, place) in places {
            let place = Path::new(theirs).join(place);
            if place.exists() {
                environment.entry(name.into()).or_insert(place.into());
            }
        }
    }
    let installed = home.join(".cargo");
    let path = std::env::split_paths(&machine::search_path()).collect::<Vec<_>>();
    let path = std::env::join_paths([installed.join("bin")].into_iter().chain(path))
        .context("PATH cannot be extended")?;
    let target = workspace_root().join("target/newcomer");
    let own: [(&str, OsString); 8] = [
        ("HOME", home.into()),
        ("PATH", path),
        ("CARGO_INSTALL_ROOT", installed.into()),
        ("CARGO_TARGET_DIR", target.into()),
        ("CARGO_PROFILE_RELEASE_LTO", "off".into()),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16".into()),
        ("AMP_URL", service.into()),
        ("AMP_SKIP_UPDATE_CHECK", "1".into()),
    ];
    environment.extend(own.map(|(name, value)| (name.into(), value)));
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_begins_with_the_way_to_a_continued_thread() {
        let readme = std::fs::read_to_string(workspace_root().join("README.md")).unwrap();
        let commands = first_commands(&readme).unwrap();
        let words = |line: &str| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            commands.lines().map(words).collect::<Vec<_>>(),
            [
                "cargo install",
                "ampctl install",
                "export AMP_API_KEY=no-key-needed-here",
                "ampctl run",
                "ampctl continue"
            ]
        );
        let screen = readme.lines().take(45).collect::<Vec<_>>().join("\n");
        assert!(
            screen.contains("ampctl continue"),
            "all of it on one screen"
        );
    }
}
