//! What a turn has cost so far.

use amp_session::protocol::{Count, Usage};
use serde::Serialize;

/// Adds up the tokens of the assistant messages of a turn.
///
/// The stream has no totals and no prices of its own (no recording of 2026 has); each assistant
/// message states its own usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    pub(crate) input_tokens: u64,
    pub(crate) cache_creation_input_tokens: u64,
    pub(crate) cache_read_input_tokens: u64,
    pub(crate) output_tokens: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, usage: &Usage) {
        let count = |tokens: &Option<Count>| tokens.as_ref().and_then(Count::as_u64).unwrap_or(0);
        self.input_tokens += count(&usage.input_tokens);
        self.cache_creation_input_tokens += count(&usage.cache_creation_input_tokens);
        self.cache_read_input_tokens += count(&usage.cache_read_input_tokens);
        self.output_tokens += count(&usage.output_tokens);
    }

    /// Returns the totals in a few words, or nothing when no message stated any.
    pub(crate) fn in_words(&self) -> Option<String> {
        let read =
            self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens;
        if read + self.output_tokens == 0 {
            return None;
        }
        Some(format!(
            "{} tokens in, {} out",
            rounded(read),
            rounded(self.output_tokens)
        ))
    }
}

fn rounded(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}.{}k", count / 1_000, count / 100 % 10),
        _ => format!("{}.{}M", count / 1_000_000, count / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_rounded_when_they_grow() {
        let texts = [0, 9_999, 12_345, 2_500_000].map(rounded);
        assert_eq!(texts, ["0", "9999", "12.3k", "2.5M"]);
    }

    #[test]
    fn nothing_is_said_when_nothing_was_counted() {
        assert_eq!(Tally::default().in_words(), None);
    }
}
