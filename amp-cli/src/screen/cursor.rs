//! Draws the transient line so that no piece of it stays behind, whatever becomes of the terminal.

use std::fmt::{self, Debug, Write as _};
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

use crate::context::Output;

/// Removes what is at the cursor and behind it.
const CLEAR: &str = "\r\x1b[J";

/// Has the terminal drop what is beyond its last column, and break lines again.
///
/// The line was laid out for the width of a moment ago, and by a count of columns that not every
/// terminal shares (a family of emoji): broken in two, a piece of it would stay.
const ONE_ROW: (&str, &str) = ("\x1b[?7l", "\x1b[?7h");

/// Draws a line of one row.
///
/// Between two pictures the cursor stands where the line begins: a terminal that shrinks and breaks
/// the line in two keeps it there, so clearing from there on leaves no piece behind. For the same
/// reason nothing ever moves up, where the transcript is.
pub(super) struct Cursor<W> {
    output: Output,
    width: W,
    /// What was drawn since the last flush: a picture is written as a whole, so that it does not
    /// flicker.
    drawn: Mutex<String>,
}

impl<W: Fn() -> u16> Cursor<W> {
    /// Creates a cursor on an output that is as wide as `width` says when asked.
    pub(super) fn new(output: Output, width: W) -> Self {
        Self {
            output,
            width,
            drawn: Mutex::default(),
        }
    }

    fn drawn(&self) -> MutexGuard<'_, String> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, text: fmt::Arguments<'_>) -> io::Result<()> {
        self.drawn().write_fmt(text).map_err(io::Error::other)
    }
}

impl<W: Fn() -> u16 + Send + Sync> TermLike for Cursor<W> {
    fn width(&self) -> u16 {
        (self.width)()
    }

    fn move_cursor_up(&self, _rows: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _rows: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _columns: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _columns: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.draw(format_args!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.draw(format_args!("{text}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.draw(format_args!("{CLEAR}"))
    }

    fn flush(&self) -> io::Result<()> {
        let drawn = std::mem::take(&mut *self.drawn());
        let mut output = self.output.clone();
        if !drawn.is_empty() {
            let (begin, end) = ONE_ROW;
            output.write_all(format!("{begin}{drawn}{end}\r").as_bytes())?;
        }
        output.flush()
    }
}

impl<W> Debug for Cursor<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cursor").finish_non_exhaustive()
    }
}
