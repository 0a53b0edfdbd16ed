//! Standard input: written with back-pressure, closed from either side.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::AsyncWrite;

use crate::error::Error;
use crate::platform::InputPipe;
use crate::spec::StdinSource;

/// The writing end of a program's standard input.
///
/// Writing waits while the pipe is full. What a dropped [`send`](Self::send) has begun is written to
/// its end before anything else, so no message is cut. Writing fails with [`Error::StdinClosed`]
/// once the program has closed its end or exited, or once the run is being stopped. That is no
/// failure of the run, whose end is told by its [`Exit`](crate::Exit). Dropping the writer closes
/// standard input.
#[derive(Debug)]
pub struct StdinWriter {
    slot: StdinSlot,
    /// The end of a message whose sender was dropped when a part of it had been written.
    rest: Vec<u8>,
}

impl StdinWriter {
    pub(crate) fn new(slot: StdinSlot) -> Self {
        Self {
            slot,
            rest: Vec::new(),
        }
    }

    /// Writes all of `bytes`.
    ///
    /// When the future is dropped before anything was written, nothing will be; once a part was
    /// written, the rest follows before whatever is written next.
    ///
    /// # Errors
    ///
    /// [`Error::StdinClosed`] when the program does not read any more, or is being stopped.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut message = Message {
            writer: self,
            bytes,
            written: 0,
        };
        let sent = std::future::poll_fn(|context| message.poll_send(context)).await;
        sent.map_err(|source| {
            if is_closed(&source) {
                Error::StdinClosed
            } else {
                Error::io("write to standard input")(source)
            }
        })
    }

    /// Writes what is left of a message that was begun.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let count = ready!(self.slot.poll_write(context, &self.rest))?;
            self.rest.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    /// Closes standard input: the program reads its end.
    pub fn close(self) {}
}

/// A message that is being written.
struct Message<'a> {
    writer: &'a mut StdinWriter,
    bytes: &'a [u8],
    written: usize,
}

impl Message<'_> {
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.writer.poll_rest(context))?;
        while self.written < self.bytes.len() {
            let left = &self.bytes[self.written..];
            self.written += ready!(self.writer.slot.poll_write(context, left))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        if self.written > 0 {
            self.writer.rest = self.bytes[self.written..].to_vec();
        }
    }
}

impl Drop for StdinWriter {
    fn drop(&mut self) {
        self.slot.close();
    }
}

impl AsyncWrite for StdinWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_rest(context))?;
        self.slot.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_rest(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(context))?;
        self.slot.close();
        Poll::Ready(Ok(()))
    }
}

/// Returns whether `error` says that nobody reads any more.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// The program's standard input, as the run sees it.
pub(crate) struct Input {
    slot: StdinSlot,
    /// The writer, until the caller takes it.
    writer: Option<StdinWriter>,
    /// Bytes that are still to be written, from this position on.
    bytes: Option<(Vec<u8>, usize)>,
}

impl Input {
    pub(crate) fn new(pipe: Option<InputPipe>, source: &StdinSource) -> Self {
        let slot = StdinSlot::new(pipe);
        let (writer, bytes) = match source {
            StdinSource::Empty => (None, None),
            StdinSource::Bytes(bytes) => (None, Some((bytes.clone(), 0))),
            StdinSource::Piped => (Some(StdinWriter::new(slot.clone())), None),
        };
        Self {
            slot,
            writer,
            bytes,
        }
    }

    /// Returns the pipe, to be closed by whoever stops the program.
    pub(crate) fn slot(&self) -> StdinSlot {
        self.slot.clone()
    }

    pub(crate) fn take_writer(&mut self) -> Option<StdinWriter> {
        self.writer.take()
    }

    /// Writes bytes as far as the program takes them.
    pub(crate) fn poll_write(&mut self, context: &mut Context<'_>) {
        while let Some((bytes, position)) = &mut self.bytes {
            if *position < bytes.len() {
                match self.slot.poll_write(context, &bytes[*position..]) {
                    Poll::Ready(Ok(count)) => {
                        *position += count;
                        continue;
                    }
                    Poll::Pending => return,
                    // Not reading its input is the program's right; its end tells the rest.
                    Poll::Ready(Err(_)) => {}
                }
            }
            self.bytes = None;
            self.slot.close();
        }
    }
}

/// The pipe itself, shared between its writer and the run that may close it at any time.
#[derive(Debug, Clone, Default)]
pub(crate) struct StdinSlot {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    pipe: Option<InputPipe>,
    /// The writer that waits for room; it has to learn that the pipe was closed.
    waiting: Option<Waker>,
}

impl StdinSlot {
    /// Returns a slot that holds `pipe`, or one that is closed from the start.
    pub(crate) fn new(pipe: Option<InputPipe>) -> Self {
        let inner = Inner {
            pipe,
            waiting: None,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Writes some of `bytes`; a closed pipe is [`io::ErrorKind::BrokenPipe`].
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        let Some(pipe) = inner.pipe.as_mut() else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let written = Pin::new(pipe).poll_write(context, bytes);
        match &written {
            Poll::Pending => inner.waiting = Some(context.waker().clone()),
            Poll::Ready(Err(error)) if is_closed(error) => inner.pipe = None,
            Poll::Ready(_) => {}
        }
        written
    }

    /// Closes the pipe and tells a writer that waits.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.pipe = None;
        if let Some(waker) = inner.waiting.take() {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A pipe stays usable whatever its other holder did.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
