//! Where a command writes, and what is known about the reader.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Requests;

/// The width assumed when a terminal does not tell its own.
const USUAL_WIDTH: u16 = 80;

/// The height assumed when a terminal does not tell its own.
pub(super) const USUAL_HEIGHT: u16 = 24;

/// Represents an output stream.
///
/// Clones write to the same place, so that a progress line and the text around it can share it.
#[derive(Clone)]
pub struct Output {
    sink: Arc<Mutex<dyn Write + Send>>,
    terminal: Option<Terminal>,
}

impl Output {
    /// Creates an output that is not a terminal.
    pub fn new(sink: impl Write + Send + 'static) -> Self {
        Self {
            sink: Arc::new(Mutex::new(sink)),
            terminal: None,
        }
    }

    /// Creates an output that forgets what is written.
    #[must_use]
    pub fn discarded() -> Self {
        Self::new(io::sink())
    }

    /// Creates an output and a handle that reads back what was written.
    #[must_use]
    pub fn captured() -> (Self, Captured) {
        let captured = Captured(Arc::new(Mutex::new(Vec::new())));
        (
            Self {
                sink: captured.0.clone(),
                terminal: None,
            },
            captured,
        )
    }

    /// Declares that a terminal is reading.
    #[must_use]
    pub fn on_terminal(mut self, terminal: Terminal) -> Self {
        self.terminal = Some(terminal);
        self
    }

    pub(super) fn standard_output(requests: Requests) -> Self {
        let stream = io::stdout();
        let terminal = stream
            .is_terminal()
            .then_some(Terminal::new(Width::OfStandardOutput));
        Self {
            terminal,
            ..platform::standard_output(stream, requests)
        }
    }

    pub(super) fn standard_error(requests: Requests) -> Self {
        let stream = io::stderr();
        let terminal = stream
            .is_terminal()
            .then_some(Terminal::new(Width::OfStandardError));
        Self {
            terminal,
            ..platform::standard_error(stream, requests)
        }
    }

    /// Limits the columns that are used, if a terminal is reading.
    pub(super) fn limit_columns(&mut self, columns: u16) {
        self.terminal = self.terminal.map(|terminal| terminal.limited_to(columns));
    }

    /// Returns the terminal that is reading, if one is.
    pub(crate) fn terminal(&self) -> Option<Terminal> {
        self.terminal
    }

    fn sink(&self) -> MutexGuard<'_, dyn Write + Send + 'static> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink().write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink().write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink().flush()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Output")
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}

/// Describes a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    width: Width,
    /// What the user wants at most.
    limit: Option<u16>,
}

impl Terminal {
    /// Creates a terminal with a fixed number of columns; 0 stands for one that does not tell.
    #[must_use]
    pub fn with_columns(columns: u16) -> Self {
        Self::new(Width::Fixed(columns))
    }

    fn new(width: Width) -> Self {
        Self { width, limit: None }
    }

    /// Returns this terminal with a limit on the columns that are used.
    pub(super) fn limited_to(self, columns: u16) -> Self {
        Self {
            limit: Some(columns),
            ..self
        }
    }

    /// Returns the number of columns now; a real terminal may have been resized since last time.
    ///
    /// A limit narrows; more columns than there are would only break every line in two. It stands
    /// for the size where a terminal does not tell its own.
    pub(crate) fn columns(self) -> u16 {
        let measured = match self.width {
            Width::Fixed(columns) => Some(columns),
            _ => self.size().map(|(columns, _)| columns.0),
        };
        let known = measured.filter(|columns| *columns > 0);
        known
            .into_iter()
            .chain(self.limit)
            .min()
            .unwrap_or(USUAL_WIDTH)
    }

    /// Returns the number of rows now.
    pub(crate) fn rows(self) -> u16 {
        let rows = self.size().map(|(_, rows)| rows.0);
        rows.filter(|rows| *rows > 0).unwrap_or(USUAL_HEIGHT)
    }

    fn size(self) -> Option<(terminal_size::Width, terminal_size::Height)> {
        match self.width {
            Width::Fixed(_) => None,
            Width::OfStandardOutput => terminal_size::terminal_size_of(io::stdout()),
            Width::OfStandardError => terminal_size::terminal_size_of(io::stderr()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Width {
    Fixed(u16),
    OfStandardOutput,
    OfStandardError,
}

/// Reads back what was written to an [`Output`].
#[derive(Clone, Debug)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Returns a copy of everything written so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns everything written so far as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}
