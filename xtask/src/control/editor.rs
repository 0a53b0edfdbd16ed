//! `ampctl acp` with real CLIs, driven by clients that nobody here has written: that of the
//! protocol's Rust library, that of its Python library, and acpx.
//!
//! What acpx cannot do is not tried with it: it answers every question of a run the same way, cannot
//! leave one open, and sends texts alone.

mod acpx;
mod installed;
mod killed;
mod library;
mod python;
mod seen;
mod steering;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use agent_client_protocol::v1::schema::{McpServer, McpServerStdio};
use anyhow::{Context, Result};
use fixtures::script::{Answer, Block, Script};
use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

use self::seen::Seen;
use super::Case;
use super::killed_host::GOING;
use super::place::Place;
use crate::installed_cli::InstalledCli;
use crate::processes;
use crate::wait::until;

/// The longest time for what a client does; installing it is not part of it.
const LIMIT: Duration = Duration::from_secs(60);

/// What a client answers to questions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reply {
    Allow,
    Reject,
    /// Allows what names this file, and rejects anything else.
    AllowOnly(&'static str),
    /// Cancels the turn.
    Cancel,
}

/// What a client adds to the prompt or to the session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Nothing,
    /// A server of its own.
    Mcp,
    /// A picture beside the text.
    Image,
}

/// Who drives the bridge.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    Library,
    Python,
    Acpx,
}

impl Client {
    const ALL: [Self; 3] = [Self::Library, Self::Python, Self::Acpx];

    fn name(self) -> &'static str {
        match self {
            Self::Library => "Rust library",
            Self::Python => "Python library",
            Self::Acpx => "acpx",
        }
    }

    /// Tells whether it can do what a try wants.
    fn can(self, case: &Try) -> bool {
        let gives_one_answer = !matches!(case.reply, Reply::AllowOnly(_));
        self != Self::Acpx || (gives_one_answer && case.with != With::Image)
    }

    async fn drive(self, case: &Try, cli: &InstalledCli, place: &Place) -> Result<Seen> {
        match self {
            Self::Library => library::drive(case, cli, place).await,
            Self::Python => python::drive(case, cli, place).await,
            Self::Acpx => acpx::drive(case, cli, place).await,
        }
    }
}

/// What the model wants, what the client answers, and how it should end.
struct Try {
    name: &'static str,
    blocks: fn(&Path) -> Vec<Vec<Block>>,
    reply: Reply,
    with: With,
    expected: &'static str,
}

const TRIES: [Try; 6] = [
    Try {
        name: "a file is written and a command run after their questions",
        blocks: |folder| {
            let path = folder.join("project/new.txt");
            let input = json!({"path": path, "content": "one\ntwo\n"});
            let name = "create_file".to_owned();
            vec![vec![Block::Tool { name, input }], vec![shell("trace")]]
        },
        reply: Reply::Allow,
        with: With::Nothing,
        expected: "end_turn; asked 2, with a diff; new.txt, trace; calls completed, completed",
    },
    Try {
        name: "a command is rejected",
        blocks: |_| vec![vec![shell("trace")]],
        reply: Reply::Reject,
        with: With::Nothing,
        expected: "end_turn; asked 1; nothing; calls failed",
    },
    Try {
        name: "a turn is cancelled during a question",
        blocks: |_| vec![vec![shell("trace")]],
        reply: Reply::Cancel,
        with: With::Nothing,
        expected: "cancelled; asked 1; nothing; calls failed",
    },
    Try {
        name: "of two commands at once one is allowed",
        blocks: |_| vec![vec![shell("trace"), shell("second")]],
        reply: Reply::AllowOnly("second"),
        with: With::Nothing,
        expected: "end_turn; asked 2; second; calls completed, failed",
    },
    Try {
        name: "a tool of the client's MCP server is called after its question",
        blocks: |_| {
            let input = json!({"message": "hi mcp"});
            let name = "echo".to_owned();
            vec![vec![Block::McpTool { name, input }]]
        },
        reply: Reply::Allow,
        with: With::Mcp,
        expected: "end_turn; asked 1; nothing; calls completed: hi mcp",
    },
    Try {
        name: "a picture goes with the prompt",
        blocks: |_| vec![],
        reply: Reply::Reject,
        with: With::Image,
        expected: "end_turn; asked 0; nothing; the model was shown it",
    },
];

