//! How to go on so that the prompt is never sent twice and no tool runs again: a pure decision.
//!
//! The thread is asked first, by Amp's own export of it. Measured with 1,100 runs of builds of
//! 2026-01-08 to 2026-09-23: `continue` in a thread that exists is sent behind the prompt, which is
//! sent once; the same prompt in the same thread is sent twice; what may have run and is in no
//! thread any more cannot be gone on with.

use super::note::How;
use super::thread_state::ThreadState;
use crate::outcome::Seen;

/// The text that goes on with a thread.
pub(crate) const CONTINUE: &str = "continue";

/// What is known of the thread that a turn failed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// No line has named one.
    NoThread,
    /// This build cannot be asked.
    Unasked,
    /// There is no such thread.
    Missing,
    /// It holds this.
    Holds(ThreadState),
}

/// What is known of the attempts so far.
#[derive(Debug, Clone)]
pub(super) struct Known<'a> {
    /// The prompt, in one line.
    pub(super) prompt: &'a str,
    /// Whether the thread was there before the prompt.
    pub(super) is_resumed: bool,
    /// Whether it is sure of every attempt that nothing was sent.
    pub(super) nothing_was_sent: bool,
    /// Whether the thread was gone on with before, with [`CONTINUE`].
    pub(super) continued: bool,
    /// Whether the service may have gone on by itself.
    pub(super) is_lost: bool,
    /// What the stream has shown.
    pub(super) seen: &'a Seen,
    /// How many tool calls there were, those of subagents included.
    pub(super) tool_calls: u64,
    /// Whether a call is shown before it runs.
    pub(super) shows_calls_first: bool,
    /// Whether a call without a result is told as cancelled and never run.
    pub(super) cancels_open_calls: bool,
}

/// Decides how to go on.
///
/// # Errors
/// Says why not, for a person.
pub(super) fn how(known: &Known<'_>, evidence: &Evidence) -> Result<How, String> {
    let state = match evidence {
        Evidence::NoThread if known.nothing_was_sent => return Ok(How::NewThread),
        Evidence::NoThread => {
            return Err("Amp named no thread, and may have sent the prompt".to_owned());
        }
        Evidence::Unasked if known.is_resumed => {
            let why = "this Amp cannot say whether the prompt is in the thread";
            return Err(why.to_owned());
        }
        // Where there is no such thread, that fails and sends nothing.
        Evidence::Unasked => return Ok(How::Continue),
        Evidence::Missing => return without_thread(known),
        Evidence::Holds(state) if state.is_empty() => return without_thread(known),
        Evidence::Holds(state) => state,
    };
    if let Some(id) = known
        .seen
        .calls
        .keys()
        .find(|id| !state.calls.contains_key(*id))
    {
        return Err(format!("the thread lacks a tool call that was seen ({id})"));
    }
    for (id, is_done) in &state.calls {
        let had_result = known.seen.calls.get(id).copied().unwrap_or_default();
        if !is_done && (had_result || !known.cancels_open_calls) {
            let why = match had_result {
                true => "whose result was seen",
                false => "which may still run, or run again",
            };
            return Err(format!(
                "the thread has no result of a tool call {why} ({id})"
            ));
        }
    }
    let last = state.last_text();
    let is_ours = last == Some(known.prompt) || (known.continued && last == Some(CONTINUE));
    match is_ours {
        true if state.is_answered => Err("the thread has an answer by now".to_owned()),
        true if known.is_lost && has_gone_on(known, state) => {
            Err("the service has gone on with the turn by itself".to_owned())
        }
        true => Ok(How::Continue),
        false if known.nothing_was_sent && !state.has_text(known.prompt) => Ok(How::SamePrompt),
        false => Err("the prompt is not the last that was said in the thread".to_owned()),
    }
}

/// Tells whether the service has gone on with a turn whose connection was lost.
fn has_gone_on(known: &Known<'_>, state: &ThreadState) -> bool {
    let shown = usize::try_from(known.seen.messages).unwrap_or(usize::MAX);
    state.is_streaming || state.answers_to(known.prompt) > shown
}

/// Decides how to go on where there is no thread, or nothing in it.
fn without_thread(known: &Known<'_>) -> Result<How, String> {
    if known.is_resumed {
        return Err("the thread is not there any more".to_owned());
    }
    if known.nothing_was_sent {
        return Ok(How::NewThread);
    }
    if known.tool_calls > 0 || !known.seen.calls.is_empty() {
        return Err("the thread is gone, and tool calls have run in it".to_owned());
    }
    if !known.shows_calls_first {
        let why = "the thread is gone, and this Amp may have run a tool without showing it";
        return Err(why.to_owned());
    }
    Ok(How::NewThread)
}

#[cfg(test)]
mod tests;
