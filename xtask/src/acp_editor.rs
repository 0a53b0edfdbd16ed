//! `ampctl acp` as an editor that reads only what it wants to, for benchmarks; the agents are fake.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{machine, measured_process};

/// The first line of an agent.
pub(crate) const INIT: &str = r#"out {"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001","agent_mode":"high","tools":[],"mcp_servers":[]}"#;

/// Returns the environment of a fake agent, and of an `ampctl` that drives it.
pub(crate) fn environment(home: &Path, script: &str) -> BTreeMap<OsString, OsString> {
    let mut environment = BTreeMap::from(
        [
            ("AMP_API_KEY", "fake"),
            ("AMP_URL", "http://127.0.0.1:9"),
            ("AMP_SKIP_UPDATE_CHECK", "1"),
            ("FAKE_AGENT_VERSION", fixtures::NEWEST_VERSION),
            ("FAKE_AGENT_SCRIPT", script),
        ]
        .map(|(name, value)| (name.into(), value.into())),
    );
    environment.insert("HOME".into(), home.into());
    environment.insert("PATH".into(), machine::search_path());
    environment
}

/// Returns the time in an update of the bridge, or in a line of the agent.
pub(crate) fn stamp(message: &Value) -> Option<u128> {
    let text = message["params"]["update"]["content"]["text"].as_str();
    let text = text.or(message["message"]["content"][0]["text"].as_str());
    text?.parse().ok()
}

/// A program whose lines hold times, and what it writes; killed when it is dropped.
pub(crate) struct Agent {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Agent {
    #[expect(
        clippy::disallowed_methods,
        reason = "amp-process has a cost of its own, which would be measured too"
    )]
    pub(crate) fn start(
        program: &Path,
        arguments: &[&str],
        environment: &BTreeMap<OsString, OsString>,
    ) -> Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let stdout = child.stdout.take().context("no output")?;
        let lines = BufReader::new(stdout).lines();
        Ok(Self { child, lines })
    }

    /// Waits for the next line.
    pub(crate) fn next(&mut self) -> Result<Value> {
        let line = self.lines.next().context("the end of the output")??;
        Ok(serde_json::from_str(&line)?)
    }

    /// Returns how old the next so many times are, in ms.
    pub(crate) fn latencies(&mut self, count: usize) -> Result<Vec<f64>> {
        let mut latencies = Vec::with_capacity(count);
        while latencies.len() < count {
            let message = self.next()?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
            ensure!(message.get("error").is_none(), "{message}");
            if let Some(written) = stamp(&message) {
                let nanoseconds = now.saturating_sub(written);
                latencies.push(nanoseconds as f64 / 1e6);
            }
        }
        Ok(latencies)
    }

    /// Returns how much memory the process has had at most, in MiB.
    pub(crate) fn memory(&self) -> Result<f64> {
        let kibibytes = measured_process::peak_of(&self.child).context("no peak")?;
        Ok(kibibytes as f64 / 1024.0)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `ampctl acp`, and what an editor says to it.
pub(crate) struct Bridge {
    pub(crate) agent: Agent,
    requests: u64,
}

impl Bridge {
    pub(crate) fn start(
        ampctl: &Path,
        amp: &Path,
        options: &[&str],
        environment: &BTreeMap<OsString, OsString>,
    ) -> Result<Self> {
        let amp = amp.to_str().context("a path that is no text")?;
        let arguments = [&["acp", "--amp", amp], options].concat();
        let agent = Agent::start(ampctl, &arguments, environment)?;
        let mut bridge = Self { agent, requests: 0 };
        bridge.ask("initialize", &json!({"protocolVersion": 1}))?;
        Ok(bridge)
    }

    pub(crate) fn new_session(&mut self, folder: &Path) -> Result<String> {
        let params = json!({"cwd": folder, "mcpServers": []});
        let answer = self.ask("session/new", &params)?;
        let id = answer["result"]["sessionId"].as_str();
        Ok(id
            .with_context(|| format!("no session: {answer}"))?
            .to_owned())
    }

    /// Sends a prompt and returns the id of its request.
    pub(crate) fn prompt(&mut self, session: &str) -> Result<u64> {
        let prompt = json!([{"type": "text", "text": "go"}]);
        self.request(
            "session/prompt",
            &json!({"sessionId": session, "prompt": prompt}),
        )
    }

    /// Sends a request and returns its id.
    fn request(&mut self, method: &str, params: &Value) -> Result<u64> {
        self.requests += 1;
        let id = self.requests;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let stdin = self.agent.child.stdin.as_mut().context("no input")?;
        writeln!(stdin, "{request}")?;
        Ok(id)
    }

    /// Sends a request and waits for its answer; what else comes is passed over.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        let id = self.request(method, params)?;
        loop {
            let message = self.agent.next()?;
            if message["id"] == id {
                return Ok(message);
            }
        }
    }
}
