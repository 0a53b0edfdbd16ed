//! Taking the executable out of its wrapping, byte by byte, with nothing trusted.

#[cfg(any(test, fuzzing))]
pub(crate) mod promises;

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;

use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::source::Packing;
use crate::version::excerpt;

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

/// The most bytes of a header about the next member: a name, or extended attributes. Amp's packages
/// have none, and paths end at 4 KiB.
const LONGEST_HEADER: u64 = 64 * 1024;

/// The most members of a package; those of 2026 have four.
const MOST_MEMBERS: usize = 10_000;

const TOO_LONG_EXTENSIONS: &str = "extended attributes that are too long";

const WITH_HOLES: &str = "a file with holes";

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
///
/// The headers are read raw, because what follows from them decides how much is kept in memory: a
/// name or a record of any length would be taken otherwise.
fn copy_member(reader: &mut dyn Read, wanted: &str, sink: &mut dyn Sink) -> Result<()> {
    let mut archive = tar::Archive::new(reader);
    let mut found = false;
    let mut announced_name = None;
    for (count, member) in archive.entries().map_err(damaged)?.raw(true).enumerate() {
        let mut member = member.map_err(damaged)?;
        if count >= MOST_MEMBERS {
            return Err(bad_archive("more members than a package has", wanted));
        }
        let own_name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        let kind = member.header().entry_type();
        if kind.is_pax_local_extensions() || kind.is_gnu_longname() {
            let what = match kind.is_gnu_longname() {
                true => "a name that is too long",
                false => TOO_LONG_EXTENSIONS,
            };
            let record = header_record(&mut member, &own_name, what)?;
            let name = match kind.is_gnu_longname() {
                true => Some(record),
                false => name_in_extensions(&record, &own_name)?,
            };
            announced_name = name.or(announced_name);
            continue;
        }
        if kind.is_pax_global_extensions() {
            let record = header_record(&mut member, &own_name, TOO_LONG_EXTENSIONS)?;
            if name_in_extensions(&record, &own_name)?.is_some() {
                return Err(bad_archive("one name for all members", &own_name));
            }
            continue;
        }
        let name = announced_name.take().map_or(own_name, |name: Vec<u8>| {
            let name = String::from_utf8_lossy(&name);
            name.trim_end_matches('\0').to_owned()
        });
        if name.starts_with('/') {
            return Err(bad_archive("a member with an absolute path", &name));
        }
        if name.split(['/', '\\']).any(|part| part == "..") {
            return Err(bad_archive("a member outside of the package", &name));
        }
        let is_wanted = name.trim_end_matches('/') == format!("package/{wanted}");
        match kind {
            tar::EntryType::Regular | tar::EntryType::Continuous => {}
            tar::EntryType::GNUSparse => return Err(bad_archive(WITH_HOLES, &name)),
            tar::EntryType::Link | tar::EntryType::Symlink => {
                return Err(bad_archive("a link", &name));
            }
            _ if is_wanted => {
                return Err(bad_archive("the executable is not a regular file", &name));
            }
            tar::EntryType::Directory => {}
            _ => return Err(bad_archive("neither a file nor a folder", &name)),
        }
        if !is_wanted {
            continue;
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

/// Reads the content of a header that says more about the next member, if it is short.
fn header_record(
    member: &mut tar::Entry<'_, &mut dyn Read>,
    name: &str,
    too_long: &str,
) -> Result<Vec<u8>> {
    let size = member.header().entry_size().map_err(damaged)?;
    if size > LONGEST_HEADER {
        return Err(bad_archive(too_long, name).compare(
            format!("at most {LONGEST_HEADER} bytes"),
            format!("{size} bytes"),
        ));
    }
    let mut record = Vec::new();
    member.read_to_end(&mut record).map_err(damaged)?;
    Ok(record)
}

/// Returns the name that extended headers give to the next member; those that give it another size
/// or holes are refused, for readers differ in what they make of them.
fn name_in_extensions(record: &[u8], member: &str) -> Result<Option<Vec<u8>>> {
    let mut name = None;
    for extension in tar::PaxExtensions::new(record) {
        let extension = extension.map_err(damaged)?;
        match extension.key_bytes() {
            b"path" => name = Some(extension.value_bytes().to_owned()),
            b"size" => return Err(bad_archive("a size beside the size", member)),
            key if key.starts_with(b"GNU.sparse") => {
                return Err(bad_archive(WITH_HOLES, member));
            }
            _ => {}
        }
    }
    Ok(name)
}

fn bad_archive(message: &str, member: &str) -> Error {
    Error::new(
        ErrorKind::Archive,
        format!("{message}: {}", excerpt(member)),
    )
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
