//! Sessions that the fake agent plays, recorded and exported as pages by `ampctl`.

use std::path::{Path, PathBuf};

use amp_cli::{Context as World, ExitCode, Output};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A page, and the record that it was made from.
pub(super) struct Exported {
    folder: TempDir,
    /// How many bytes the record takes.
    pub(super) record: u64,
}

impl Exported {
    /// Plays what a real CLI wrote.
    pub(super) fn of_recording(name: &str) -> Result<Self> {
        let recording = fixtures::recording(fixtures::NEWEST_VERSION, name)?;
        let folder = recording.folder.display().to_string();
        Self::of(
            &[("FAKE_AGENT_REPLAY", &folder)],
            None,
            "Make a file, and change its second line.",
        )
    }

    /// Plays these lines, below a prompt.
    pub(super) fn of_lines(lines: &str, prompt: &str) -> Result<Self> {
        let variables = [
            ("FAKE_AGENT_VERSION", fixtures::NEWEST_VERSION),
            ("FAKE_AGENT_SCRIPT", "read-all; file stream.jsonl"),
        ];
        Self::of(&variables, Some(lines), prompt)
    }

    fn of(variables: &[(&str, &str)], lines: Option<&str>, prompt: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let home = folder.path().display().to_string();
        let agent = fixtures::fake_agent().display().to_string();
        if let Some(lines) = lines {
            std::fs::write(folder.path().join("stream.jsonl"), lines)?;
        }
        let own = [
            ("HOME", home.as_str()),
            ("PATH", "/usr/bin:/bin"),
            ("AMP_API_KEY", "a-key-for-tests"),
            ("AMP_CLI_PATH", &agent),
        ];
        let variables: Vec<_> = own.iter().chain(variables).copied().collect();
        let ampctl = |words: &[&str]| -> Result<String> {
            let (stdout, written) = Output::captured();
            let (stderr, said) = Output::captured();
            let mut world = World::new(folder.path())
                .with_environment(variables.clone())
                .with_stdout(stdout)
                .with_stderr(stderr);
            let code = amp_cli::run(["ampctl"].iter().chain(words), &mut world);
            ensure!(code == ExitCode::Done, "{words:?}: {}", said.text());
            Ok(written.text())
        };
        ampctl(&["run", prompt])?;
        let shown = ampctl(&["sessions", "show", "last", "--json"])?;
        let shown: Value = serde_json::from_str(&shown)?;
        let page = [
            "sessions",
            "export",
            "last",
            "-f",
            "html",
            "--to",
            "page.html",
        ];
        ampctl(&page)?;
        let record = shown["bytes"].as_u64().context("a size")?;
        Ok(Self { folder, record })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("page.html")
    }

    /// Returns the address of the page.
    pub(super) fn address(&self) -> String {
        address(&self.path())
    }

    pub(super) fn size(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.path())?.len())
    }
}

fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// Returns a line of the agent or the user with these blocks.
pub(super) fn line(role: &str, content: &[Value]) -> String {
    let message = json!({"role": role, "content": content});
    format!("{}\n", json!({"type": role, "message": message}))
}

/// Returns the last line of a turn.
pub(super) fn end() -> String {
    let end = json!({"type": "result", "subtype": "success", "is_error": false, "result": "ok",
        "duration_ms": 1, "num_turns": 1});
    format!("{end}\n")
}
