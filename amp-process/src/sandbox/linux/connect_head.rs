//! The head of a CONNECT request, which is all of HTTP that the proxy speaks.

use crate::sandbox::host_name::HostName;

/// The longest head in bytes.
pub(super) const LONGEST_HEAD: usize = 8 * 1024;

/// What the bytes of a client are, as far as they have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConnectHead {
    /// A beginning that may still become a request.
    Incomplete,
    /// `CONNECT host:port`, and how many bytes the head takes.
    Target(Target, usize),
    /// Something else.
    Invalid(HeadProblem),
}

/// Where a CONNECT request wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: HostName,
    pub(super) port: u16,
}

/// Why a head is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HeadProblem {
    /// It is longer than [`LONGEST_HEAD`].
    TooLong,
    /// It is a request of HTTP, but not CONNECT.
    Method,
    /// It asks for an address, or for a name that is none.
    Host(String, u16),
    /// It is no request at all.
    Malformed,
}

/// Reads the head of a request.
///
/// Only `CONNECT name:port HTTP/1.x` is one. Header fields are checked for their shape and
/// otherwise ignored, `Host` included: where to go stands in the first line alone.
pub(super) fn parse(bytes: &[u8]) -> ConnectHead {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return match bytes.len() > LONGEST_HEAD {
            true => ConnectHead::Invalid(HeadProblem::TooLong),
            false => ConnectHead::Incomplete,
        };
    };
    let length = end + b"\r\n\r\n".len();
    if length > LONGEST_HEAD {
        return ConnectHead::Invalid(HeadProblem::TooLong);
    }
    match std::str::from_utf8(&bytes[..end])
        .map_err(|_| HeadProblem::Malformed)
        .and_then(target)
    {
        Ok(target) => ConnectHead::Target(target, length),
        Err(problem) => ConnectHead::Invalid(problem),
    }
}

fn target(head: &str) -> Result<Target, HeadProblem> {
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let [method, authority, version] = first.split(' ').collect::<Vec<_>>()[..] else {
        return Err(HeadProblem::Malformed);
    };
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || !is_token(method) {
        return Err(HeadProblem::Malformed);
    }
    let well_formed = |line: &str| {
        line.split_once(':').is_some_and(|(name, value)| {
            is_token(name) && !value.bytes().any(|byte| byte < b' ' && byte != b'\t')
        })
    };
    if !lines.all(well_formed) {
        return Err(HeadProblem::Malformed);
    }
    if method != "CONNECT" {
        return Err(HeadProblem::Method);
    }
    let number = |port: &str| {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        port.parse().ok().filter(|port| digits && *port != 0)
    };
    let parts = authority.rsplit_once(':');
    let Some((host, port)) = parts.and_then(|(host, port)| Some((host, number(port)?))) else {
        return Err(HeadProblem::Host(printable(authority), 0));
    };
    match host.parse() {
        Ok(host) => Ok(Target { host, port }),
        Err(()) => Err(HeadProblem::Host(printable(host), port)),
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Returns what can be shown of a text that a program made up.
pub(super) fn printable(text: &str) -> String {
    let shown = text.chars().take(100);
    shown
        .map(|character| match character.is_control() {
            true => '?',
            false => character,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ConnectHead, HeadProblem, LONGEST_HEAD, parse};

    fn problem(head: &str) -> HeadProblem {
        match parse(head.as_bytes()) {
            ConnectHead::Invalid(problem) => problem,
            other => panic!("{head:?} is {other:?}"),
        }
    }

    #[test]
    fn a_request_names_host_and_port() {
        let head = "CONNECT Example.com.:443 HTTP/1.1\r\nHost: other.example\r\n\r\nrest";
        let ConnectHead::Target(target, length) = parse(head.as_bytes()) else {
            panic!("it is a request");
        };
        assert_eq!((target.host.as_str(), target.port), ("example.com", 443));
        assert_eq!(&head[length..], "rest");
    }

    #[test]
    fn a_beginning_is_incomplete_wherever_it_is_cut() {
        let head = b"CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n";
        for end in 0..head.len() {
            assert_eq!(parse(&head[..end]), ConnectHead::Incomplete, "{end}");
        }
    }

    #[test]
    fn a_head_over_the_limit_is_refused() {
        let endless = "C".repeat(LONGEST_HEAD + 1);
        assert_eq!(problem(&endless), HeadProblem::TooLong);
        let padding = "a".repeat(LONGEST_HEAD);
        let head = format!("CONNECT example.com:443 HTTP/1.1\r\nX: {padding}\r\n\r\n");
        assert_eq!(problem(&head), HeadProblem::TooLong);
    }

    #[test]
    fn plain_http_is_refused() {
        for method in ["GET", "POST", "connect", "Connect"] {
            let head = format!("{method} http://example.com/ HTTP/1.1\r\n\r\n");
            assert_eq!(problem(&head), HeadProblem::Method, "{method}");
        }
    }

    #[test]
    fn what_is_no_name_and_port_is_refused() {
        for authority in [
            "127.0.0.1:443",
            "2130706433:443",
            "0x7f.1:443",
            "[::1]:443",
            "::1:443",
            "example.com",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            "example.com:+443",
            "example.com:4 43",
            "user@example.com:443",
            "user:secret@example.com:443",
            "exa%2emple.com:443",
            "exämple.com:443",
            "https://example.com:443",
            ":443",
        ] {
            let head = format!("CONNECT {authority} HTTP/1.1\r\n\r\n");
            let problem = problem(&head);
            let expected = matches!(problem, HeadProblem::Host(..) | HeadProblem::Malformed);
            assert!(expected, "{authority}: {problem:?}");
        }
    }

    #[test]
    fn malformed_heads_are_refused() {
        for head in [
            "\r\n\r\n",
            "CONNECT example.com:443\r\n\r\n",
            "CONNECT  example.com:443 HTTP/1.1\r\n\r\n",
            "CONNECT example.com:443 HTTP/2\r\n\r\n",
            "CONNECT example.com:443 HTTP/1.1 \r\n\r\n",
            "CONNECT example.com:443 HTTP/1.1\r\nno colon\r\n\r\n",
            "CONNECT example.com:443 HTTP/1.1\r\n folded: x\r\n\r\n",
            "CONNECT example.com:443 HTTP/1.1\r\nName : x\r\n\r\n",
            "CONNECT example.com:443 HTTP/1.1\r\nName: a\nb\r\n\r\n",
            "CONNECT exa\0mple.com:443 HTTP/1.1\r\n\r\n",
        ] {
            let problem = problem(head);
            let expected = matches!(problem, HeadProblem::Malformed | HeadProblem::Host(..));
            assert!(expected, "{head:?}: {problem:?}");
        }
        let latin = parse(b"CONNECT ex\xe4mple.com:443 HTTP/1.1\r\n\r\n");
        assert_eq!(latin, ConnectHead::Invalid(HeadProblem::Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let ConnectHead::Target(_, length) = parse(&bytes) {
                prop_assert!(length <= bytes.len());
            }
        }

        #[test]
        fn what_comes_behind_the_head_changes_nothing(rest in proptest::collection::vec(any::<u8>(), 0..100)) {
            let head = b"CONNECT example.com:443 HTTP/1.1\r\n\r\n".to_vec();
            let expected = parse(&head);
            prop_assert_eq!(parse(&[head, rest].concat()), expected);
        }
    }
}
