//! Messages on their way into a running turn.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use amp_process::StdinWriter;
use futures::task::AtomicWaker;
use tokio::io::AsyncWrite;

use crate::error::Error;

/// How many bytes may wait for the agent before a message is refused.
pub(super) const LIMIT: usize = 16 << 20;

/// Bytes that wait until the agent reads them; the turn writes them on while it is polled.
#[derive(Debug)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Whoever polls the turn.
    turn: AtomicWaker,
}

#[derive(Debug)]
struct State {
    /// `None` as soon as nothing more can be written.
    writer: Option<StdinWriter>,
    waiting: VecDeque<u8>,
    /// Whether the input is closed when nothing waits any more.
    closing: bool,
}

impl Outbox {
    pub(super) fn new(writer: StdinWriter) -> Self {
        Self {
            state: Mutex::new(State {
                writer: Some(writer),
                waiting: VecDeque::new(),
                closing: false,
            }),
            turn: AtomicWaker::new(),
        }
    }

    /// Refuses a message that could not be taken now.
    pub(super) fn check(&self) -> Result<(), Error> {
        let state = self.state();
        if state.writer.is_none() {
            return Err(Error::InputClosed(io::ErrorKind::BrokenPipe.into()));
        }
        match state.waiting.len() {
            waiting if waiting >= LIMIT => Err(Error::InputFull { waiting }),
            _ => Ok(()),
        }
    }

    /// Takes bytes: what the agent does not read at once waits.
    pub(super) fn push(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut state = self.state();
        state.waiting.extend(bytes);
        self.write_now(state).map_err(Error::InputClosed)
    }

    /// Closes the input as soon as nothing waits any more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closing = true;
        // Whether the agent has read everything is told by its outcome.
        let _ = self.write_now(state);
    }

    /// Writes on, for whoever polls the turn.
    pub(super) fn poll(&self, context: &mut Context<'_>) {
        self.turn.register(context.waker());
        // Not reading its input is the agent's right; its end tells the rest.
        let _ = self.state().write(context);
    }

    /// Writes what the agent takes at once, and leaves the rest to the turn.
    fn write_now(&self, mut state: MutexGuard<'_, State>) -> io::Result<()> {
        let written = state.write(&mut Context::from_waker(Waker::noop()));
        drop(state);
        // The pipe knows one waiter alone, and that is the turn again once it was polled.
        self.turn.wake();
        written
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A pipe stays usable whatever its other holder did.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Writes until the agent takes no more for now.
    fn write(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while let Some(writer) = &mut self.writer {
            let (next, _) = self.waiting.as_slices();
            if next.is_empty() {
                if self.closing {
                    self.writer = None;
                }
                break;
            }
            match Pin::new(writer).poll_write(context, next) {
                Poll::Pending => break,
                Poll::Ready(Ok(count)) => drop(self.waiting.drain(..count)),
                Poll::Ready(Err(error)) => {
                    self.writer = None;
                    self.waiting = VecDeque::new();
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
