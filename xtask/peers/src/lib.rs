//! What the program of every driver tells: how many messages it was handed, how soon the first one
//! came, and what ended the stream before its end.

use std::time::Instant;

use serde::Serialize;

/// What a driver handed out.
#[derive(Debug, Serialize)]
pub struct Counted {
    /// How many messages came.
    messages: usize,
    /// From the call of the driver to the first message, in ms.
    first_ms: Option<f64>,
    /// What the driver gave instead of the messages that were left.
    error: Option<String>,
    #[serde(skip)]
    begun: Instant,
}

impl Counted {
    /// Begins to count: the next thing is the call of the driver.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            messages: 0,
            first_ms: None,
            error: None,
            begun: Instant::now(),
        }
    }

    /// Counts a message. Says whether the reader is to go away now, which the variable
    /// `PEERS_LEAVE` asks for.
    pub fn message(&mut self) -> bool {
        self.messages += 1;
        self.first_ms
            .get_or_insert_with(|| self.begun.elapsed().as_secs_f64() * 1e3);
        std::env::var_os("PEERS_LEAVE").is_some()
    }

    /// Notes that the driver gave an error.
    pub fn error(&mut self, error: &impl ToString) {
        self.error.get_or_insert_with(|| error.to_string());
    }

    /// Writes what was counted, as a line of JSON.
    pub fn tell(&self) {
        println!("{}", serde_json::to_string(self).expect("plain fields"));
    }
}
