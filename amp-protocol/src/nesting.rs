//! How deep a line may nest: the one budget that whatever reads a line keeps to.

use crate::json_path::string_end;

/// How many arrays and objects may be open at once: as many as serde_json reads.
pub(crate) const LIMIT: u8 = 127;

/// What serde_json says of a text that nests deeper.
pub(crate) const EXCEEDED: &str = "recursion limit exceeded";

/// Returns how many bytes there are up to the first bracket that is one too deep.
///
/// It does not recurse, and what is no JSON has a depth as well.
pub(crate) fn exceeded_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_u8;
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'{' | b'[' if depth == LIMIT => return Some(position + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => position = string_end(bytes, position + 1),
            _ => {}
        }
        position += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, exceeded_at};

    fn nested(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn the_limit_is_what_serde_json_reads() {
        let limit = usize::from(LIMIT);
        let deepest = nested(limit);
        assert!(serde_json::from_str::<serde_json::Value>(&deepest).is_ok());
        assert_eq!(exceeded_at(&deepest), None);

        let deeper = nested(limit + 1);
        let error = serde_json::from_str::<serde_json::Value>(&deeper).expect_err("too deep");
        assert!(error.to_string().starts_with(super::EXCEEDED));
        assert_eq!(exceeded_at(&deeper), Some(limit + 1));
    }

    #[test]
    fn what_is_closed_again_and_what_stands_in_strings_does_not_count() {
        let flat = format!("[{}]", vec!["{}"; 1000].join(","));
        assert_eq!(exceeded_at(&flat), None);
        let quoted = format!(r#"["\"{}"]"#, "[".repeat(1000));
        assert_eq!(exceeded_at(&quoted), None);
        let objects = r#"{"a":"#.repeat(1000);
        assert_eq!(exceeded_at(&objects), Some(5 * usize::from(LIMIT) + 1));
    }
}
