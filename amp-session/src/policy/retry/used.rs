//! What attempts have used of the caps, which are for all of them together.

use super::super::caps::Caps;
use crate::outcome::Outcome;

/// What the attempts have used of the caps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Used {
    tokens: u64,
    tool_calls: u64,
    messages: u64,
}

impl Used {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.tokens = self.tokens.saturating_add(outcome.usage.uncached_tokens());
        self.tool_calls += outcome.tool_calls;
        self.messages += outcome.seen.messages;
    }

    /// Returns what is left of the caps.
    ///
    /// # Errors
    /// Says what is used up.
    pub(super) fn left_of(self, caps: Caps) -> Result<Caps, String> {
        let left = |cap: Option<u64>, used: u64, what: &str| match cap {
            Some(cap) if used >= cap && cap > 0 => {
                Err(format!("{used} {what} of at most {cap} are used"))
            }
            cap => Ok(cap.map(|cap| cap.saturating_sub(used))),
        };
        let mut caps = caps;
        caps.tokens = left(caps.tokens, self.tokens, "tokens")?;
        // The calls that are allowed may all have run; the answer to them is still to come.
        caps.tool_calls = caps
            .tool_calls
            .map(|cap| cap.saturating_sub(self.tool_calls));
        caps.messages = left(caps.messages, self.messages, "messages of the model")?;
        Ok(caps)
    }
}
