//! Events as lines of JSON, numbered and with the time.

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::sink::{Loss, Sink};

/// The form of the lines.
const VERSION: u32 = 1;

/// What every line says beside its event.
#[derive(Serialize)]
struct Line<'a, E> {
    /// The form of these lines; a field or an event may come, none goes or changes.
    version: u32,
    /// Counts the lines, from 1; a gap is of lines that were dropped.
    number: u64,
    /// When it happened, in milliseconds since the UNIX epoch.
    time: u64,
    #[serde(flatten)]
    event: &'a E,
}

/// Writes events as lines of JSON.
#[derive(Debug)]
pub(crate) struct Lines {
    sink: Sink,
    number: u64,
}

impl Lines {
    pub(super) fn new(sink: Sink) -> Self {
        Self { sink, number: 0 }
    }

    /// Begins to write to an output that is open already.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn to(output: impl Write + Send + 'static) -> io::Result<Self> {
        Sink::start(move || Ok(output)).map(Self::new)
    }

    /// Tells of an event.
    pub(crate) fn tell(&mut self, event: &impl Serialize) {
        let line = self.next(event);
        self.sink.send(line);
    }

    /// Tells of the last event; returns what is to be said of lines that were not written.
    pub(crate) fn finish(mut self, last: &impl Serialize) -> Option<String> {
        let last = self.next(last);
        let Loss { lines, reason } = self.sink.finish(last)?;
        Some(format!("events that were not written: {lines}, {reason}"))
    }

    /// Returns the next line.
    fn next(&mut self, event: &impl Serialize) -> Vec<u8> {
        self.number += 1;
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let line = Line {
            version: VERSION,
            number: self.number,
            time: since.map(milliseconds).unwrap_or_default(),
            event,
        };
        let mut line = serde_json::to_vec(&line).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// Returns a duration in milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
