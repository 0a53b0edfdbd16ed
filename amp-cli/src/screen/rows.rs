//! Moving lines at the lower end of a terminal, more than one.

use std::io::{self, Write};

use super::usable_columns;
use crate::context::{Output, Terminal};

/// Removes what is at the cursor and behind it.
const CLEAR: &str = "\r\x1b[J";

/// Has the terminal drop what is beyond its last column, and break lines again.
const ONE_ROW_EACH: (&str, &str) = ("\x1b[?7l", "\x1b[?7h");

/// Writes lasting text above lines that move.
///
/// Between two pictures the cursor stands where the first line begins: a terminal that shrinks and
/// breaks lines in two keeps it there, so clearing from there on leaves no piece behind.
pub(crate) struct Rows {
    output: Output,
    /// `None` where nothing may move.
    terminal: Option<Terminal>,
    are_shown: bool,
}

impl Rows {
    /// Creates lines that move, where they may.
    pub(crate) fn new(output: Output, animate: bool) -> Self {
        Self {
            terminal: output.terminal().filter(|_| animate),
            output,
            are_shown: false,
        }
    }

    /// Draws the lines that `lay_out` returns for so many columns and at most so many lines.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn draw(
        &mut self,
        lay_out: impl FnOnce(usize, usize) -> Vec<String>,
    ) -> io::Result<()> {
        let Some(terminal) = self.terminal else {
            return Ok(());
        };
        // The last row of all stays free: writing a line behind it would move the first one up.
        let most = usize::from(terminal.rows()).saturating_sub(1).max(1);
        let lines = lay_out(usable_columns(terminal).into(), most);
        let (begin, end) = ONE_ROW_EACH;
        let up = match lines.len() {
            0 | 1 => String::new(),
            count => format!("\x1b[{}A", count - 1),
        };
        let lines = lines.join("\r\n");
        // As a whole, so that it does not flicker.
        let picture = format!("{begin}{CLEAR}{lines}{end}\r{up}");
        self.are_shown = true;
        self.output.write_all(picture.as_bytes())?;
        self.output.flush()
    }

    /// Writes text that stays; the lines come back when they are drawn again.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.clear()?;
        self.output.write_all(text.as_bytes())?;
        self.output.flush()
    }

    /// Removes the lines until they are drawn again.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.are_shown) {
            return Ok(());
        }
        self.output.write_all(CLEAR.as_bytes())?;
        self.output.flush()
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = self.clear();
    }
}
