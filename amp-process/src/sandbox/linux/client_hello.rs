//! The name that a TLS client asks for, read from its first message.
//!
//! Nothing is decrypted and nothing is answered: the message travels on as it came.

use crate::sandbox::host_name::HostName;

/// The longest first message in bytes that is waited for.
pub(super) const LONGEST_HELLO: usize = 64 * 1024;

/// What the first bytes of a client are, as far as they have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClientHello {
    /// A beginning that may still become a message.
    Incomplete,
    /// A message that asks for this name.
    Name(ServerName),
    /// A message that asks for no name.
    Nameless,
    /// A message with another one in it that only the server can read, and so perhaps another name.
    Hidden,
    /// Nothing that a TLS client says first, or too long.
    Invalid,
}

/// The name that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerName(pub(super) HostName);

/// The record type of a handshake, and the handshake type of a ClientHello.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// The longest record that TLS has.
const LONGEST_RECORD: usize = 16 * 1024;
/// The extension that holds the name, and the one type of name there is.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;
/// The extensions that hide a message or its name (ECH and its forerunner ESNI); what they hold
/// cannot be told from the noise that some clients send in their place.
const HIDING: [u16; 2] = [0xfe0d, 0xffce];

/// Reads the ClientHello at the beginning of a connection.
///
/// It may come in any number of segments and records (recordings of Amp show up to 1.8 KB). It has
/// to hold exactly one name: a second one could be what the server goes by.
pub(super) fn parse(bytes: &[u8]) -> ClientHello {
    let Some((handshake, complete)) = handshake(bytes) else {
        return ClientHello::Invalid;
    };
    let mut reader = Reader(&handshake);
    let Some(header) = reader.take(4) else {
        return unfinished(complete, bytes);
    };
    if header[0] != CLIENT_HELLO {
        return ClientHello::Invalid;
    }
    let length =
        usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
    if length > LONGEST_HELLO {
        return ClientHello::Invalid;
    }
    match reader.take(length) {
        None => unfinished(complete, bytes),
        Some(hello) => server_name(hello).unwrap_or(ClientHello::Invalid),
    }
}

fn unfinished(complete: bool, bytes: &[u8]) -> ClientHello {
    match bytes.len() > LONGEST_HELLO || !complete {
        true => ClientHello::Invalid,
        false => ClientHello::Incomplete,
    }
}

/// Joins the records of the handshake; the flag tells whether more of them may follow. `None` when
/// they are malformed.
fn handshake(bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut joined = Vec::new();
    let mut reader = Reader(bytes);
    while let Some(&kind) = reader.0.first() {
        if kind != HANDSHAKE {
            // Another record may follow a message that is complete.
            return if joined.is_empty() {
                None
            } else {
                Some((joined, false))
            };
        }
        if reader.0.get(1).is_some_and(|major| *major != 3) {
            return None;
        }
        let Some(header) = reader.take(5) else { break };
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if length == 0 || length > LONGEST_RECORD {
            return None;
        }
        let available = length.min(reader.0.len());
        joined.extend_from_slice(reader.take(available).unwrap_or_default());
        if available < length {
            break;
        }
    }
    Some((joined, true))
}

/// Returns what a ClientHello asks for; `None` when the message is malformed.
fn server_name(hello: &[u8]) -> Option<ClientHello> {
    let mut reader = Reader(hello);
    let version = reader.take(2)?;
    if version[0] != 3 {
        return None;
    }
    reader.take(32)?; // random
    reader.vector_u8()?; // session id
    let ciphers = reader.vector_u16()?;
    let compressions = reader.vector_u8()?;
    if ciphers.is_empty() || ciphers.len() % 2 != 0 || compressions.is_empty() {
        return None;
    }
    if reader.0.is_empty() {
        return Some(ClientHello::Nameless);
    }
    let mut extensions = Reader(reader.vector_u16()?);
    if !reader.0.is_empty() {
        return None;
    }
    let mut found = None;
    let mut is_hidden = false;
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let content = extensions.vector_u16()?;
        if kind == SERVER_NAME {
            if found.is_some() {
                return None;
            }
            found = Some(name_list(content)?);
        }
        is_hidden |= HIDING.contains(&kind);
    }
    Some(match found {
        _ if is_hidden => ClientHello::Hidden,
        Some(name) => ClientHello::Name(ServerName(name)),
        None => ClientHello::Nameless,
    })
}

