//! What the reading of archives promises for any bytes, checked by the fuzzer and by the tests alike.

use std::io::Read;

use super::{Sink, unpack};
use crate::error::{ErrorKind, Result};
use crate::source::Packing;

/// The most bytes that are unpacked.
const CAP: u64 = 1 << 20;

const MEMBER: &str = "amp";

/// Reads bytes in every packing, and as an archive within a package, and panics on a broken promise.
pub(crate) fn check(bytes: &[u8]) {
    for packing in [Packing::Raw, Packing::Gzip, Packing::Package] {
        taken(packing, bytes);
    }
    // Any bytes are hardly ever compressed ones.
    let mut package = flate2::read::GzEncoder::new(bytes, flate2::Compression::none());
    let mut packed = Vec::new();
    let read = package.read_to_end(&mut packed);
    assert!(read.is_ok(), "bytes can be compressed");
    let Some(executable) = taken(Packing::Package, &packed) else {
        return;
    };
    // What is taken is what everybody else reads there, or readers could be told different things.
    let mut found = Vec::new();
    let mut archive = tar::Archive::new(bytes);
    for member in archive.entries().into_iter().flatten() {
        let mut member = member.expect("what was read as a whole can be read again");
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        if name.trim_end_matches('/') == "package/amp" {
            member.read_to_end(&mut found).expect("a whole member");
        }
    }
    assert!(found == executable, "other readers find another executable");
}

/// Returns what is unpacked, if nothing is refused.
fn taken(packing: Packing, body: &[u8]) -> Option<Vec<u8>> {
    let (whole, outcome) = unpacked(packing, &mut &*body);
    let (in_bytes, again) = unpacked(packing, &mut OneByOne(body));
    let kind = |outcome: &Result<()>| outcome.as_ref().err().map(crate::Error::kind);
    assert_eq!(kind(&outcome), kind(&again), "it depends on how it arrives");
    match outcome {
        Ok(()) => {
            assert!(whole == in_bytes, "it depends on how it arrives");
            Some(whole)
        }
        Err(error) => {
            let expected = [ErrorKind::Archive, ErrorKind::TooLarge];
            assert!(expected.contains(&error.kind()), "{error}");
            None
        }
    }
}

fn unpacked(packing: Packing, body: &mut dyn Read) -> (Vec<u8>, Result<()>) {
    let mut bytes = Bytes(Vec::new());
    let outcome = unpack(packing, MEMBER, body, CAP, &mut bytes);
    assert!(bytes.0.len() as u64 <= CAP, "more than the cap");
    (bytes.0, outcome)
}

struct Bytes(Vec<u8>);

impl Sink for Bytes {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.extend(bytes);
        Ok(())
    }
}

/// A body of which one byte arrives at a time.
struct OneByOne<'a>(&'a [u8]);

impl Read for OneByOne<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = buffer.len().min(1);
        self.0.read(&mut buffer[..end])
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeds_hold_what_is_promised_and_so_do_damaged_ones() {
        fixtures::with_seeds(env!("CARGO_MANIFEST_DIR"), "archive", super::check);
    }
}
