//! `cargo xtask acp-bench`: what `ampctl acp` takes between an agent and an editor.
//!
//! The agent is the fake one, which writes the time into its lines; the editor reads them by hand from
//! the pipe. The same lines straight from the agent's own pipe say what of it is the machine's.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use clap::Args;
use fixtures::benchmark::{Bar, Row};
use serde_json::{Value, json};

use crate::built_ampctl::BuiltAmpctl;
use crate::{benchmark_rows, machine, measured_process};

/// From a line of the agent to the update on the wire at most this long at the median, in ms.
const LATENCY_LIMIT: f64 = 3.0;

/// Sessions in one process, each in the middle of a turn.
const SESSIONS: usize = 16;

/// What they may take together, in MiB.
const MEMORY_LIMIT: f64 = 40.0;

const INIT: &str = r#"out {"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001","agent_mode":"high","tools":[],"mcp_servers":[]}"#;

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Measure this many lines
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    lines: usize,
    #[command(flatten)]
    ampctl: BuiltAmpctl,
}

/// Measures and prints the rows beside their bars.
///
/// # Errors
/// As for [`rows`], and when a bar is missed.
pub fn run(options: &Options) -> Result<()> {
    benchmark_rows::report_and_judge(&rows(options)?)
}

/// Measures what `ampctl acp` takes.
///
/// # Errors
/// When `ampctl` is not there, or a turn does not go as it should.
pub fn rows(options: &Options) -> Result<Vec<Row>> {
    let ampctl = options.ampctl.path()?;
    let stamps = format!("{INIT}; repeat {} stamp 5ms; hang", options.lines);
    let home = tempfile::tempdir()?;
    let script = |script: &str| environment(home.path(), script);

    let mut bridge = Bridge::start(&ampctl, &script(&stamps))?;
    let session = bridge.new_session(home.path())?;
    bridge.prompt(&session)?;
    let through = bridge.latencies(options.lines)?;
    drop(bridge);

    let mut agent = Agent::start(fixtures::fake_agent(), &[], &script(&stamps))?;
    let straight = agent.latencies(options.lines)?;
    drop(agent);

    let stay = format!("{INIT}; stamp 1ms; hang");
    let mut bridge = Bridge::start(&ampctl, &script(&stay))?;
    let mut of_one = 0.0;
    for number in 0..SESSIONS {
        let session = bridge.new_session(home.path())?;
        bridge.prompt(&session)?;
        bridge.latencies(1)?;
        if number == 0 {
            of_one = bridge.agent.memory()?;
        }
    }
    let of_all = bridge.agent.memory()?;
    Ok(vec![
        Row::of(
            "acp: from a line of the agent to the update",
            "ms",
            &through,
            "the line itself",
            &straight,
        )
        .with_bar(Bar::OursAtMost(LATENCY_LIMIT)),
        Row::of(
            "acp: memory of 16 sessions in the middle of a turn",
            "MiB",
            &[of_all],
            "of one",
            &[of_one],
        )
        .with_bar(Bar::OursAtMost(MEMORY_LIMIT)),
    ])
}

fn environment(home: &Path, script: &str) -> BTreeMap<OsString, OsString> {
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

/// A program whose lines hold times, and what it writes; killed when it is dropped.
struct Agent {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Agent {
    #[expect(
        clippy::disallowed_methods,
        reason = "amp-process has a cost of its own, which would be measured too"
    )]
    fn start(
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

    fn next(&mut self) -> Result<Value> {
        let line = self.lines.next().context("the end of the output")??;
        Ok(serde_json::from_str(&line)?)
    }

    /// Returns how old the next so many times are, in ms.
    fn latencies(&mut self, count: usize) -> Result<Vec<f64>> {
        let mut latencies = Vec::with_capacity(count);
        while latencies.len() < count {
            let message = self.next()?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
            ensure!(message.get("error").is_none(), "{message}");
            // The bridge's update, or the agent's line.
            let content = &message["params"]["update"]["content"];
            let text = content["text"].as_str();
            let text = text.or(message["message"]["content"][0]["text"].as_str());
            if let Some(written) = text.and_then(|text| text.parse::<u128>().ok()) {
                let nanoseconds = now.saturating_sub(written);
                latencies.push(nanoseconds as f64 / 1e6);
            }
        }
        Ok(latencies)
    }

    /// Returns how much memory the process has had at most, in MiB.
    fn memory(&self) -> Result<f64> {
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
struct Bridge {
    agent: Agent,
    requests: u64,
}

impl Bridge {
    fn start(ampctl: &Path, environment: &BTreeMap<OsString, OsString>) -> Result<Self> {
        let amp = fixtures::fake_agent()
            .to_str()
            .context("a path that is no text")?;
        let agent = Agent::start(ampctl, &["acp", "--amp", amp], environment)?;
        let mut bridge = Self { agent, requests: 0 };
        bridge.ask("initialize", &json!({"protocolVersion": 1}))?;
        Ok(bridge)
    }

    fn new_session(&mut self, folder: &Path) -> Result<String> {
        let params = json!({"cwd": folder, "mcpServers": []});
        let answer = self.ask("session/new", &params)?;
        let id = answer["result"]["sessionId"].as_str();
        Ok(id
            .with_context(|| format!("no session: {answer}"))?
            .to_owned())
    }

    fn prompt(&mut self, session: &str) -> Result<()> {
        let prompt = json!([{"type": "text", "text": "go"}]);
        self.request(
            "session/prompt",
            &json!({"sessionId": session, "prompt": prompt}),
        )
    }

    fn latencies(&mut self, count: usize) -> Result<Vec<f64>> {
        self.agent.latencies(count)
    }

    fn request(&mut self, method: &str, params: &Value) -> Result<()> {
        self.requests += 1;
        let id = self.requests;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let stdin = self.agent.child.stdin.as_mut().context("no input")?;
        writeln!(stdin, "{request}")?;
        Ok(())
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.request(method, params)?;
        loop {
            let message = self.agent.next()?;
            if message["id"] == self.requests {
                return Ok(message);
            }
        }
    }
}
