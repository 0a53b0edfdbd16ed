//! A client of the Agent Client Protocol that writes lines by hand, so that it can do what no library
//! would: everything that `ampctl acp` writes is held against the schema.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use agent_client_protocol::v1::schema::{RequestPermissionRequest, SessionNotification};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::World;
use super::program::wait_until_gone;

/// How long something may take that a test waits for.
const LIMIT: Duration = Duration::from_secs(30);

static UPDATE: LazyLock<Validator> = LazyLock::new(|| {
    let schema = schemars::schema_for!(SessionNotification);
    jsonschema::validator_for(schema.as_value()).expect("a schema")
});

static QUESTION: LazyLock<Validator> = LazyLock::new(|| {
    let schema = schemars::schema_for!(RequestPermissionRequest);
    jsonschema::validator_for(schema.as_value()).expect("a schema")
});

/// A client, and the `ampctl acp` that it has started; killed when the test is over.
pub(crate) struct Editor {
    child: Child,
    pub(crate) world: Arc<World>,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What came while something else was waited for.
    kept: VecDeque<Value>,
    next_id: u64,
}

impl Editor {
    /// Starts `ampctl acp` in a world.
    #[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
    pub(crate) fn start(world: impl Into<Arc<World>>, arguments: &[&str]) -> Self {
        let world = world.into();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ampctl"))
            .arg("acp")
            .args(arguments)
            .env_clear()
            .envs(world.environment())
            .current_dir(world.project())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("ampctl starts");
        let stdout = child.stdout.take().expect("a pipe");
        // Nothing is read that no test waits for.
        let (sender, lines) = sync_channel(0);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            stdin: child.stdin.take(),
            child,
            world,
            lines,
            kept: VecDeque::new(),
            next_id: 0,
        }
    }

    /// Starts it, and introduces itself.
    pub(crate) fn connected(world: impl Into<Arc<World>>, arguments: &[&str]) -> Self {
        let mut editor = Self::start(world, arguments);
        let answer = editor.ask("initialize", json!({"protocolVersion": 1}));
        assert_eq!(answer["result"]["protocolVersion"], 1, "{answer}");
        editor
    }

    /// Starts it, introduces itself and begins a session; returns its id.
    pub(crate) fn with_session(world: impl Into<Arc<World>>, arguments: &[&str]) -> (Self, String) {
        let mut editor = Self::connected(world, arguments);
        let session = editor.new_session();
        (editor, session)
    }

    /// Begins a session in the world's project; returns its id.
    pub(crate) fn new_session(&mut self) -> String {
        let params = json!({"cwd": self.world.project(), "mcpServers": []});
        let answer = self.ask("session/new", params);
        let id = answer["result"]["sessionId"].as_str();
        id.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Writes a line as it is.
    pub(crate) fn write(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("an open pipe");
        stdin.write_all(line.as_bytes()).expect("a reader");
        stdin.write_all(b"\n").expect("a reader");
    }

    /// Sends a message.
    pub(crate) fn send(&mut self, message: &Value) {
        self.write(&message.to_string());
    }

    /// Sends a notification.
    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send(&with(
            json!({"jsonrpc": "2.0", "method": method}),
            "params",
            params,
        ));
    }

    /// Sends a request and returns its id.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method});
        self.send(&with(request, "params", params));
        id
    }

    /// Sends a request and waits for its answer; what else comes is kept.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer_to(id)
    }

    /// Waits for the answer to a request; what else comes is kept.
    pub(crate) fn answer_to(&mut self, id: u64) -> Value {
        self.wait_for(|message| message["id"] == id && message.get("method").is_none())
    }

    /// Sends a prompt and returns the id of its request.
    pub(crate) fn prompt(&mut self, session: &str, text: &str) -> u64 {
        let prompt = json!([{"type": "text", "text": text}]);
        self.request(
            "session/prompt",
            json!({"sessionId": session, "prompt": prompt}),
        )
    }

    /// Waits for a question about a call.
    pub(crate) fn question(&mut self) -> Value {
        self.wait_for(|message| message["method"] == "session/request_permission")
    }

    /// Answers a question with an option.
    pub(crate) fn choose(&mut self, question: &Value, option: &str) {
        let outcome = json!({"outcome": "selected", "optionId": option});
        self.reply(question, json!({"outcome": outcome}));
    }

    /// Answers a request of the agent.
    pub(crate) fn reply(&mut self, request: &Value, result: Value) {
        let answer = json!({"jsonrpc": "2.0", "id": request["id"]});
        self.send(&with(answer, "result", result));
    }

    /// Waits for a message, which is looked for in what was kept as well; others are kept.
    pub(crate) fn wait_for(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.kept.iter().position(&is_it) {
            return self.kept.remove(place).expect("a message");
        }
        loop {
            let message = self.next().expect("ampctl still speaks");
            if is_it(&message) {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    /// Returns the updates that were kept of a session, and forgets them; without the list of
    /// commands, which comes when it is there.
    pub(crate) fn updates(&mut self, session: &str) -> Vec<Value> {
        let is_its = |message: &Value| {
            message["method"] == "session/update" && message["params"]["sessionId"] == session
        };
        let (its, others): (Vec<_>, Vec<_>) = self.kept.drain(..).partition(is_its);
        self.kept = others.into();
        its.into_iter()
            .map(|message| message["params"]["update"].clone())
            .filter(|update| update["sessionUpdate"] != "available_commands_update")
            .collect()
    }

    /// Waits for the next line; `None` when there will be no more.
    fn next(&mut self) -> Option<Value> {
        let line = match self.lines.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing came; kept: {:?}", self.kept),
        };
        let message: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        let schema = match message["method"].as_str() {
            Some("session/update") => Some(&UPDATE),
            Some("session/request_permission") => Some(&QUESTION),
            Some("$/cancel_request") | None => None,
            Some(other) => panic!("a client need not know {other}"),
        };
        if let Some(schema) = schema {
            let error = schema.validate(&message["params"]).err();
            assert!(error.is_none(), "{error:?} in {line}");
        }
        Some(message)
    }

    /// Closes its end, as an editor that goes away.
    pub(crate) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Returns the process id of `ampctl`.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes its end and waits until `ampctl` has ended; returns how, and the last messages.
    pub(crate) fn end(&mut self) -> (ExitStatus, Vec<Value>) {
        self.close_input();
        let mut last: Vec<Value> = self.kept.drain(..).collect();
        while let Some(message) = self.next() {
            last.push(message);
        }
        wait_until_gone(self.child.id());
        (self.child.wait().expect("a status"), last)
    }
}

fn with(mut message: Value, name: &str, value: Value) -> Value {
    message[name] = value;
    message
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
