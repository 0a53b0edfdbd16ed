//! Runs `ampctl` on a pseudo-terminal and reads its screen as a person would.

use std::io::Write;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::process::Signal;
use rustix::termios::LocalModes;

use super::World;
use super::emulator::Emulator;
use super::program::send;

/// How long a screen may take to show what a test waits for.
const SCREEN_LIMIT: Duration = Duration::from_secs(30);

/// Represents `ampctl` as the leader of a session with a terminal of its own.
pub(crate) struct Terminal {
    pty: Pty,
    child: Child,
    chunks: Receiver<Vec<u8>>,
    screen: Emulator,
    raw: Vec<u8>,
}

impl Terminal {
    /// Starts `ampctl` in a world, on a terminal of `rows` by `columns`.
    pub(crate) fn start(world: &World, arguments: &[&str], size: (u16, u16)) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_ampctl")).args(arguments);
        Self::start_command(command, world, size)
    }

    /// Starts a shell that runs one line in which `ampctl` is a command.
    pub(crate) fn start_shell(world: &World, line: &str, size: (u16, u16)) -> Self {
        let ampctl = env!("CARGO_BIN_EXE_ampctl");
        let script = format!("ampctl() {{ '{ampctl}' \"$@\"; }}\n{line}");
        let command = Command::new("/bin/sh").args(["-c", &script]);
        Self::start_command(command, world, size)
    }

    fn start_command(command: Command, world: &World, (rows, columns): (u16, u16)) -> Self {
        let (pty, terminal) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a size");
        let child = command
            .env_clear()
            .env("TERM", "xterm-256color")
            .envs(world.environment())
            .current_dir(world.project())
            .spawn(terminal)
            .expect("ampctl starts");
        let chunks = fixtures::terminal::read_in_background(&pty).expect("a descriptor");
        Self {
            pty,
            child,
            chunks,
            screen: Emulator::new((rows, columns)),
            raw: Vec::new(),
        }
    }

    /// Types on the keyboard; `"\x03"` is Ctrl-C.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).expect("a keyboard");
    }

    /// Returns the settings that a shell would find here.
    pub(crate) fn local_modes(&self) -> LocalModes {
        let attributes = rustix::termios::tcgetattr(&self.pty).expect("a terminal");
        attributes.local_modes
    }

    /// Waits until what is typed is no longer shown.
    pub(crate) fn wait_for_hidden_input(&mut self) {
        let deadline = Instant::now() + SCREEN_LIMIT;
        while self.local_modes().contains(LocalModes::ECHO) {
            assert!(Instant::now() < deadline, "input stays visible");
            std::thread::yield_now();
        }
    }

    /// Sends a signal to `ampctl` alone.
    pub(crate) fn signal(&self, signal: Signal) {
        send(self.child.id(), signal);
    }

    /// Changes the size, of which the system tells `ampctl`.
    pub(crate) fn resize(&mut self, size: (u16, u16)) {
        self.screen.resize(size);
        self.tell_size(size);
    }

    /// Changes the size as [`Emulator::reflow`] does, and tells nobody.
    pub(crate) fn reflow(&mut self, size: (u16, u16)) {
        self.screen.reflow(size);
    }

    /// Has the system tell `ampctl` of a size.
    pub(crate) fn tell_size(&mut self, (rows, columns): (u16, u16)) {
        self.pty.resize(Size::new(rows, columns)).expect("a size");
    }

    /// Returns the lines of the screen, without trailing spaces.
    pub(crate) fn screen(&self) -> String {
        self.screen.text()
    }

    /// Returns the rows of the screen that hold anything.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.screen.rows()
    }

    /// Returns everything that was written, with its escape sequences.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Waits until the screen shows a text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_for_line(&[text]);
    }

    /// Waits until a file is there.
    pub(crate) fn wait_until_exists(&self, path: &std::path::Path) {
        let deadline = Instant::now() + SCREEN_LIMIT;
        while !path.exists() {
            assert!(
                Instant::now() < deadline,
                "{} does not come",
                path.display()
            );
            std::thread::yield_now();
        }
    }

    /// Waits until one line of the screen shows these texts in this order, and returns the line.
    pub(crate) fn wait_for_line(&mut self, texts: &[&str]) -> String {
        let line = |screen: &str| {
            let line = screen.lines().find(|line| shows(line, texts));
            line.map(str::to_owned)
        };
        self.wait_until(&format!("{texts:?}"), |screen| line(screen).is_some());
        line(&self.screen()).expect("a line that was just seen")
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn wait_until(&mut self, wanted: &str, is_seen: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + SCREEN_LIMIT;
        loop {
            let screen = self.screen();
            if is_seen(&screen) {
                return;
            }
            match self
                .chunks
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(chunk) => self.show(&chunk),
                Err(error) => panic!("{error} before {wanted} was seen on:\n{screen}"),
            }
        }
    }

    /// Waits until the moving line was begun anew this many times.
    pub(crate) fn wait_for_pictures(&mut self, count: usize) {
        let begun = |terminal: &Self| terminal.raw().matches("\x1b[J").count();
        let wanted = begun(self) + count;
        let deadline = Instant::now() + SCREEN_LIMIT;
        while begun(self) < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            let chunk = self.chunks.recv_timeout(left).expect("a moving line");
            self.show(&chunk);
        }
    }

    /// Waits until `ampctl` has exited and everything it wrote is on the screen.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + SCREEN_LIMIT;
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

/// Returns whether a line has these texts in this order.
fn shows(mut line: &str, texts: &[&str]) -> bool {
    texts.iter().all(|text| match line.split_once(text) {
        Some((_, rest)) => {
            line = rest;
            true
        }
        None => false,
    })
}
