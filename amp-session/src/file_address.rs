//! Files by their addresses, as Amp and editors name them: `file:///home/user/a%20b.rs`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Returns the path of a `file:` address; `None` of any other.
///
/// What cannot be text stays as it is.
#[must_use]
pub fn path_of_address(address: &str) -> Option<String> {
    let written = address.strip_prefix("file://")?;
    let decoded = percent_decode_str(written).decode_utf8();
    let path = decoded.unwrap_or(Cow::Borrowed(written));
    // `file:///C:/a.rs` is `C:/a.rs`.
    let with_drive = path.strip_prefix('/');
    let with_drive = with_drive.filter(|path| cfg!(windows) && path.get(1..2) == Some(":"));
    Some(with_drive.unwrap_or(&path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::path_of_address;

    #[test]
    fn an_address_of_a_file_is_its_path() {
        let drive = if cfg!(windows) { "C:/a.rs" } else { "/C:/a.rs" };
        for (address, path) in [
            ("file:///a%20b/%C3%A9.rs", Some("/a b/é.rs")),
            ("file:///a%ff%2", Some("/a%ff%2")),
            ("https://example.com/a.rs", None),
            ("file:///C:/a.rs", Some(drive)),
        ] {
            assert_eq!(path_of_address(address).as_deref(), path, "{address}");
        }
    }
}
