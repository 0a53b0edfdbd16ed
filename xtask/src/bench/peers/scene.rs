//! An agent on the path that writes a stream, and a driver that reads it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::driver::Driver;
use super::installed::Installed;
use crate::agent_script::agent_script;
use crate::bench::long_turn::LongTurn;
use crate::machine;
use crate::measured_process::{self, Taken};

/// How much a long answer is, in bytes.
const LENGTH: usize = 200_000_000;

/// What a program told of its driver.
#[derive(Debug, Deserialize)]
struct Counted {
    messages: usize,
    first_ms: Option<f64>,
    error: Option<String>,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) taken: Taken,
    /// How many messages were handed out; nothing of a program that does not tell.
    pub(super) messages: Option<usize>,
    /// When the first came, in ms.
    pub(super) first_ms: Option<f64>,
    /// What came instead of the rest.
    pub(super) error: Option<String>,
}

/// A folder with an agent that writes a stream.
pub(super) struct Scene {
    folder: tempfile::TempDir,
    lines: usize,
}

impl Scene {
    /// An agent that writes a long answer in these lines, in the shape of each of the two agents.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn of_long_answer(lines: &[String]) -> Result<Self> {
        let scene = Self::empty()?;
        let turn = LongTurn::read()?;
        let count = turn.write_file(&scene.path("stream"), lines, LENGTH)?;
        let shaped: Vec<String> = lines.iter().map(|line| claude_shaped(line)).collect();
        let turn = turn.map(claude_shaped);
        turn.write_file(&scene.path("claude"), &shaped, LENGTH)?;
        Ok(Self {
            lines: count,
            ..scene
        })
    }

    /// An agent that writes a short turn with this line in it, in the shape of each of the two
    /// agents; a line that is no UTF-8 has none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn around(line: &[u8]) -> Result<Self> {
        let scene = Self::empty()?;
        let turn = LongTurn::read()?;
        fs::write(scene.path("stream"), turn.around(line))?;
        let turn = turn.map(claude_shaped);
        let shaped = str::from_utf8(line).map(claude_shaped);
        let shaped = shaped.map_or_else(|_| line.to_vec(), String::into_bytes);
        fs::write(scene.path("claude"), turn.around(&shaped))?;
        Ok(scene)
    }

    /// An agent that starts a program in a session of its own, which runs on, and writes the
    /// beginning of an answer; then there is a file `begun`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn that_never_ends() -> Result<Self> {
        let scene = Self::with_answer(
            "setsid sleep 600 & : > \"$HOME/begun\"; head -n 1 \"$PEERS_STREAM\"; exec sleep 600",
        )?;
        let turn = LongTurn::read()?;
        turn.write_file(&scene.path("stream"), &[], 0)?;
        let turn = turn.map(claude_shaped);
        turn.write_file(&scene.path("claude"), &[], 0)?;
        Ok(scene)
    }

    fn empty() -> Result<Self> {
        Self::with_answer("exec cat \"$PEERS_STREAM\"")
    }

    /// An agent that takes the prompt and then does this in a shell.
    fn with_answer(answer: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("bin"))?;
        // Some ask it for its version, and some keep its input open.
        fixtures::write_script(
            folder.path().join("bin/amp"),
            &agent_script(&format!("read -r prompt; {answer}")),
        );
        Ok(Self { folder, lines: 0 })
    }

    /// Returns the folder, which is the home of all that runs in it.
    pub(super) fn home(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns how many lines the agent writes.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// Runs a driver to its end.
    ///
    /// # Errors
    /// When it cannot be started, or tells nothing.
    pub(super) fn run(&self, installed: &Installed, driver: Driver) -> Result<Told> {
        let said = self.path("said");
        let mut command = self.command(installed, driver);
        command.stdout(File::create(&said)?);
        let taken = measured_process::run(&mut command)?;
        if !driver.tells() {
            let error = (!taken.is_success).then(|| "it failed".to_owned());
            return Ok(Told {
                taken,
                messages: None,
                first_ms: None,
                error,
            });
        }
        let said = fs::read_to_string(said)?;
        // The TypeScript library writes lines of its own.
        let last = said.lines().next_back().unwrap_or_default();
        let counted: Counted = serde_json::from_str(last)
            .with_context(|| format!("{} told nothing: {last}", driver.name()))?;
        Ok(Told {
            taken,
            messages: Some(counted.messages),
            first_ms: counted.first_ms,
            error: counted.error,
        })
    }

    /// Returns the program of a driver, with a home of its own and this scene's agent on its path.
    pub(super) fn command(&self, installed: &Installed, driver: Driver) -> Command {
        let (program, arguments) = installed.command(driver);
        let stream = match driver {
            Driver::ClaudeCodes => self.path("claude"),
            _ => self.path("stream"),
        };
        let path = std::env::join_paths(
            std::iter::once(self.path("bin")).chain(std::env::split_paths(&machine::search_path())),
        );
        let environment = BTreeMap::from([
            (
                "PATH".into(),
                path.unwrap_or_else(|_| machine::search_path()),
            ),
            ("HOME".into(), self.home().into()),
            ("AMP_API_KEY".into(), "fake".into()),
            ("PEERS_STREAM".into(), stream.into()),
        ]);
        let mut command = measured_process::command(&program, self.home(), &environment);
        command.args(arguments);
        command
    }
}

/// Gives a line the shape of the agent that `claude-codes` is made for: a session is a UUID, and a
/// message has a number and a model, and a result says what it cost.
fn claude_shaped(line: &str) -> String {
    line.replace("\"session_id\":\"T-", "\"session_id\":\"")
        .replace(
            "\"message\":{\"type\":\"message\",",
            "\"message\":{\"id\":\"msg_01\",\"model\":\"a\",\"type\":\"message\",",
        )
        .replace(
            "\"duration_ms\":",
            "\"duration_api_ms\":1,\"total_cost_usd\":0,\"duration_ms\":",
        )
}
