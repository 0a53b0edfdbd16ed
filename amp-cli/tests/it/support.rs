//! A world of its own for each test, and ways to run `ampctl` in it.

#[cfg(all(unix, feature = "acp"))]
pub(crate) mod editor;
#[cfg(unix)]
mod emulator;
#[cfg(unix)]
pub(crate) mod held_server;
#[cfg(unix)]
pub(crate) mod mirror;
#[cfg(unix)]
pub(crate) mod program;
#[cfg(unix)]
pub(crate) mod pseudo_terminal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amp_cli::{Captured, Context, ExitCode, Input, Output};
use serde_json::{Value, json};

/// The CLI version whose recordings the fake agent replays.
pub(crate) const VERSION: &str = fixtures::NEWEST_VERSION;

/// The first line of an agent, as a command of the fake agent's script.
#[cfg(unix)]
pub(crate) const INIT: &str = concat!(
    r#"out {"type":"system","subtype":"init","cwd":"/","#,
    r#""session_id":"T-5928a90d-d53b-488f-a829-4e36442142ee","tools":[],"mcp_servers":[]}"#
);

/// The last line of an agent that has done it, as such a command.
#[cfg(unix)]
pub(crate) const SUCCESS: &str = concat!(
    r#"out {"type":"result","subtype":"success","duration_ms":1,"is_error":false,"#,
    r#""num_turns":1,"result":"Done.","session_id":"T-5928a90d-d53b-488f-a829-4e36442142ee"}"#
);

/// Represents a home folder, a project folder and an environment, gone when the test is.
pub(crate) struct World {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

impl World {
    /// Creates a world with a key and without an Amp.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "project"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let home = text(folder.path().join("home"));
        let environment = BTreeMap::from([
            ("HOME".to_owned(), home),
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("AMP_API_KEY".to_owned(), "a-key-for-tests".to_owned()),
        ]);
        Self {
            folder,
            environment,
        }
    }

    /// Creates a world whose Amp replays recordings of the newest version, one for each turn.
    pub(crate) fn replaying(scenarios: &[&str]) -> Self {
        Self::replaying_version(VERSION, scenarios)
    }

    /// Creates a world whose Amp replays recordings of one version.
    pub(crate) fn replaying_version(version: &str, scenarios: &[&str]) -> Self {
        let folders = scenarios.iter().map(|scenario| {
            fixtures::recording(version, scenario)
                .expect("a recording")
                .folder
        });
        let folders = std::env::join_paths(folders).expect("paths without colons");
        Self::new()
            .with("AMP_CLI_PATH", &text(fixtures::fake_agent()))
            .with("FAKE_AGENT_REPLAY", folders.to_str().expect("UTF-8"))
    }

    /// Creates a world whose Amp plays a script.
    pub(crate) fn playing(script: &str) -> Self {
        Self::new()
            .with("AMP_CLI_PATH", &text(fixtures::fake_agent()))
            .with("FAKE_AGENT_VERSION", VERSION)
            .with("FAKE_AGENT_SCRIPT", script)
    }

    /// Creates a world whose Amp answers each turn with the next of these texts, and then again with
    /// the last.
    pub(crate) fn answering(texts: &[&str]) -> Self {
        let world = Self::new();
        let thread = "T-00000000-0000-7000-8000-000000000001";
        let folder = |(turn, text): (usize, &&str)| {
            let lines = [
                json!({"type": "system", "subtype": "init", "session_id": thread}),
                json!({"type": "assistant", "message": {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}}),
                json!({"type": "result", "subtype": "success", "is_error": false, "result": text, "session_id": thread}),
            ];
            let lines = lines.map(|line| format!("{line}\n")).concat();
            world.write(&format!("turns/{turn}/stdout.jsonl"), &lines);
            let meta = world.write(
                &format!("turns/{turn}/meta.toml"),
                &format!("version = {VERSION:?}\n"),
            );
            meta.parent().expect("a folder").to_owned()
        };
        let folders = std::env::join_paths(texts.iter().enumerate().map(folder));
        let folders = folders.expect("paths without colons");
        let counter = text(world.folder.path().join("turns/counter"));
        world
            .with("AMP_CLI_PATH", &text(fixtures::fake_agent()))
            .with("FAKE_AGENT_REPLAY", folders.to_str().expect("UTF-8"))
            .with("FAKE_AGENT_COUNTER", &counter)
    }

    /// Returns the prompts of the only session.
    pub(crate) fn prompts(&self) -> Vec<String> {
        let listed = self.run(&["sessions", "list", "--json"]).json();
        let id = listed["sessions"][0]["id"].as_str().expect("a session");
        let exported = self.run(&["sessions", "export", id, "-f", "json"]).json();
        let turns = exported["turns"].as_array().expect("turns");
        let prompt = |turn: &Value| turn["start"]["prompt"].as_str().map(str::to_owned);
        turns
            .iter()
            .map(|turn| prompt(turn).expect("a prompt"))
            .collect()
    }

