//! Files by their addresses, as the protocol and Amp name them: `file:///home/user/a%20b.rs`.

/// Returns the path of a `file:` address; `None` of any other.
///
/// What cannot be text stays as it is.
pub(super) fn path_of(address: &str) -> Option<String> {
    let path = decoded(address.strip_prefix("file://")?);
    // `file:///C:/a.rs` is `C:/a.rs`.
    let with_drive = path.strip_prefix('/');
    let with_drive = with_drive.filter(|path| cfg!(windows) && path.get(1..2) == Some(":"));
    Some(with_drive.map_or_else(|| path.clone(), str::to_owned))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_file_is_its_path() {
        assert_eq!(
            path_of("file:///a%20b/%C3%A9.rs").as_deref(),
            Some("/a b/é.rs")
        );
        assert_eq!(path_of("file:///a%ff%2").as_deref(), Some("/a%ff%2"));
        assert_eq!(path_of("https://example.com/a.rs"), None);
        let drive = if cfg!(windows) { "C:/a.rs" } else { "/C:/a.rs" };
        assert_eq!(path_of("file:///C:/a.rs").as_deref(), Some(drive));
    }
}
