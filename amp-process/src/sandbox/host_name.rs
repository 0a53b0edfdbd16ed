//! A host name in the one form in which names are compared.

use std::fmt;
use std::str::FromStr;

/// The longest name that the domain name system has.
const LONGEST_NAME: usize = 253;
/// The longest label of a name.
const LONGEST_LABEL: usize = 63;

/// A host name: ASCII, in lower case, without a trailing dot, and never an address.
///
/// Names beyond ASCII have to come encoded (`xn--…`), as they travel in TLS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HostName(String);

impl HostName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this name has all of `parent` behind at least one more label.
    pub(crate) fn is_below(&self, parent: &HostName) -> bool {
        let above = self.0.strip_suffix(parent.as_str());
        above.is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'))
    }
}

impl FromStr for HostName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_name = name.len() <= LONGEST_NAME && name.split('.').all(is_label);
        match is_name && !is_address(&name) {
            true => Ok(Self(name)),
            false => Err(()),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_label(label: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && label.bytes().all(letters)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Returns whether `text` would be taken for an address by anybody.
///
/// `inet_aton` also reads `127.1`, `2130706433`, `0x7f000001` and `0177.0.0.1`, and URL parsers
/// take any name whose last label is a number for an address.
pub(crate) fn is_address(text: &str) -> bool {
    let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next();
    let last = last.unwrap_or_default();
    let hexadecimal = last
        .strip_prefix("0x")
        .or_else(|| last.strip_prefix("0X"))
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let decimal = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    decimal || hexadecimal || text.contains(':')
}

#[cfg(test)]
mod tests {
    use super::HostName;

    #[test]
    fn names_are_compared_in_one_form() {
        let name: HostName = "A.Example.COM.".parse().unwrap();
        assert_eq!(name.as_str(), "a.example.com");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long_label = "a".repeat(64);
        let long_name = ["a"; 128].join(".");
        for text in [
            "",
            ".",
            "..",
            "a..b",
            "a.b..",
            ".a",
            "exa%2emple.com",
            "a\0.com",
            "user@a.com",
            "a.com/",
            "a b.com",
            "exämple.com",
            "-a.com",
            "a-.com",
            long_label.as_str(),
            long_name.as_str(),
        ] {
            assert_eq!(text.parse::<HostName>(), Err(()), "{text:?}");
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_refused() {
        for text in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "2130706433",
            "0177.0.0.1",
            "0x7f000001",
            "0X7F.0.0.1",
            "0x7f.1",
            "1.2.3.0x",
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
            "example.1",
        ] {
            assert_eq!(text.parse::<HostName>(), Err(()), "{text:?}");
        }
    }

    #[test]
    fn below_means_behind_a_dot() {
        let parent: HostName = "example.com".parse().unwrap();
        let is_below = |text: &str| text.parse::<HostName>().unwrap().is_below(&parent);
        assert!(is_below("a.example.com"));
        assert!(!is_below("example.com") && !is_below("aexample.com"));
    }
}
