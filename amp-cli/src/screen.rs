//! A terminal with a status line or a progress bar at its lower end.

use std::fmt::{self, Debug};
use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::context::{Context, Output, Terminal};

/// How often the transient line is drawn at most, per second.
const DRAWS_PER_SECOND: u8 = 10;

/// Tells whether moving things may be drawn on an output.
///
/// They need a terminal that can move its cursor, and a person: continuous integration keeps a log.
pub(crate) fn may_animate(context: &Context, output: &Output) -> bool {
    let dumb = context.variable("TERM").is_some_and(|term| term == "dumb");
    let unattended = context
        .variable("CI")
        .is_some_and(|value| value != "false" && value != "0");
    output.terminal().is_some() && !dumb && !unattended
}

/// Writes lasting text above a transient line.
pub(crate) struct Screen {
    output: Output,
    line: ProgressBar,
}

impl Screen {
    /// Creates a screen whose transient line shows a spinner and a message.
    pub(crate) fn with_status(output: Output, animate: bool) -> Self {
        let style = ProgressStyle::with_template("{spinner} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_strings(&["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "]);
        Self::new(output, animate, ProgressBar::no_length().with_style(style))
    }

    /// Creates a screen whose transient line shows how far a download of `length` bytes is.
    pub(crate) fn with_download(output: Output, animate: bool, length: Option<u64>) -> Self {
        let template = match length {
            Some(_) => "{msg}  [{bar:24}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
            None => "{spinner} {msg}  {bytes}, {bytes_per_sec}",
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        let line = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
        Self::new(output, animate, line.with_style(style))
    }

    fn new(output: Output, animate: bool, line: ProgressBar) -> Self {
        let target = match output.terminal().filter(|_| animate) {
            Some(terminal) => ProgressDrawTarget::term_like_with_hz(
                Box::new(Cursor {
                    output: output.clone(),
                    terminal,
                }),
                DRAWS_PER_SECOND,
            ),
            None => ProgressDrawTarget::hidden(),
        };
        line.set_draw_target(target);
        Self { output, line }
    }

    /// Writes text that stays.
    ///
    /// # Errors
    /// Fails when nobody reads any more.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        let Self { output, line } = self;
        line.suspend(|| {
            output.write_all(text.as_bytes())?;
            output.flush()
        })
    }

    /// Replaces the message of the transient line.
    pub(crate) fn set_message(&self, message: String) {
        self.line.set_message(message);
    }

    /// Moves the progress bar.
    pub(crate) fn set_position(&self, position: u64) {
        self.line.set_position(position);
    }

    /// Moves the spinner.
    pub(crate) fn tick(&self) {
        self.line.tick();
    }

    /// Removes the transient line.
    pub(crate) fn clear(&self) {
        self.line.finish_and_clear();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Moves the cursor of a terminal by the sequences every terminal knows.
struct Cursor {
    output: Output,
    terminal: Terminal,
}

impl Cursor {
    fn write(&self, text: fmt::Arguments<'_>) -> io::Result<()> {
        self.output.clone().write_fmt(text)
    }
}

impl TermLike for Cursor {
    /// Leaves room for the `^C` that a terminal writes when somebody presses it: at the end of a
    /// full line it would land on the next one and leave this one behind.
    fn width(&self) -> u16 {
        self.terminal.columns().saturating_sub(3)
    }

    fn move_cursor_up(&self, rows: usize) -> io::Result<()> {
        if rows == 0 {
            Ok(())
        } else {
            self.write(format_args!("\x1b[{rows}A"))
        }
    }

    fn move_cursor_down(&self, rows: usize) -> io::Result<()> {
        if rows == 0 {
            Ok(())
        } else {
            self.write(format_args!("\x1b[{rows}B"))
        }
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        if columns == 0 {
            Ok(())
        } else {
            self.write(format_args!("\x1b[{columns}C"))
        }
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        if columns == 0 {
            Ok(())
        } else {
            self.write(format_args!("\x1b[{columns}D"))
        }
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write(format_args!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.write(format_args!("{text}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write(format_args!("\r\x1b[2K"))
    }

    fn flush(&self) -> io::Result<()> {
        self.output.clone().flush()
    }
}

impl Debug for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cursor").finish_non_exhaustive()
    }
}
