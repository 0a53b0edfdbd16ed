//! One body from its first byte to its last, over as many connections as that takes.

mod live;
mod request;

use std::io::{self, Read};

use live::Live;

use crate::digest::{Digest, Hasher};
use crate::error::{Error, ErrorKind, Result};
use crate::http::{Address, Attempts, Client, Deadline, failure};
use crate::progress::{Event, Progress};
use crate::store::Partial;
use crate::version::CliVersion;

/// How much must arrive before earlier failures are forgotten.
const REAL_PROGRESS: u64 = 1024 * 1024;

/// How many bytes pass between two reports.
const REPORT_EVERY: u64 = 256 * 1024;

/// A body as one uninterrupted reader.
///
/// Bytes that an earlier process kept are replayed first. When the connection breaks, the rest is
/// asked for from where it broke. Why a read failed is in [`failure`](Self::failure).
pub(crate) struct Transfer<'a> {
    client: &'a Client,
    address: &'a Address,
    version: &'a CliVersion,
    progress: &'a dyn Progress,
    partial: Option<Partial>,
    live: Option<Live>,
    received: u64,
    total: Option<u64>,
    complete: bool,
    hasher: Option<Hasher>,
    attempts: Attempts,
    deadline: Deadline,
    progress_since: u64,
    reported: u64,
    failure: Option<Failure>,
}

/// Why a transfer stopped.
pub(crate) enum Failure {
    /// The bytes so far cannot be continued; a new transfer may start at once. If the connection
    /// broke before, this is why.
    Restart(Option<Error>),
    /// The reason.
    Error(Error),
}

impl<'a> Transfer<'a> {
    pub(crate) fn new(
        client: &'a Client,
        address: &'a Address,
        version: &'a CliVersion,
        partial: Option<Partial>,
        hasher: Option<Hasher>,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            client,
            address,
            version,
            progress,
            partial,
            live: None,
            received: 0,
            total: None,
            complete: false,
            hasher,
            attempts: Attempts::new(&client.limits),
            deadline: Deadline::after(client.limits.deadlines.transfer),
            progress_since: 0,
            reported: 0,
            failure: None,
        }
    }

    /// Returns why a read failed.
    pub(crate) fn failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Returns the digest of the body, if one was wanted, and what was kept of it.
    pub(crate) fn finish(self) -> (Option<Digest>, Option<Partial>) {
        (self.hasher.map(Hasher::finish), self.partial)
    }

    /// Reads what is left, so that the digest covers the whole body.
    pub(crate) fn drain(&mut self) -> Result<()> {
        let drained = io::copy(self, &mut io::sink());
        drained.map(drop).map_err(|cause| {
            Error::new(ErrorKind::Unreachable, "the transfer failed").caused_by(cause)
        })
    }

    fn kept(&self) -> u64 {
        self.partial.as_ref().map_or(0, Partial::length)
    }

    fn next_bytes(&mut self, buffer: &mut [u8]) -> std::result::Result<usize, Failure> {
        if self.complete || buffer.is_empty() {
            return Ok(0);
        }
        if self.live.is_none()
            && self.received < self.kept()
            && let Some(partial) = &mut self.partial
        {
            let count = partial.read_at(self.received, buffer);
            let count = count.map_err(|cause| {
                Failure::Error(
                    Error::new(ErrorKind::Storage, "could not read what was kept").caused_by(cause),
                )
            })?;
            if count == 0 {
                return Err(Failure::Restart(None));
            }
            self.received += count as u64;
            return Ok(count);
        }
        loop {
            match self.live_bytes(buffer) {
                Ok(count) => return Ok(count),
                Err(Failure::Restart(_)) => return Err(Failure::Restart(self.attempts.last())),
                Err(Failure::Error(error)) => {
                    self.live = None;
                    self.deadline.check(self.address).map_err(Failure::Error)?;
                    if self.received - self.progress_since >= REAL_PROGRESS {
                        self.attempts.forget();
                    }
                    self.progress_since = self.received;
                    self.attempts
                        .pause_or_fail(error, self.progress)
                        .map_err(Failure::Error)?;
                }
            }
        }
    }

    fn live_bytes(&mut self, buffer: &mut [u8]) -> std::result::Result<usize, Failure> {
        if self.live.is_none() {
            self.live = self.connect()?;
        }
        let Some(live) = &mut self.live else {
            return Ok(0);
        };
        let count = live.response.body.read(buffer).map_err(|cause| {
            let error = failure::classify_read(cause, self.address);
            Failure::Error(match self.total {
                Some(total) => {
                    error.compare(format!("{total} bytes"), format!("{} bytes", self.received))
                }
                None => error,
            })
        })?;
        if count == 0 {
            return match self.total {
                Some(total) if self.received < total => Err(Failure::Error(failure::ended_early(
                    self.address,
                    total,
                    self.received,
                ))),
                _ => {
                    self.complete = true;
                    Ok(0)
                }
            };
        }
        live.check_pace(count as u64, &self.client.limits.deadlines, self.address)?;
        self.deadline.check(self.address).map_err(Failure::Error)?;
        self.received += count as u64;
        self.check_cap(self.received)?;
        if let Some(partial) = &mut self.partial {
            partial.append(&buffer[..count]).map_err(Failure::Error)?;
        }
        self.complete = self.total == Some(self.received);
        Ok(count)
    }

    fn check_cap(&self, bytes: u64) -> std::result::Result<(), Failure> {
        let cap = self.client.limits.caps.download;
        if bytes <= cap {
            return Ok(());
        }
        Err(Failure::Error(
            Error::new(ErrorKind::TooLarge, "the download is too large")
                .at(self.address.to_string())
                .compare(format!("at most {cap} bytes"), "more"),
        ))
    }
}

impl Read for Transfer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.next_bytes(buffer) {
            Ok(count) => {
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(&buffer[..count]);
                }
                if self.received - self.reported >= REPORT_EVERY || (count == 0 && self.complete) {
                    self.reported = self.received;
                    self.progress.event(&Event::Advanced {
                        received: self.received,
                    });
                }
                Ok(count)
            }
            Err(failure) => {
                self.failure = Some(failure);
                Err(io::Error::other("the transfer failed"))
            }
        }
    }
}
