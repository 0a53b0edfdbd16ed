//! Token counts added up.

use serde::{Deserialize, Serialize};

use crate::count::Count;
use crate::event::Usage;

/// Tokens of several messages, added up.
///
/// Each message reports its own, so adding is right; nothing in the stream is cumulative. Counts
/// that are absent, `null` or no whole number add nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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

    /// Adds what other messages cost.
    pub fn add_totals(&mut self, other: &Self) {
        let add = |total: &mut u64, more: u64| *total = total.saturating_add(more);
        add(&mut self.input_tokens, other.input_tokens);
        add(
            &mut self.cache_creation_input_tokens,
            other.cache_creation_input_tokens,
        );
        add(
            &mut self.cache_read_input_tokens,
            other.cache_read_input_tokens,
        );
        add(&mut self.output_tokens, other.output_tokens);
        add(
            &mut self.messages_without_usage,
            other.messages_without_usage,
        );
    }

    /// Returns all tokens read: those of no cache, those written to one and those read from one.
    #[must_use]
    pub fn all_input_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_creation_input_tokens)
            .saturating_add(self.cache_read_input_tokens)
    }

    /// Returns the tokens that cost most: those read, but from no cache, and those written.
    #[must_use]
    pub fn uncached_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_creation_input_tokens)
            .saturating_add(self.output_tokens)
    }
}

/// How full the context window of the model was after its last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ContextUse {
    /// Tokens that the last message read and wrote.
    pub tokens: u64,
    /// How many there may be; builds through July 2026 say so.
    pub limit: Option<u64>,
}

impl ContextUse {
    /// Returns what a message says about it; `None` when it says nothing.
    pub(super) fn of(usage: &Usage) -> Option<Self> {
        let mut message = UsageTotals::default();
        message.add(Some(usage));
        let tokens = message
            .all_input_tokens()
            .saturating_add(message.output_tokens);
        let limit = usage.max_tokens.as_ref().and_then(Count::as_u64);
        (tokens > 0).then_some(Self { tokens, limit })
    }
}
