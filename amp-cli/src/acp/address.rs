//! Files by their addresses, as the protocol and Amp name them: `file:///home/user/a%20b.rs`.

/// Returns the path of a `file:` address; `None` of any other.
///
/// What cannot be text stays as it is.
pub(super) fn path_of(address: &str) -> Option<String> {
    address.strip_prefix("file://").map(decoded)
}

/// Takes `%20` and its like out of a path.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten();
        let digits = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}
