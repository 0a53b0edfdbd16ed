//! Taking the executable out of its wrapping, byte by byte, with nothing trusted.

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;

use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::source::Packing;

/// Takes the executable's bytes.
pub(crate) trait Sink {
    fn take(&mut self, bytes: &[u8]) -> Result<()>;
}

/// Unpacks a whole body into a sink and reads the body to its end.
///
/// `member` names the executable within an archive. When the body itself fails, it is up to its
/// owner to know why: here it looks like damaged data.
pub(crate) fn unpack(
    packing: Packing,
    member: &str,
    body: &mut dyn Read,
    cap: u64,
    sink: &mut dyn Sink,
) -> Result<()> {
    let packed = |body| MultiGzDecoder::new(BufReader::with_capacity(CHUNK, body));
    let mut unpacked: Capped<'_> = match packing {
        Packing::Raw => Capped::new(Box::new(body), cap),
        Packing::Gzip | Packing::Package => Capped::new(Box::new(packed(body)), cap),
    };
    let outcome = match packing {
        Packing::Raw | Packing::Gzip => copy(&mut unpacked, sink),
        // The digest covers the body to its last byte, so what follows the archive is read too.
        Packing::Package => copy_member(&mut unpacked, member, sink)
            .and_then(|()| copy(&mut unpacked, &mut Nowhere)),
    };
    if unpacked.exceeded {
        return Err(
            Error::new(ErrorKind::TooLarge, "the executable is too large")
                .compare(format!("at most {cap} bytes"), "more")
                .next(NextStep::SuspectTampering),
        );
    }
    outcome
}

const CHUNK: usize = 128 * 1024;

fn copy(reader: &mut dyn Read, sink: &mut dyn Sink) -> Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => sink.take(&buffer[..count])?,
            Err(cause) => return Err(damaged(cause)),
        }
    }
}

/// Copies the one member that is wanted and refuses archives that try anything.
fn copy_member(reader: &mut dyn Read, wanted: &str, sink: &mut dyn Sink) -> Result<()> {
    let mut archive = tar::Archive::new(reader);
    let mut found = false;
    for member in archive.entries().map_err(damaged)? {
        let mut member = member.map_err(damaged)?;
        let path = member.path_bytes().into_owned();
        let name = String::from_utf8_lossy(&path).into_owned();
        if name.starts_with('/') || name.split(['/', '\\']).any(|part| part == "..") {
            return Err(bad_archive("a member outside of the package", &name));
        }
        if name != format!("package/{wanted}") {
            continue;
        }
        if !member.header().entry_type().is_file() {
            return Err(bad_archive("the executable is not a regular file", &name));
        }
        if found {
            return Err(bad_archive("the executable is there twice", &name));
        }
        found = true;
        copy(&mut member, sink)?;
    }
    if !found {
        return Err(bad_archive("the executable is not in the package", wanted));
    }
    Ok(())
}

fn bad_archive(message: &str, member: &str) -> Error {
    Error::new(ErrorKind::Archive, format!("{message}: {member:?}"))
        .next(NextStep::SuspectTampering)
}

fn damaged(cause: io::Error) -> Error {
    Error::new(ErrorKind::Archive, "the compressed data is damaged").caused_by(cause)
}

struct Nowhere;

impl Sink for Nowhere {
    fn take(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// Stops a reader that gives more than it may.
struct Capped<'a> {
    reader: Box<dyn Read + 'a>,
    left: u64,
    exceeded: bool,
}

impl<'a> Capped<'a> {
    fn new(reader: Box<dyn Read + 'a>, cap: u64) -> Self {
        Self {
            reader,
            left: cap,
            exceeded: false,
        }
    }
}

impl Read for Capped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => {
                self.exceeded = true;
                Err(io::Error::other("more than the cap"))
            }
        }
    }
}
