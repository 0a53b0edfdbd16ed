//! acpx, a client for scripts: `--format json` prints every message of both sides.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::seen::Seen;
use super::{Reply, Try, With, installed, left};
use crate::control::killed_host::GOING;
use crate::control::place::{PROMPT, Place};
use crate::installed_cli::InstalledCli;
use crate::wait::until;

pub(super) async fn drive(case: &Try, cli: &InstalledCli, place: &Place) -> Result<Seen> {
    let answers: &[&str] = match case.reply {
        Reply::Allow => &["--approve-all"],
        Reply::Reject | Reply::AllowOnly(_) => &["--deny-all"],
        // Where nobody is to be asked, it cancels.
        Reply::Cancel => &["--non-interactive-permissions", "fail"],
    };
    let mut options = answers.to_vec();
    if case.with == With::Mcp {
        let server =
            json!({"name": "own", "command": fixtures::mcp_server(), "args": [], "env": []});
        let config = json!({"mcpServers": [server]});
        place.write("project/servers.json", config.to_string())?;
        options.extend(["--mcp-config", "servers.json"]);
    }
    let said = run(cli, place, &options, &["exec", PROMPT]).await?;
    Ok(said.seen())
}

/// Kills the bridge that works for acpx in the background, and sends the prompt once more.
pub(super) async fn killed(cli: &InstalledCli, place: &Place) -> Result<String> {
    let options = ["--approve-all", "--ttl", "30"];
    run(cli, place, &options, &["sessions", "new"]).await?;
    let first = run(cli, place, &options, &["prompt", PROMPT]).await?;
    let bridge = bridge_of(&place.path("home")).context("no bridge is there")?;
    super::run(Path::new("/bin/kill"), &["-9", &bridge], place).await?;
    let gone = until(GOING, || !Path::new("/proc").join(&bridge).exists()).await;
    std::fs::remove_file(place.path("project/trace"))?;
    let second = run(cli, place, &options, &["prompt", PROMPT]).await?;
    let same = match first.session().is_some() && first.session() == second.session() {
        true => "the same session",
        false => "another session",
    };
    let ran = match place.path("project/trace").exists() {
        true => "trace",
        false => "nothing",
    };
    let end = second.seen().end;
    run(cli, place, &options, &["sessions", "close"]).await?;
    ensure!(left(place).await == "no process", "acpx has left processes");
    let gone = if gone {
        "no process"
    } else {
        "processes are left"
    };
    Ok(format!("{gone}; {same}; then {end}; {ran}"))
}

/// What both sides have said.
struct Said(Vec<Value>);

impl Said {
    fn seen(&self) -> Seen {
        let end = self
            .0
            .iter()
            .find_map(|message| message["result"]["stopReason"].as_str());
        Seen {
            end: end.unwrap_or("no answer").to_owned(),
            questions: self.params("session/request_permission", Value::clone),
            updates: self.params("session/update", |params| params["update"].clone()),
        }
    }

    /// Returns the session of the updates.
    fn session(&self) -> Option<&str> {
        let ids = self.0.iter().map(|message| &message["params"]["sessionId"]);
        ids.filter_map(Value::as_str).next_back()
    }

    fn params<T: DeserializeOwned>(&self, method: &str, part: fn(&Value) -> Value) -> Vec<T> {
        let sent = self.0.iter().filter(|message| message["method"] == method);
        // What the library does not know would be missed by what is expected.
        sent.filter_map(|message| serde_json::from_value(part(&message["params"])).ok())
            .collect()
    }
}

/// Runs acpx to its end, whatever its exit code: it tells of refusals by that.
async fn run(
    cli: &InstalledCli,
    place: &Place,
    options: &[&str],
    command: &[&str],
) -> Result<Said> {
    let bridge = super::bridge(cli)?.join(" ");
    let arguments = [&["--format", "json", "--agent", &bridge], options, command].concat();
    let (stdout, _) = super::run(&installed::acpx().await?, &arguments, place).await?;
    let messages = stdout.lines();
    let messages = messages.filter_map(|line| serde_json::from_str(line).ok());
    Ok(Said(messages.collect()))
}

/// Returns the process id of the bridge that has this home.
fn bridge_of(home: &Path) -> Option<String> {
    let wanted = format!("HOME={}", home.display());
    let has = |file: &Path, word: &str| {
        let words = fs::read(file).unwrap_or_default();
        words
            .split(|byte| *byte == 0)
            .any(|found| found == word.as_bytes())
    };
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let bridges = entries.filter(|entry| {
        let process = entry.path();
        has(&process.join("environ"), &wanted) && has(&process.join("cmdline"), "acp")
    });
    let ids = bridges.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // A process that it is about to start looks like it for a moment.
    ids.min().map(|id| id.to_string())
}
