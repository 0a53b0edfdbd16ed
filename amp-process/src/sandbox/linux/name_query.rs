//! Questions for the address of a name (RFC 1035), and the answers that lead to the forwarder.

use std::net::Ipv4Addr;

use crate::sandbox::host_name::HostName;

/// The longest message that is read; a question is much shorter.
pub(super) const LONGEST_QUERY: usize = 512;

const HEADER: usize = 12;
const ADDRESS: u16 = 1;
const INTERNET: u16 = 1;
/// How long an answer may be kept, in seconds; it never changes.
const KEPT: u32 = 60;
/// Where the name of the question stands, as answers refer to it.
const NAME_OF_QUESTION: u16 = 0xc000 | HEADER as u16;

const ANSWER_FLAG: u8 = 0x80;
const RECURSION_DESIRED: u8 = 0x01;
const RECURSION_AVAILABLE: u8 = 0x80;
const NO_SUCH_NAME: u8 = 3;

/// A question for one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameQuery<'a> {
    /// The name, if it is one that a service may have.
    pub(super) host: Option<HostName>,
    /// Whether it is the address of version 4 that is wanted.
    pub(super) wants_address: bool,
    /// The identifier and the flags of the question.
    head: [u8; 4],
    /// The question as it was sent.
    question: &'a [u8],
}

/// Reads a message; `None` when it is not one plain question.
pub(super) fn parse(message: &[u8]) -> Option<NameQuery<'_>> {
    let header = message.get(..HEADER)?;
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let is_query = header[2] & 0xf8 == 0;
    // One question and no answer; what stands behind it, such as the size of a packet, is ignored.
    if !is_query || (word(4), word(6), word(8)) != (1, 0, 0) {
        return None;
    }
    let mut labels: Vec<&str> = Vec::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        match length {
            0 => break,
            1..=63 => {
                let label = message.get(at..at + length)?;
                // What is no text, or has a dot in it, is no name of a service.
                let text = std::str::from_utf8(label).ok();
                labels.push(text.filter(|text| !text.contains('.')).unwrap_or("?"));
                at += length;
            }
            _ => return None,
        }
    }
    let end = at + 4;
    let kind = message.get(at..end)?;
    let is_internet = u16::from_be_bytes([kind[2], kind[3]]) == INTERNET;
    Some(NameQuery {
        host: labels.join(".").parse().ok().filter(|_| is_internet),
        wants_address: u16::from_be_bytes([kind[0], kind[1]]) == ADDRESS,
        head: [header[0], header[1], header[2], header[3]],
        question: &message[HEADER..end],
    })
}

impl NameQuery<'_> {
    /// Says that the name stands for this address, and for no other of any kind.
    pub(super) fn answer(&self, address: Ipv4Addr) -> Vec<u8> {
        let mut reply = self.reply(0, u16::from(self.wants_address));
        if self.wants_address {
            reply.extend(NAME_OF_QUESTION.to_be_bytes());
            reply.extend(ADDRESS.to_be_bytes());
            reply.extend(INTERNET.to_be_bytes());
            reply.extend(KEPT.to_be_bytes());
            reply.extend([0, 4]);
            reply.extend(address.octets());
        }
        reply
    }

    /// Says that there is no such name.
    pub(super) fn deny(&self) -> Vec<u8> {
        self.reply(NO_SUCH_NAME, 0)
    }

    fn reply(&self, code: u8, answers: u16) -> Vec<u8> {
        let [first, second, flags, _] = self.head;
        let flags = ANSWER_FLAG | flags & RECURSION_DESIRED;
        let mut reply = vec![first, second, flags, RECURSION_AVAILABLE | code, 0, 1];
        reply.extend(answers.to_be_bytes());
        reply.extend([0; 4]);
        reply.extend(self.question);
        reply
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::{HEADER, parse};

    /// A question as libraries send it.
    pub(in crate::sandbox) fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.').filter(|label| !label.is_empty()) {
            message.push(u8::try_from(label.len()).unwrap());
            message.extend(label.as_bytes());
        }
        message.push(0);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        message
    }

    #[test]
    fn a_question_for_an_address_is_answered_with_one() {
        let message = query("A.Example.com", 1);
        let parsed = parse(&message).unwrap();
        assert_eq!(parsed.host.as_ref().unwrap().as_str(), "a.example.com");
        let reply = parsed.answer(Ipv4Addr::LOCALHOST);
        assert_eq!(
            reply[..HEADER],
            [0xab, 0xcd, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
        );
        assert_eq!(reply[HEADER..message.len()], message[HEADER..]);
        let expected = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1];
        assert_eq!(reply[message.len()..], expected);
    }

    #[test]
    fn another_kind_of_address_is_none_of_a_name_that_is_there() {
        // That there is no such name would count for its other address, too.
        for kind in [28, 65, 15] {
            let message = query("example.com", kind);
            let reply = parse(&message).unwrap().answer(Ipv4Addr::LOCALHOST);
            assert_eq!(reply[2..8], [0x81, 0x80, 0, 1, 0, 0]);
            assert_eq!(reply[HEADER..], message[HEADER..]);
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_denied() {
        let message = query("example.com", 1);
        let reply = parse(&message).unwrap().deny();
        assert_eq!(reply[2..8], [0x81, 0x83, 0, 1, 0, 0]);
    }

    #[test]
    fn what_no_service_is_called_has_no_name() {
        for name in ["127.0.0.1", "exa mple.com", ""] {
            assert_eq!(parse(&query(name, 1)).unwrap().host, None, "{name}");
        }
        let mut dotted = query("evil@ampcode.com", 1);
        let at = dotted.iter().position(|byte| *byte == b'@').unwrap();
        dotted[at] = b'.';
        assert_eq!(parse(&dotted).unwrap().host, None);
    }

    #[test]
    fn what_is_no_question_is_not_answered() {
        let message = query("example.com", 1);
        for end in 0..message.len() {
            assert_eq!(parse(&message[..end]), None, "{end}");
        }
        for (at, byte) in [(2, 0x80), (2, 0x28), (5, 2), (7, 1), (HEADER, 0xc0)] {
            let mut changed = message.clone();
            changed[at] = byte;
            assert_eq!(parse(&changed), None, "{at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Some(query) = parse(&bytes) {
                prop_assert!(query.deny().len() <= bytes.len());
            }
        }
    }
}
