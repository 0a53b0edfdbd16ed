//! Where a command writes, and what is known about the reader.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The width assumed when a terminal does not tell its own.
const USUAL_WIDTH: u16 = 80;

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

    pub(super) fn standard_output() -> Self {
        let stream = io::stdout();
        let terminal = stream.is_terminal().then_some(Terminal {
            width: Width::OfStandardOutput,
        });
        Self {
            terminal,
            ..Self::new(stream)
        }
    }

    pub(super) fn standard_error() -> Self {
        let stream = io::stderr();
        let terminal = stream.is_terminal().then_some(Terminal {
            width: Width::OfStandardError,
        });
        Self {
            terminal,
            ..Self::new(stream)
        }
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
}

impl Terminal {
    /// Creates a terminal with a fixed number of columns.
    #[must_use]
    pub fn with_columns(columns: u16) -> Self {
        Self {
            width: Width::Fixed(columns),
        }
    }

    /// Returns the number of columns now; a real terminal may have been resized since last time.
    pub(crate) fn columns(self) -> u16 {
        let size = match self.width {
            Width::Fixed(columns) => return columns,
            Width::OfStandardOutput => terminal_size::terminal_size_of(io::stdout()),
            Width::OfStandardError => terminal_size::terminal_size_of(io::stderr()),
        };
        match size {
            Some((terminal_size::Width(columns), _)) if columns > 0 => columns,
            _ => USUAL_WIDTH,
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