/// Reads the list of the extension, which must hold one host name and nothing else.
fn name_list(content: &[u8]) -> Option<HostName> {
    let mut content = Reader(content);
    let mut list = Reader(content.vector_u16()?);
    let kind = list.take(1)?[0];
    let name = list.vector_u16()?;
    if !content.0.is_empty() || !list.0.is_empty() || kind != HOST_NAME {
        return None;
    }
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// Takes bytes from the front; never reads beyond the end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn vector_u8(&mut self) -> Option<&'a [u8]> {
        let length = self.take(1)?[0];
        self.take(length.into())
    }

    fn vector_u16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::{ClientHello, LONGEST_HELLO, parse};

    fn vector(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], bytes].concat()
    }

    fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes()[..], &vector(content)].concat()
    }

    fn name_extension(names: &[&str]) -> Vec<u8> {
        let entries = names
            .iter()
            .map(|name| [&[0][..], &vector(name.as_bytes())].concat());
        extension(0, &vector(&entries.collect::<Vec<_>>().concat()))
    }

    /// A ClientHello with these extensions, as one handshake message.
    fn message(extensions: &[Vec<u8>]) -> Vec<u8> {
        let mut hello = vec![3, 3];
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(vector(&[0x13, 0x01]));
        hello.extend([1, 0]);
        if !extensions.is_empty() {
            hello.extend(vector(&extensions.concat()));
        }
        let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
        [&[1][..], &length[1..], &hello].concat()
    }

    /// The message in records of at most `size` bytes.
    fn records(message: &[u8], size: usize) -> Vec<u8> {
        let record = |chunk: &[u8]| [&[22, 3, 1][..], &vector(chunk)].concat();
        message
            .chunks(size)
            .map(record)
            .collect::<Vec<_>>()
            .concat()
    }

    /// What a client says first that asks for this name.
    pub(in crate::sandbox) fn hello_for(name: &str) -> Vec<u8> {
        hello(&[name_extension(&[name])])
    }

    /// The same with a message in it that only the server can read.
    pub(in crate::sandbox) fn hiding_hello_for(name: &str) -> Vec<u8> {
        hello(&[name_extension(&[name]), extension(0xfe0d, &[0; 200])])
    }

    fn hello(extensions: &[Vec<u8>]) -> Vec<u8> {
        records(&message(extensions), 16 * 1024)
    }

    fn name(bytes: &[u8]) -> String {
        match parse(bytes) {
            ClientHello::Name(name) => name.0.to_string(),
            other => panic!("no name, but {other:?}"),
        }
    }

    #[test]
    fn the_name_is_found_between_other_extensions() {
        let bytes = hello(&[
            extension(43, &[2, 3, 4]),
            name_extension(&["Example.com"]),
            extension(51, &[0; 1200]),
        ]);
        assert_eq!(name(&bytes), "example.com");
    }

    #[test]
    fn it_may_come_in_records_of_any_size() {
        let message = message(&[name_extension(&["example.com"])]);
        for size in 1..message.len() {
            assert_eq!(name(&records(&message, size)), "example.com", "{size}");
        }
    }

    #[test]
    fn a_beginning_is_incomplete_wherever_it_is_cut() {
        let bytes = records(&message(&[name_extension(&["example.com"])]), 20);
        for end in 0..bytes.len() {
            assert_eq!(parse(&bytes[..end]), ClientHello::Incomplete, "{end}");
        }
    }

    #[test]
    fn without_a_name_there_is_none() {
        assert_eq!(parse(&hello(&[])), ClientHello::Nameless);
        let bytes = hello(&[extension(43, &[2, 3, 4])]);
        assert_eq!(parse(&bytes), ClientHello::Nameless);
    }

    #[test]
    fn an_address_or_a_second_name_is_refused() {
        for names in [
            &["127.0.0.1"][..],
            &["a.example", "b.example"],
            &[],
            &["a\0.example"],
            &[""],
        ] {
            let bytes = hello(&[name_extension(names)]);
            assert_eq!(parse(&bytes), ClientHello::Invalid, "{names:?}");
        }
        let twice = [
            name_extension(&["a.example"]),
            name_extension(&["b.example"]),
        ];
        assert_eq!(parse(&hello(&twice)), ClientHello::Invalid);
    }

    #[test]
    fn a_message_that_hides_another_is_told_apart_by_whatever_name_it_shows() {
        for kind in [0xfe0d, 0xffce] {
            let hiding = extension(kind, &[0; 200]);
            let name = name_extension(&["example.com"]);
            let before = hello(&[hiding.clone(), name.clone()]);
            for bytes in [hello(&[name, hiding.clone()]), before, hello(&[hiding])] {
                assert_eq!(parse(&bytes), ClientHello::Hidden);
            }
        }
    }

    #[test]
    fn what_is_not_tls_is_refused_at_once() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            &[22, 2, 0],
            &[21, 3, 1, 0, 2],
            &[22, 3, 1, 0, 0],
            &[22, 3, 1, 0xff, 0xff],
            &[22, 3, 1, 0, 4, 2, 0, 0, 0],
            &[0x80, 0x2e, 1],
        ] {
            assert_eq!(parse(bytes), ClientHello::Invalid, "{bytes:?}");
        }
    }

    #[test]
    fn a_message_beyond_the_limit_is_refused() {
        let header = [22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff];
        assert_eq!(parse(&header), ClientHello::Invalid);
        let start = [&[1, 0, 0xff, 0xff][..], &[0; LONGEST_HELLO]].concat();
        let endless = records(&start[..40_000], 16 * 1024);
        assert_eq!(parse(&endless), ClientHello::Incomplete);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_hello_with_a_changed_byte_is_read_without_a_panic(at in 0_usize..80, to in any::<u8>()) {
            let mut bytes = hello(&[name_extension(&["example.com"])]);
            let at = at % bytes.len();
            bytes[at] = to;
            let _ = parse(&bytes);
        }
    }
}