pub(super) fn cases() -> Vec<Case> {
    let tries = TRIES.iter().flat_map(|case| {
        let clients = Client::ALL.into_iter().filter(|client| client.can(case));
        clients.map(move |client| Case {
            name: format!("acp, {}: {}", client.name(), case.name),
            expected: Box::new(|_| format!("{}; no process", case.expected)),
            attempt: Box::new(move |cli| Box::pin(attempt(client, case, cli))),
        })
    });
    tries
        .chain(killed::cases())
        .chain([steering::case()])
        .collect()
}

fn shell(file: &str) -> Block {
    Block::Shell(format!("echo ran > {file}"))
}

/// Makes a place in which the model wants this, and then says that it is done.
async fn place(cli: &InstalledCli, blocks: impl FnOnce(&Path) -> Vec<Vec<Block>>) -> Result<Place> {
    Place::with(cli, |folder| {
        let end = vec![Block::Text("It is done.".to_owned())];
        let answers = blocks(folder).into_iter().chain([end]);
        let answers = answers.map(|blocks| Answer {
            blocks,
            ..Answer::default()
        });
        Script {
            answers: answers.collect(),
            ..Script::default()
        }
    })
    .await
}

async fn attempt(client: Client, case: &'static Try, cli: InstalledCli) -> Result<String> {
    let place = place(&cli, case.blocks).await?;
    let seen = client.drive(case, &cli, &place).await?;
    let mut said = seen.in_words(&place);
    if case.with == With::Mcp {
        let echoed = if seen.shows("hi mcp") {
            "hi mcp"
        } else {
            "no answer"
        };
        said.push_str(&format!(": {echoed}"));
    }
    if case.with == With::Image {
        let shown = match seen::was_shown_a_picture(&place) {
            true => "; the model was shown it",
            false => "; no picture came",
        };
        said.push_str(shown);
    }
    Ok(format!("{said}; {}", left(&place).await))
}

/// Returns the command line of the bridge, played by this program.
fn bridge(cli: &InstalledCli) -> Result<Vec<String>> {
    let program = std::env::current_exe()?;
    let [program, amp] = [&program, &cli.executable].map(|path| path.to_str());
    let [program, amp] = [program, amp].map(|path| path.context("a path that is no text"));
    let words = [program?, "ampctl", "acp", "--amp", amp?];
    Ok(words.map(str::to_owned).to_vec())
}

/// Runs a client to its end and returns what it wrote, and beside that its errors. What it leaves
/// behind is left, for that is looked at.
#[expect(
    clippy::disallowed_methods,
    reason = "amp-process would end what a client or a bridge leaves behind"
)]
async fn run(program: &Path, arguments: &[&str], place: &Place) -> Result<(String, String)> {
    let run = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(place.environment())
        .current_dir(place.path("project"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(LIMIT, run)
        .await
        .context("the client does not end")??;
    let [stdout, stderr] = [&output.stdout, &output.stderr]
        .map(|written| String::from_utf8_lossy(written).into_owned());
    Ok((stdout, stderr))
}

/// Says whether a process of the place is left.
async fn left(place: &Place) -> &'static str {
    let home = place.path("home");
    match until(GOING, || {
        processes::of_home(&home).is_ok_and(|left| left.is_empty())
    })
    .await
    {
        true => "no process",
        false => "processes are left",
    }
}

/// The server of the client that has one.
fn mcp_server() -> McpServer {
    McpServer::Stdio(McpServerStdio::new("own", fixtures::mcp_server()))
}

/// The picture of the client that sends one: a transparent pixel, as a GIF in base 64.
const IMAGE: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
