//! Standard input: written with back-pressure, closed from either side.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::Error;
use crate::platform::InputPipe;

/// The writing end of a program's standard input.
///
/// Writing waits while the pipe is full. It fails with [`Error::StdinClosed`] once the program has
/// closed its end or exited, or once the run is being stopped. That is no failure of the run, whose
/// end is told by its [`Exit`](crate::Exit). Dropping the writer closes standard input.
#[derive(Debug)]
pub struct StdinWriter {
    slot: StdinSlot,
}

impl StdinWriter {
    pub(crate) fn new(slot: StdinSlot) -> Self {
        Self { slot }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::StdinClosed`] when the program does not read any more, or is being stopped.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write_all(bytes).await.map_err(|source| {
            if is_closed(&source) {
                Error::StdinClosed
            } else {
                Error::io("write to standard input")(source)
            }
        })
    }

    /// Closes standard input: the program reads its end.
    pub fn close(self) {}
}

impl Drop for StdinWriter {
    fn drop(&mut self) {
        self.slot.close();
    }
}

impl AsyncWrite for StdinWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.slot.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.slot.close();
        Poll::Ready(Ok(()))
    }
}

/// Returns whether `error` says that nobody reads any more.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
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
