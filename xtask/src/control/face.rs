//! `ampctl run --approve` with real CLIs: what a person types, or a program says, decides.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use fixtures::script::{Answer, Block, Script};
use pty_process::Size;
use pty_process::blocking::{Command, open};

use super::Case;
use super::place::{LIMIT, PROMPT, Place};
use crate::installed_cli::InstalledCli;

/// What the last line of a question ends with.
const QUESTION: &str = "[s]top the run?";
const ROWS: u16 = 40;
const COLUMNS: u16 = 120;

/// `ampctl`, played by this program.
#[derive(Debug, Clone, Args)]
pub struct Ampctl {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Ampctl {
    /// Does what `ampctl` does with these arguments.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let mut context = amp_cli::Context::from_process();
        let name = OsString::from("ampctl");
        amp_cli::run(std::iter::once(name).chain(self.arguments), &mut context).into()
    }
}

/// Who answers, and what becomes of two commands that the model wants to run one after the other.
struct Try {
    name: &'static str,
    answers: Answers,
    expected: &'static str,
}

enum Answers {
    /// A person: what is waited for on the screen, and what is typed then.
    Typed(&'static [(&'static str, &'static str)]),
    /// A shell script, by its path.
    Program(&'static str),
    /// The word after `--approve`; nobody is at a terminal.
    Word(&'static str),
}

const TRIES: [Try; 9] = [
    Try {
        name: "approve: a person says yes, then no",
        answers: Answers::Typed(&[(QUESTION, "y\n"), (QUESTION, "n\n")]),
        expected: "exit 7; ran: trace",
    },
    Try {
        name: "approve: a person says no with a reason, then yes",
        answers: Answers::Typed(&[
            (QUESTION, "a\n"),
            ("reason for the agent:", "not on a Saturday\n"),
            (QUESTION, "y\n"),
        ]),
        expected: "exit 7; ran: second; said: not on a Saturday",
    },
    Try {
        name: "approve: a person says always",
        answers: Answers::Typed(&[
            (QUESTION, "l\n"),
            ("Enter takes this rule", "echo *\n"),
            ("Enter takes this rule", "\n"),
            ("or for [m]e?", "s\n"),
        ]),
        expected: "exit 0; ran: trace, second",
    },
    Try {
        name: "approve: a person stops the run",
        answers: Answers::Typed(&[(QUESTION, "s\n")]),
        expected: "exit 130",
    },
    Try {
        name: "approve: a program says yes",
        answers: Answers::Program(r#"cat > /dev/null; echo '{"answer": "allow"}'"#),
        expected: "exit 0; ran: trace, second",
    },
    Try {
        name: "approve: a program says no to one",
        answers: Answers::Program(
            r#"case $(cat) in *trace*) echo '{"answer": "reject", "reason": "not on a Saturday"}';;
               *) echo '{"answer": "allow"}';; esac"#,
        ),
        expected: "exit 7; ran: second; said: not on a Saturday",
    },
    Try {
        name: "approve: a program fails",
        answers: Answers::Program(r#"cat > /dev/null; echo '{"answer": "allow"}'; exit 1"#),
        expected: "exit 7",
    },
    Try {
        name: "approve: deny",
        answers: Answers::Word("deny"),
        expected: "exit 7",
    },
    Try {
        name: "approve: nobody is there to be asked",
        answers: Answers::Word("ask"),
        expected: "exit 6",
    },
];

pub(super) fn cases() -> Vec<Case> {
    let cases = TRIES.iter().map(|case| Case {
        name: case.name.to_owned(),
        expected: Box::new(|_| case.expected.to_owned()),
        attempt: Box::new(|cli| Box::pin(attempt(case, cli))),
    });
    cases.collect()
}

async fn attempt(case: &'static Try, cli: InstalledCli) -> Result<String> {
    let place = Place::with(&cli, |_| {
        let answer = |block| Answer {
            blocks: vec![block],
            ..Answer::default()
        };
        let shell = |command: &str| answer(Block::Shell(command.to_owned()));
        Script {
            answers: vec![
                shell("echo one > trace"),
                shell("echo two > second"),
                answer(Block::Text("It is done.".to_owned())),
            ],
            ..Script::default()
        }
    })
    .await?;
    let approver = match &case.answers {
        Answers::Typed(_) => OsString::from("ask"),
        Answers::Word(word) => OsString::from(word),
        Answers::Program(script) => {
            let approver = place.path("approver");
            fixtures::write_script(&approver, script);
            approver.into()
        }
    };
    let words = ["run", "--fail-on-refusal", "--amp"].map(OsString::from);
    let more = [
        cli.executable.clone().into(),
        "--approve".into(),
        approver,
        PROMPT.into(),
    ];
    let arguments: Vec<OsString> = words.into_iter().chain(more).collect();
    let (code, said) = match case.answers {
        Answers::Typed(keys) => {
            let mut command = Command::new(std::env::current_exe()?);
            command = command
                .arg("ampctl")
                .args(arguments)
                .env_clear()
                .envs(place.environment())
                .env("TERM", "xterm-256color")
                .current_dir(place.path("project"));
            tokio::task::spawn_blocking(move || typed(command, keys)).await??
        }
        _ => {
            let finished = place.ampctl(arguments).await?;
            let said = format!("{}{}", finished.stdout, finished.exit.stderr());
            (finished.exit.status().code(), said)
        }
    };
    let code = code.map_or("by a signal".to_owned(), |code| code.to_string());
    let mut ended = format!("exit {code}");
    let ran: Vec<&str> = ["trace", "second"]
        .into_iter()
        .filter(|name| place.path("project").join(name).exists())
        .collect();
    if !ran.is_empty() {
        ended += &format!("; ran: {}", ran.join(", "));
    }
    // The agent's own line, not what was typed.
    if said.matches("not on a Saturday").count() > usize::from(is_typed(&case.answers)) {
        ended += "; said: not on a Saturday";
    }
    Ok(ended)
}

fn is_typed(answers: &Answers) -> bool {
    matches!(answers, Answers::Typed(_))
}

/// Runs a command on a terminal and types at it; returns its exit code and its last screen.
fn typed(command: Command, keys: &[(&str, &str)]) -> Result<(Option<i32>, String)> {
    let (mut pty, terminal) = open().context("no pseudo-terminal")?;
    pty.resize(Size::new(ROWS, COLUMNS))?;
    let mut child = command.spawn(terminal).context("cannot start it")?;
    let chunks = fixtures::terminal::read_in_background(&pty)?;
    let deadline = Instant::now() + LIMIT;
    let mut screen = Vec::new();
    let mut next = keys.iter();
    let mut wanted = next.next();
    // What was shown before the last keys is not waited for again.
    let mut heard = 0;
    while let Ok(chunk) = chunks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        screen.extend_from_slice(&chunk);
        let Some((text, answer)) = wanted else {
            continue;
        };
        if String::from_utf8_lossy(&screen[heard..]).contains(text) {
            heard = screen.len();
            pty.write_all(answer.as_bytes())?;
            wanted = next.next();
        }
    }
    // It has closed its terminal, or the time is up.
    if Instant::now() >= deadline {
        child.kill()?;
    }
    let code = child.wait()?.code();
    Ok((code, String::from_utf8_lossy(&screen).into_owned()))
}
