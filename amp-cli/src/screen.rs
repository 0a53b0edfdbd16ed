//! A terminal with a status line or a progress bar at its lower end.

mod cursor;
mod download;
pub(crate) mod rows;

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use self::cursor::Cursor;
pub(crate) use self::download::Download;
use crate::context::{Context, Output, Terminal};
use crate::text::StatusLine;

/// How often the transient line is drawn at most, per second.
const DRAWS_PER_SECOND: u8 = 10;

/// How often the line of a download is drawn, which no event moves.
const TICK: Duration = Duration::from_millis(100);

/// Tells whether moving things may be drawn on an output.
///
/// They need a terminal that can move its cursor, and a person: continuous integration keeps a log.
pub(crate) fn may_animate(context: &Context, output: &Output) -> bool {
    let dumb = context.variable("TERM").is_some_and(|term| term == "dumb");
    !dumb && has_reader(context, output)
}

/// Tells whether a person reads an output: a terminal, and not one of continuous integration.
pub(crate) fn has_reader(context: &Context, output: &Output) -> bool {
    let unattended = context
        .variable("CI")
        .is_some_and(|value| value != "false" && value != "0");
    output.terminal().is_some() && !unattended
}

/// Writes lasting text above a transient line.
pub(crate) struct Screen {
    output: Output,
    line: ProgressBar,
    message: Arc<Mutex<StatusLine>>,
}

impl Screen {
    /// Creates a screen whose transient line shows a spinner and a message.
    pub(crate) fn with_status(output: Output, animate: bool) -> Self {
        let terminal = output.terminal();
        let message = Arc::<Mutex<StatusLine>>::default();
        let shown = Arc::clone(&message);
        let draw = move |_: &ProgressState, to: &mut dyn fmt::Write| {
            // The width is that of the moment: the terminal may have shrunk since the message came.
            let columns = terminal.map_or(0, usable_columns);
            // The spinner and a blank stand before it.
            let room = usize::from(columns).saturating_sub(2);
            // A line that cannot be written is drawn again a moment later.
            let _ = to.write_str(&locked(&shown).lay_out(room));
        };
        let style = ProgressStyle::with_template("{spinner} {status}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_strings(&["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "])
            .with_key("status", draw);
        let mut screen = Self::new(output, animate, ProgressBar::no_length().with_style(style));
        screen.message = message;
        screen
    }

    /// Creates a screen whose transient line shows how far a download is; it moves by itself, so
    /// that a download that stands still can be seen to.
    pub(crate) fn with_download(output: Output, animate: bool, download: Download) -> Self {
        let terminal = output.terminal();
        let columns = move || terminal.map_or(0, |terminal| usize::from(usable_columns(terminal)));
        let line = match download.remaining() {
            Some(bytes) => ProgressBar::new(bytes),
            None => ProgressBar::no_length(),
        };
        let draw = move |state: &ProgressState, to: &mut dyn fmt::Write| {
            // A line that cannot be written is drawn again a moment later.
            let _ = to.write_str(&download.line(state.pos(), state.per_sec(), columns()));
        };
        let style = ProgressStyle::with_template("{download}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("download", draw);
        let screen = Self::new(output, animate, line.with_style(style));
        screen.move_by_itself();
        screen
    }

    fn new(output: Output, animate: bool, line: ProgressBar) -> Self {
        let target = match output.terminal().filter(|_| animate) {
            Some(terminal) => {
                let cursor = Cursor::new(output.clone(), move || usable_columns(terminal));
                ProgressDrawTarget::term_like_with_hz(Box::new(cursor), DRAWS_PER_SECOND)
            }
            None => ProgressDrawTarget::hidden(),
        };
        line.set_draw_target(target);
        Self {
            output,
            line,
            message: Arc::default(),
        }
    }

    /// Writes text that stays.
    ///
    /// # Errors
    /// Fails when the output was closed.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        let Self { output, line, .. } = self;
        line.suspend(|| {
            output.write_all(text.as_bytes())?;
            output.flush()
        })
    }

    /// Replaces the message of the transient line, from the next time it moves.
    pub(crate) fn set_message(&self, message: StatusLine) {
        *locked(&self.message) = message;
    }

    /// Moves the progress bar to the bytes that have come since the download began.
    pub(crate) fn set_position(&self, position: u64) {
        self.line.set_position(position);
    }

    /// Moves the transient line from now on, also while nothing happens.
    pub(crate) fn move_by_itself(&self) {
        if !self.line.is_hidden() {
            self.line.enable_steady_tick(TICK);
        }
    }

    /// Moves the spinner.
    pub(crate) fn tick(&self) {
        self.line.tick();
    }

    /// Removes the transient line until it is [shown again](Self::resume), so that something else
    /// can have the terminal for a while.
    pub(crate) fn pause(&self) {
        self.line.finish_and_clear();
    }

    /// Shows the transient line again.
    pub(crate) fn resume(&self) {
        self.line.reset();
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

/// Returns the columns a transient line may fill.
///
/// It leaves room for the `^C` that a terminal writes when somebody presses it: at the end of a full
/// line it would land on the next one and leave this one behind. There is always one column, for a
/// line of no width cannot be drawn.
fn usable_columns(terminal: Terminal) -> u16 {
    terminal.columns().saturating_sub(3).max(1)
}

fn locked<T>(text: &Mutex<T>) -> MutexGuard<'_, T> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}
