//! The controlling terminal, told not to show what is typed.

mod typed;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

pub(crate) use self::typed::Keyboard;
use crate::runtime::on_a_thread;

/// Stands for a key that does nothing special (`_POSIX_VDISABLE` of Linux).
#[cfg(target_os = "linux")]
const DISABLED: u8 = 0;
/// Stands for a key that does nothing special (`_POSIX_VDISABLE` of the BSDs and macOS).
#[cfg(not(target_os = "linux"))]
const DISABLED: u8 = 0xff;

pub(super) async fn read_hidden(prompt: &str) -> io::Result<String> {
    let mut terminal = HiddenTerminal::open()?;
    terminal.say(prompt)?;
    let reader = terminal.reader()?;
    let line = on_a_thread(|| read_line(reader)).await??;
    terminal.is_answered = line.ends_with('\n');
    Ok(line)
}

fn read_line(terminal: File) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(terminal).read_line(&mut line)?;
    Ok(line)
}

/// Holds the terminal and brings its settings back when it is dropped.
struct HiddenTerminal {
    terminal: File,
    settings: Termios,
    /// The cursor is on a line of its own.
    is_answered: bool,
}

impl HiddenTerminal {
    fn open() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let settings = tcgetattr(&terminal)?;
        let mut hidden = settings.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // The end of the line is shown all the same.
        hidden.local_modes.insert(LocalModes::ECHONL);
        // A shell makes the terminal show everything again when it stops a program, and nobody
        // would hide the rest of the key after `fg`; a core file would hold it.
        for key in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
            hidden.special_codes[key] = DISABLED;
        }
        let opened = Self {
            terminal,
            settings,
            is_answered: false,
        };
        // What was typed before it was asked for could have been seen: it is no answer.
        tcsetattr(&opened.terminal, OptionalActions::Flush, &hidden)?;
        Ok(opened)
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.terminal.write_all(text.as_bytes())
    }

    fn reader(&self) -> io::Result<File> {
        self.terminal.try_clone()
    }
}

impl Drop for HiddenTerminal {
    fn drop(&mut self) {
        // A terminal that went away shows nothing anyway.
        if !self.is_answered {
            let _ = self.say("\n");
        }
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.settings);
    }
}
