//! Token counts added up.

use serde::Serialize;

use crate::count::Count;
use crate::event::Usage;

/// Tokens of several messages, added up.
///
/// Each message reports its own, so adding is right; nothing in the stream is cumulative. Counts
/// that are absent, `null` or no whole number add nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsageTotals {
    /// Tokens read that were not in the cache.
    pub input_tokens: u64,
    /// Tokens written to the cache.
    pub cache_creation_input_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// How many messages said nothing about tokens: the totals are too low by those.
    pub messages_without_usage: u64,
}

impl UsageTotals {
    /// Adds what one message cost.
    pub fn add(&mut self, usage: Option<&Usage>) {
        let Some(usage) = usage else {
            self.messages_without_usage += 1;
            return;
        };
        for (total, count) in [
            (&mut self.input_tokens, &usage.input_tokens),
            (
                &mut self.cache_creation_input_tokens,
                &usage.cache_creation_input_tokens,
            ),
            (
                &mut self.cache_read_input_tokens,
                &usage.cache_read_input_tokens,
            ),
            (&mut self.output_tokens, &usage.output_tokens),
        ] {
            let count = count.as_ref().and_then(Count::as_u64).unwrap_or(0);
            *total = total.saturating_add(count);
        }
    }
    /// Returns all tokens read: those of no cache, those written to one and those read from one.
    #[must_use]
    pub fn all_input_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_creation_input_tokens)
            .saturating_add(self.cache_read_input_tokens)
    }
}