    /// Sets a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Removes a variable.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Returns the folder commands run in.
    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Returns the home folder, which no other world has.
    #[cfg(unix)]
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Returns the environment commands run in.
    #[cfg(unix)]
    pub(crate) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Writes a file below the world's folder.
    pub(crate) fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Writes a shell script below the world's folder.
    #[cfg(unix)]
    pub(crate) fn script(&self, path: &str, script: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        fixtures::write_script(&path, script);
        path
    }

    /// Makes a named pipe in the project's folder: who opens it waits for the other end.
    #[cfg(unix)]
    pub(crate) fn named_pipe(&self, name: &str) -> PathBuf {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let path = self.project().join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a named pipe");
        path
    }

    /// Writes a shell script below the world's folder and makes it the Amp in use.
    #[cfg(unix)]
    pub(crate) fn with_amp_script(self, script: &str) -> Self {
        let path = self.script("amp", script);
        self.with("AMP_CLI_PATH", &text(path))
    }

    /// Returns a context in this world.
    pub(crate) fn context(&self) -> Context {
        Context::new(self.project()).with_environment(self.environment.clone())
    }

    /// Runs a command inside the test.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.finished(run_in(self.context(), arguments))
    }

    /// Runs a command inside the test, with this on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        self.finished(run_in(
            self.context().with_stdin(Input::piped(input)),
            arguments,
        ))
    }

    fn finished(&self, mut finished: Finished) -> Finished {
        finished.world = Some(text_of(self.folder.path()));
        finished
    }
}

/// Holds what a command wrote and returned.
pub(crate) struct Finished {
    pub(crate) code: ExitCode,
    stdout: Captured,
    stderr: Captured,
    world: Option<String>,
}

impl Finished {
    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    pub(crate) fn stdout_bytes(&self) -> Vec<u8> {
        self.stdout.bytes()
    }

    /// Returns standard output as one JSON document.
    pub(crate) fn json(&self) -> serde_json::Value {
        let text = self.stdout();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
    }

    /// Returns everything as one document for a snapshot.
    pub(crate) fn document(&self) -> String {
        let mut document = format!("exit code: {}\n", self.code.number());
        for (name, text) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !text.is_empty() {
                document.push_str(&format!("----- {name}\n{text}"));
            }
        }
        if let Some(world) = &self.world {
            document = document.replace(world, "[world]");
        }
        document.replace(&text_of(fixtures::fake_agent()), "[agent]")
    }
}

/// Runs a command in a context whose output is captured.
pub(crate) fn run_in(context: Context, arguments: &[&str]) -> Finished {
    let (stdout_sink, stdout) = Output::captured();
    let (stderr_sink, stderr) = Output::captured();
    let mut context = context.with_stdout(stdout_sink).with_stderr(stderr_sink);
    let code = amp_cli::run(["ampctl"].iter().chain(arguments), &mut context);
    Finished {
        code,
        stdout,
        stderr,
        world: None,
    }
}

/// Returns every command as it is typed, such as `sessions list`, by what the help lists.
pub(crate) fn every_command() -> Vec<String> {
    let mut found = vec![String::new()];
    let mut next = 0;
    while let Some(command) = found.get(next).cloned() {
        next += 1;
        let words = command.split_ascii_whitespace().chain(["--help"]);
        let help = run_in(Context::new("/"), &words.collect::<Vec<_>>()).stdout();
        // The first screen has its commands in groups.
        let (begin, end) = match command.as_str() {
            "" => ("Talk to the agent:", "Options:"),
            _ => ("Commands:", ""),
        };
        let listed = help.lines().skip_while(|line| *line != begin).skip(1);
        let listed = listed
            .take_while(|line| *line != end)
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_ascii_whitespace().next())
            .filter(|name| *name != "help");
        found.extend(listed.map(|name| format!("{command} {name}").trim().to_owned()));
    }
    found.remove(0);
    assert!(found.len() > 40, "commands are missing: {found:?}");
    found
}

fn text(path: impl AsRef<Path>) -> String {
    text_of(path.as_ref())
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("a UTF-8 path").to_owned()
}

/// Replaces durations such as `0.3s`, which differ from run to run.
pub(crate) fn without_times(screen: &str) -> String {
    let is_time = |word: &str| {
        let number = word.strip_suffix('s').unwrap_or_default();
        !number.is_empty() && number.chars().all(|one| one.is_ascii_digit() || one == '.')
    };
    let line = |line: &str| {
        let words = line
            .split(' ')
            .map(|word| if is_time(word) { "[time]" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    screen.lines().map(line).collect::<Vec<_>>().join("\n")
}
