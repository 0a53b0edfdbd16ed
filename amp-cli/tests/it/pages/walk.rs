//! Walks through a page: types its commands into a shell, one after the other.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_session::ThreadId;
use amp_session::process::{
    Cause, Containment, ContainmentKind, Deadline, Deadlines, Exit, ProcessSpec,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::page::{Command, shows};
use crate::support::World;

/// How long one command may take, unless a test says otherwise.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs a command as its reader would, and keeps what the shell knows afterwards for the next one.
const SCRIPT: &str = r#"
exec 2>&1
trap 'code=$?; pwd > "$0/folder"; env -0 > "$0/variables"; exit $code' EXIT
eval "$1"
"#;

/// Represents a reader with a shell, which remembers variables and its folder.
pub(super) struct Walk<'a> {
    world: &'a World,
    environment: BTreeMap<OsString, OsString>,
    folder: PathBuf,
    /// The thread that was mentioned last.
    thread: Option<ThreadId>,
    /// Where the shell leaves what it knows.
    memory: TempDir,
    limit: Duration,
    runtime: Runtime,
}

impl<'a> Walk<'a> {
    /// Begins in the project folder of a world, a repository of git, with `ampctl` on the path.
    pub(super) fn begin(world: &'a World) -> Self {
        let programs = Path::new(env!("CARGO_BIN_EXE_ampctl")).parent();
        let path = format!(
            "{}:/usr/local/bin:/usr/bin:/bin",
            programs.expect("a folder").display()
        );
        let mut environment: BTreeMap<OsString, OsString> = world
            .environment()
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        environment.insert("PATH".into(), path.into());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let walk = Self {
            world,
            environment,
            folder: world.project(),
            thread: None,
            memory: TempDir::new().expect("a temporary folder"),
            limit: LIMIT,
            runtime: runtime.expect("a runtime"),
        };
        let (output, exit) = walk.runtime.block_on(walk.run("git init --quiet"));
        assert!(exit.status().is_success(), "git: {output}");
        walk
    }

    /// Sets how long one command may take.
    pub(super) fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Types one command and holds it against what the page says about it.
    pub(super) fn take(&mut self, command: &Command) -> Result<(), String> {
        let (place, text) = (&command.place, &command.text);
        let typed = self
            .filled_in(command.without_comment())
            .map_err(|problem| format!("{place}: {problem} in `{text}`"))?;
        let (output, exit) = self.runtime.block_on(self.run(&typed));
        if exit.cause() == Cause::DeadlinePassed(Deadline::Total) {
            return Err(format!("{place}: `{text}` did not end in time:\n{output}"));
        }
        let status = exit.status();
        if status.code() != Some(command.exit_code) {
            return Err(format!("{place}: `{text}` ended with {status}:\n{output}"));
        }
        // Within a pipe, a program that is not there leaves no other trace.
        if output.contains(": not found") || output.contains(": command not found") {
            return Err(format!("{place}: `{text}` found no program:\n{output}"));
        }
        if !exit.survivors().is_empty() {
            return Err(format!("{place}: `{text}` left a process behind"));
        }
        let home = self.world.project().with_file_name("home");
        let seen = output.replace(home.to_str().expect("UTF-8"), "/home/you");
        match &command.output {
            Some(shown) if !shows(shown, &seen) => {
                return Err(format!(
                    "{place}: `{text}` does not write that, but\n{seen}"
                ));
            }
            _ => {}
        }
        self.remember(&output);
        Ok(())
    }

    /// Fills in what a reader has to fill in: the key, and the id of a thread.
    fn filled_in(&self, command: &str) -> Result<String, &'static str> {
        let mut typed = command.replace("AMP_API_KEY=…", "AMP_API_KEY=a-key-for-tests");
        if typed.contains("T-…") {
            let thread = self.thread.as_ref().ok_or("no thread so far")?;
            typed = typed.replace("T-…", thread.as_str());
        }
        match typed.contains('…') {
            true => Err("nobody knows what to fill in"),
            false => Ok(typed),
        }
    }

    async fn run(&self, command: &str) -> (String, Exit) {
        let deadlines = Deadlines::default().with_total(Some(self.limit));
        let mut process = ProcessSpec::new("/bin/sh")
            .with_arguments(["-c", SCRIPT])
            .with_arguments([self.memory.path().as_os_str(), OsStr::new(command)])
            .with_environment(self.environment.clone())
            .with_working_directory(&self.folder)
            .with_deadlines(deadlines)
            .with_containment(Containment::Require(ContainmentKind::Group))
            .spawn()
            .await
            .expect("a shell starts");
        let mut output = String::new();
        // A deadline ends the lines as well; the exit tells.
        while let Ok(Some(line)) = process.next_line().await {
            output.push_str(&String::from_utf8_lossy(line.bytes()));
            output.push('\n');
        }
        (output, process.finish().await)
    }

    /// Keeps what the next command may build on.
    fn remember(&mut self, output: &str) {
        let read = |name| std::fs::read(self.memory.path().join(name)).expect("the shell's memory");
        let folder = read("folder");
        self.folder = PathBuf::from(OsStr::from_bytes(folder.trim_ascii_end()));
        let variables = read("variables");
        self.environment = variables
            .split(|byte| *byte == 0)
            .filter_map(|entry| {
                let end = entry.iter().position(|byte| *byte == b'=')?;
                let [name, value] = [&entry[..end], &entry[end + 1..]].map(OsStr::from_bytes);
                Some((name.to_owned(), value.to_owned()))
            })
            .collect();
        let mentioned =
            output.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        if let Some(thread) = mentioned.filter_map(|word| word.parse().ok()).next_back() {
            self.thread = Some(thread);
        }
    }
}
