//! Text of an agent made harmless in a page.

use std::fmt::{self, Display};

use crate::text::safe;

/// Text whose `Display` is HTML that shows exactly this text, in an element or an attribute.
///
/// Characters that steer a terminal or turn the reading direction are replaced, as on a terminal.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = safe(self.0);
        let mut rest = 0;
        for (index, byte) in text.bytes().enumerate() {
            let entity = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                _ => continue,
            };
            formatter.write_str(&text[rest..index])?;
            formatter.write_str(entity)?;
            rest = index + 1;
        }
        formatter.write_str(&text[rest..])
    }
}

/// Returns an address that a link may lead to; `None` for any that could do more than show a page.
pub(super) fn harmless_address(address: &str) -> Option<&str> {
    let lower = address.trim_start().to_ascii_lowercase();
    let schemes = ["https://", "http://", "mailto:"];
    let is_harmless = schemes.iter().any(|scheme| lower.starts_with(scheme));
    is_harmless.then_some(address.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        let text = "<script>'\"&\u{202e}\u{1b}[1m</script>";
        assert_eq!(
            Escaped(text).to_string(),
            "&lt;script&gt;&#39;&quot;&amp;\u{fffd}\u{fffd}[1m&lt;/script&gt;"
        );
    }

    #[test]
    fn links_lead_to_pages_alone() {
        assert!(harmless_address("https://a.test").is_some());
        assert!(harmless_address("HTTP://a.test").is_some());
        for address in [
            "javascript:alert(1)",
            " JavaScript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "//a.test",
            "/etc/passwd",
            "vbscript:x",
        ] {
            assert_eq!(harmless_address(address), None, "{address}");
        }
    }
}
