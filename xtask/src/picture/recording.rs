//! A shell on a pseudo-terminal, typed into, and what its terminal was sent.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use super::cast::{Cast, Output};
use super::setup::{PROMPT, Setup};

const ROWS: u16 = 52;
const COLUMNS: u16 = 84;

/// What is typed at the prompt.
const COMMANDS: [&str; 2] = [
    r#"ampctl run "Why does the test fail? Fix it.""#,
    r#"ampctl continue "Add a test for three spaces.""#,
];

/// How long a command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);

/// The pause after a key; a person who watches should be able to follow.
const KEY: Duration = Duration::from_millis(35);

/// Records the commands of the picture.
pub(super) fn record(setup: &Setup) -> Result<Cast> {
    let (mut pty, terminal) = open().context("no pseudo-terminal")?;
    pty.resize(Size::new(ROWS, COLUMNS))?;
    let mut shell = Command::new("/bin/sh")
        .arg("-i")
        .env_clear()
        .envs(&setup.environment)
        .current_dir(&setup.project)
        .spawn(terminal)
        .context("cannot start a shell")?;
    let mut recorder = Recorder::new(&pty)?;
    let recorded = recorder.type_all(&mut pty);
    // Its terminal goes away, so nothing that it started stays.
    let _ = shell.kill();
    let _ = shell.wait();
    recorded?;
    Ok(Cast {
        columns: COLUMNS,
        rows: ROWS,
        title: "ampctl".to_owned(),
        events: recorder.events,
    })
}

/// Takes down what a terminal is sent.
struct Recorder {
    started: Instant,
    chunks: Receiver<(Instant, String)>,
    events: Vec<Output>,
}

impl Recorder {
    fn new(pty: &Pty) -> Result<Self> {
        Ok(Self {
            started: Instant::now(),
            chunks: read_in_background(pty)?,
            events: Vec::new(),
        })
    }

    fn type_all(&mut self, pty: &mut Pty) -> Result<()> {
        self.wait_for_prompt()?;
        for command in COMMANDS {
            for key in command.chars() {
                pty.write_all(key.to_string().as_bytes())?;
                sleep(KEY);
            }
            pty.write_all(b"\r")?;
            self.wait_for_prompt()?;
        }
        Ok(())
    }

    /// Takes down what is written until the last of it is the prompt.
    fn wait_for_prompt(&mut self) -> Result<()> {
        let deadline = Instant::now() + COMMAND_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok((moment, text)) = self.chunks.recv_timeout(left) else {
                bail!("no prompt came after {:?}", self.events.last());
            };
            let is_seen = text.ends_with(PROMPT);
            self.events.push(Output {
                time: moment.saturating_duration_since(self.started).as_secs_f64(),
                text,
            });
            if is_seen {
                return Ok(());
            }
        }
    }
}

/// Reads whole characters until the terminal is gone.
fn read_in_background(pty: &Pty) -> Result<Receiver<(Instant, String)>> {
    let descriptor = pty.as_fd().try_clone_to_owned()?;
    let mut terminal = std::fs::File::from(descriptor);
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        let mut rest = Vec::new();
        while let Ok(count @ 1..) = terminal.read(&mut buffer) {
            rest.extend_from_slice(&buffer[..count]);
            let whole = match std::str::from_utf8(&rest) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            let text = String::from_utf8_lossy(&rest[..whole]).into_owned();
            rest.drain(..whole);
            if !text.is_empty() && sender.send((Instant::now(), text)).is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}
