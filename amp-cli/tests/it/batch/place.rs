//! A folder with a file of tasks, and an agent that writes down what it is sent.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use amp_cli::ExitCode;
use serde_json::Value;

use crate::support::{VERSION, World};

/// An agent that notes each prompt as one line, and answers it; a prompt with `fail` or `credits` in
/// it fails so, one with `hang` says that it has begun and goes on for ever.
const AGENT: &str = r##"#!/bin/sh
case "$*" in *--version*) echo "$VERSION"; exit 0;; esac
prompt=$(cat)
id=T-00000000-0000-7000-8000-000000000001
result="\"duration_ms\":1,\"num_turns\":1,\"session_id\":\"$id\""
echo "$prompt" >> "$SENT"
echo "{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/\",\"session_id\":\"$id\",\"tools\":[],\"mcp_servers\":[]}"
bad() {
  echo "{\"type\":\"result\",\"subtype\":\"error_during_execution\",\"is_error\":true,\"error\":\"$1\",$result}"
  exit 0
}
case "$prompt" in
*hang*) while :; do sleep 1; done ;;
*fail*) bad broken ;;
*credits*) bad "Out of Credits Add credits to keep using Amp." ;;
*write*) echo "$prompt" > written ;;
esac
sleep "${NAP:-0}"
text="did ${prompt#do }"
usage='"usage":{"input_tokens":10,"output_tokens":5}'
echo "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"$text\"}],\"stop_reason\":\"end_turn\",$usage},\"session_id\":\"$id\"}"
echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"$text\",$result}"
"##;

/// What a batch wrote and returned.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: ExitCode,
    stdout: String,
    stderr: String,
}

impl Ran {
    pub(super) fn stdout(&self) -> &str {
        &self.stdout
    }

    pub(super) fn stderr(&self) -> &str {
        &self.stderr
    }

    /// Waits for the end of a batch.
    pub(super) fn of(child: Child) -> Self {
        let output = child.wait_with_output().expect("its end");
        let is_it = |code: &ExitCode| Some(i32::from(code.number())) == output.status.code();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let code = ExitCode::ALL.into_iter().find(is_it);
        Self {
            code: code.unwrap_or_else(|| panic!("{output:?}")),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// A folder with a file of tasks, and an agent that writes down what it is sent.
pub(super) struct Place {
    pub(super) world: World,
    /// Options of every start.
    options: &'static [&'static str],
}

impl Place {
    pub(super) fn new() -> Self {
        let world = World::new().with_amp_script(AGENT);
        let sent = world.project().join("sent");
        let sent = sent.to_str().expect("UTF-8").to_owned();
        Self {
            world: world.with("SENT", &sent).with("VERSION", VERSION),
            options: &[],
        }
    }

    /// Returns a place whose agent keeps its threads, and fails by plan.
    pub(super) fn with_threads(plan: &str) -> Self {
        let world = World::playing("exit 1").without("FAKE_AGENT_SCRIPT");
        let threads = world.project().join("../threads");
        std::fs::create_dir(&threads).expect("a folder");
        let threads = threads.to_str().expect("UTF-8").to_owned();
        let world = world
            .with("FAKE_AGENT_THREADS", &threads)
            .with("FAKE_AGENT_PLAN", plan);
        // Its calls are made without a question.
        let options = &["--approve", "none"];
        Self { world, options }
    }

    /// Returns what the model was asked by an agent with threads, the texts of each request.
    pub(super) fn asked(&self) -> Vec<Value> {
        let file = self.world.project().join("../threads/asked.jsonl");
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("JSON lines")
    }

    /// Leaves the journal as that of a process which died when the only task had been sent.
    pub(super) fn forget_what_follows_the_prompt(&self) {
        let journal = self.results().join("journal/1-of-1.00000001.jsonl");
        let text = std::fs::read_to_string(&journal).expect("a journal");
        let until = text.find("{\"seq\":4").expect("the line behind the prompt");
        std::fs::write(&journal, &text[..until]).expect("a file");
    }

    pub(super) fn with(self, name: &str, value: &str) -> Self {
        Self {
            world: self.world.with(name, value),
            ..self
        }
    }

    /// Puts a program of this name before all others.
    pub(super) fn with_program(self, name: &str, script: &str) -> Self {
        let path = self
            .world
            .script(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        let folder = path.parent().expect("a folder").display().to_string();
        self.with("PATH", &format!("{folder}:/usr/bin:/bin"))
    }

    /// Writes the file of tasks.
    pub(super) fn write(&self, lines: &[impl AsRef<str>]) {
        let lines = lines.iter().map(|line| format!("{}\n", line.as_ref()));
        let text: String = lines.collect();
        self.world.write("project/tasks.jsonl", &text);
    }

    /// Writes so many tasks, `t1` and so on.
    pub(super) fn tasks(&self, count: usize) {
        let line = |number: usize| {
            format!(r#"{{"id":"t{number}","prompt":"do {number}","meta":{{"number":{number}}}}}"#)
        };
        self.write(&(1..=count).map(line).collect::<Vec<_>>());
    }

    /// Runs the batch to its end. It is a program of its own: the agents ask it about their calls.
    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.start(arguments))
    }

    /// Starts the batch as a program, perhaps by a shell: `exec "$@"` stands for it there.
    #[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
    pub(super) fn start_by(&self, shell: &str, arguments: &[&str]) -> Child {
        Command::new("/bin/sh")
            .args(["-c", shell, "sh", env!("CARGO_BIN_EXE_ampctl")])
            .args(["batch", "run", "tasks.jsonl", "--results", "out"])
            .args(self.options)
            .args(arguments)
            .env_clear()
            .envs(self.world.environment())
            .current_dir(self.world.project())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ampctl starts")
    }

    pub(super) fn start(&self, arguments: &[&str]) -> Child {
        self.start_by("exec \"$@\"", arguments)
    }

    /// Waits until so many prompts were sent.
    pub(super) fn wait_until_sent(&self, count: usize) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while self.sent().len() < count {
            assert!(std::time::Instant::now() < deadline, "{:?}", self.sent());
            std::thread::yield_now();
        }
    }

    /// Returns the prompts that were sent, in their order.
    pub(super) fn sent(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.world.project().join("sent"));
        let text = text.unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub(super) fn results(&self) -> PathBuf {
        self.world.project().join("out")
    }

    pub(super) fn result(&self, id: &str) -> Value {
        let path = self.results().join("tasks").join(id).join("result.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no result of {id}"));
        serde_json::from_str(&text).expect("JSON")
    }

    /// Returns the report without what differs from one process to another.
    pub(super) fn report(&self) -> Value {
        let mut report = self.world.run(&["batch", "report", "out", "--json"]).json();
        for result in report["results"].as_array_mut().expect("results") {
            let fields = result.as_object_mut().expect("a result");
            for name in ["started_at", "ended_at", "wall_time", "shard", "attempt"] {
                fields.remove(name).expect("a field");
            }
        }
        report
    }
}
