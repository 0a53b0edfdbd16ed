//! One level of JSON escapes, taken off any text.

/// A text without one level of escapes, and where its parts come from.
pub(super) struct Unescaped {
    pub(super) text: Vec<u8>,
    /// Places in the text and in the one it came from, wherever the two stop going in step.
    steps: Vec<(usize, usize)>,
}

impl Unescaped {
    /// Returns the place in the text it came from; between two escapes, the end of the first.
    pub(super) fn original(&self, place: usize) -> usize {
        let next = self.steps.partition_point(|(here, _)| *here <= place);
        match next.checked_sub(1).map(|last| self.steps[last]) {
            Some((here, there)) => there + (place - here),
            None => place,
        }
    }
}

/// Takes one level of escapes off a text; `None` when there is none.
///
/// What only looks like an escape, such as the `\d` of a regular expression, stays as it is.
pub(super) fn unescape(text: &[u8]) -> Option<Unescaped> {
    let mut unescaped = Unescaped {
        text: Vec::new(),
        steps: Vec::new(),
    };
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text[at..]) {
        at += found;
        let Some((character, length)) = escape(&text[at..]) else {
            // The character behind it may be a backslash that begins an escape.
            at += 1;
            continue;
        };
        unescaped.text.extend_from_slice(&text[copied..at]);
        let mut buffer = [0; 4];
        let character = character.encode_utf8(&mut buffer).as_bytes();
        unescaped.text.extend_from_slice(character);
        at += length;
        copied = at;
        unescaped.steps.push((unescaped.text.len(), at));
    }
    if unescaped.steps.is_empty() {
        return None;
    }
    unescaped.text.extend_from_slice(&text[copied..]);
    Some(unescaped)
}

/// Reads the escape sequence that a text begins with; returns the character and the length.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let character = match text.get(1)? {
        b'u' => {
            let unit = code_unit(text)?;
            if let 0xD800..0xDC00 = unit {
                let low = text.get(6..).and_then(code_unit)?;
                let pair = char::decode_utf16([unit, low]).next()?.ok()?;
                return Some((pair, 12));
            }
            return Some((char::from_u32(unit.into())?, 6));
        }
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
        _ => return None,
    };
    Some((character, 2))
}

/// Reads `\uXXXX` in either case.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digit = |value: u16, byte: &u8| Some(value * 16 + hexadecimal(*byte)?);
    digits.iter().try_fold(0, digit)
}

fn hexadecimal(byte: u8) -> Option<u16> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u16::try_from(digit).ok())
}

/// Returns how many bytes at the end of a text belong to an escape sequence that is cut short.
pub(super) fn unfinished_escape(text: &[u8]) -> usize {
    let tail = &text[text.len().saturating_sub(11)..];
    let Some(last) = tail.iter().rposition(|byte| *byte == b'\\') else {
        return 0;
    };
    let rest = &tail[last..];
    let begins_surrogate = |text: &[u8]| matches!(code_unit(text), Some(0xD800..0xDC00));
    let is_unfinished = match rest {
        [b'\\'] => true,
        [b'\\', b'u', digits @ ..] => digits.len() < 4 || begins_surrogate(rest),
        _ => false,
    };
    match is_unfinished {
        // The second half of a pair is cut: the first half says nothing alone.
        true if last >= 6 && begins_surrogate(&tail[last - 6..]) => rest.len() + 6,
        true => rest.len(),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_of_json_stands_for_its_character() {
        let unescaped = unescape(br#"\b\f\n\r\t\"\\/\u00e9\ud834\udd1e\d"#).unwrap();
        let expected = "\u{8}\u{c}\n\r\t\"\\/\u{e9}\u{1d11e}\\d";
        assert_eq!(String::from_utf8(unescaped.text).unwrap(), expected);
    }

    #[test]
    fn an_escape_that_is_cut_short_is_told_with_its_length() {
        for (cut, expected) in [
            ("key", ""),
            (r"key\", r"\"),
            (r"key\u", r"\u"),
            (r"key\u00", r"\u00"),
            (r"key\u004", r"\u004"),
            (r"key\u0041", ""),
            (r"key\n", ""),
            (r"\u0041\", r"\"),
            (r"key\ud834", r"\ud834"),
            (r"key\ud834\", r"\ud834\"),
            (r"key\ud834\ud", r"\ud834\ud"),
            (r"key\ud834\udd1", r"\ud834\udd1"),
            (r"key\ud834\udd1e", ""),
            (r"\ud834y\", r"\"),
        ] {
            let torn = unfinished_escape(cut.as_bytes());
            assert_eq!(&cut[cut.len() - torn..], expected, "{cut}");
        }
    }
}
