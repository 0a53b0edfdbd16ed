//! Runs `ampctl` on a pseudo-terminal and reads its screen as a person would.

use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};

use super::World;

/// How long a screen may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Represents `ampctl` as the leader of a session with a terminal of its own.
pub(crate) struct Terminal {
    pty: Pty,
    child: Child,
    chunks: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    /// Starts `ampctl` in a world, on a terminal of `rows` by `columns`.
    pub(crate) fn start(world: &World, arguments: &[&str], (rows, columns): (u16, u16)) -> Self {
        let (pty, terminal) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a size");
        let child = Command::new(env!("CARGO_BIN_EXE_ampctl"))
            .args(arguments)
            .env_clear()
            .env("TERM", "xterm-256color")
            .envs(world.environment())
            .current_dir(world.project())
            .spawn(terminal)
            .expect("ampctl starts");
        let chunks = read_in_background(&pty);
        Self {
            pty,
            child,
            chunks,
            screen: vt100::Parser::new(cells(rows), cells(columns), 500),
            raw: Vec::new(),
        }
    }

    /// Types on the keyboard; `"\x03"` is Ctrl-C.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).expect("a keyboard");
    }

    /// Waits until what is typed is no longer shown.
    pub(crate) fn wait_for_hidden_input(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let shows = |pty: &Pty| {
            let attributes = rustix::termios::tcgetattr(pty).expect("a terminal");
            attributes
                .local_modes
                .contains(rustix::termios::LocalModes::ECHO)
        };
        while shows(&self.pty) {
            assert!(Instant::now() < deadline, "input stays visible");
            std::thread::yield_now();
        }
    }

    /// Returns the lines of the screen, without trailing spaces.
    pub(crate) fn screen(&self) -> String {
        let contents = self.screen.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        format!("{}\n", lines.join("\n").trim_end())
    }

    /// Returns everything that was written, with its escape sequences.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Waits until the screen shows a text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.screen().contains(text) {
            match self
                .chunks
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(chunk) => self.show(&chunk),
                Err(error) => panic!("{error} before {text:?} was seen on:\n{}", self.screen()),
            }
        }
    }

    /// Waits until `ampctl` has exited and everything it wrote is on the screen.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .chunks
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(chunk) => self.show(&chunk),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.child.kill().expect("a process");
                    panic!("ampctl did not exit; its screen:\n{}", self.screen());
                }
            }
        }
        self.child.wait().expect("an exit status")
    }

    fn show(&mut self, chunk: &[u8]) {
        self.raw.extend_from_slice(chunk);
        self.screen.process(chunk);
    }
}

fn cells(count: u16) -> std::num::NonZeroU16 {
    count.try_into().expect("a terminal of some size")
}

/// Reads until the last process on the terminal has closed it.
fn read_in_background(pty: &Pty) -> Receiver<Vec<u8>> {
    use std::os::fd::AsFd;
    let descriptor = pty.as_fd().try_clone_to_owned().expect("a descriptor");
    let mut terminal = std::fs::File::from(descriptor);
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = terminal.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
