//! JSON with comments, read as Amp reads its settings files.
//!
//! The builds read them with the scanner of an editor, in JavaScript: invalid UTF-8 becomes U+FFFD,
//! a carriage return ends a line comment, of two equal keys the last one counts. What such a reader
//! takes and a Rust value cannot hold is not guessed at: [`Unread::Unclear`].

use serde_json::{Map, Number, Value};

/// How deep arrays and objects may stand in one another.
///
/// The measured builds read a few thousand levels before their stack ends.
const DEEPEST: usize = 512;

/// The key that sets what an object inherits in JavaScript, so that it holds more than it shows.
const PROTOTYPE: &str = "__proto__";

/// What a settings text holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parsed {
    /// The top-level keys; none where the top level is no object, which Amp ignores silently.
    pub(super) values: Map<String, Value>,
    /// Whether a comma stands in front of a closing bracket; the build of 2026-01-08 refuses that.
    pub(super) trailing_comma: bool,
}

/// Why a settings text was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not valid, for Amp neither.
    Invalid(String),
    /// Amp may read it, and this reader cannot say what it reads.
    Unclear(String),
}

/// Reads a settings text.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Unread> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader {
        text: &text,
        position: 0,
        depth: 0,
        trailing_comma: false,
    };
    let value = reader.document()?;
    let values = match value {
        Value::Object(values) => values,
        // The one value whose entries JavaScript cannot list.
        Value::Null => return Err(Unread::Invalid("it is null".to_owned())),
        _ => Map::new(),
    };
    // Amp cuts off `amp.` and puts what follows into an object of its own.
    if values.contains_key("amp.__proto__") {
        return Err(inherited());
    }
    Ok(Parsed {
        values,
        trailing_comma: reader.trailing_comma,
    })
}

fn inherited() -> Unread {
    Unread::Unclear(format!("{PROTOTYPE} changes what Amp sees in it"))
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
    trailing_comma: bool,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, Unread> {
        self.blank()?;
        let value = self.value()?;
        self.blank()?;
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.invalid("something follows the end")),
        }
    }

    /// Reads the value that begins here.
    fn value(&mut self) -> Result<Value, Unread> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.literal(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Unread>) -> Result<Value, Unread> {
        if self.depth == DEEPEST {
            let reason = format!("it is nested more than {DEEPEST} levels deep");
            return Err(Unread::Unclear(reason));
        }
        self.depth += 1;
        self.position += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, Unread> {
        let mut entries = Map::new();
        while self.another(b'}', entries.is_empty())? {
            if self.peek() != Some(b'"') {
                return Err(self.invalid("a key is expected"));
            }
            let key = self.string()?;
            if key == PROTOTYPE {
                return Err(inherited());
            }
            self.blank()?;
            if !self.take(b':') {
                return Err(self.invalid("a colon is expected"));
            }
            self.blank()?;
            let value = self.value()?;
            entries.insert(key, value);
        }
        Ok(Value::Object(entries))
    }

    fn array(&mut self) -> Result<Value, Unread> {
        let mut elements = Vec::new();
        while self.another(b']', elements.is_empty())? {
            elements.push(self.value()?);
        }
        Ok(Value::Array(elements))
    }

    /// Goes to the next entry of a list, or behind the bracket that closes it.
    fn another(&mut self, close: u8, is_first: bool) -> Result<bool, Unread> {
        self.blank()?;
        if self.take(close) {
            return Ok(false);
        }
        if is_first {
            return Ok(true);
        }
        if !self.take(b',') {
            return Err(self.invalid("a comma is expected"));
        }
        self.blank()?;
        if self.take(close) {
            self.trailing_comma = true;
            return Ok(false);
        }
        Ok(true)
    }

    fn string(&mut self) -> Result<String, Unread> {
        self.position += 1;
        let mut units = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.position..];
            let plain = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .unwrap_or(rest.len());
            units.push_str(&self.text[self.position..self.position + plain]);
            self.position += plain;
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(units);
                }
                Some(b'\\') => units.push(self.escape()?),
                Some(_) => return Err(self.invalid("a control character stands in a string")),
                None => return Err(self.invalid("a string has no end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Unread> {
        let letter = self.text.as_bytes().get(self.position + 1).copied();
        self.position += 2;
        Ok(match letter {
            Some(character @ (b'"' | b'\\' | b'/')) => char::from(character),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => {
                self.position -= 2;
                return Err(self.invalid("an escape is none that JSON has"));
            }
        })
    }

    /// Reads what follows `\u`: one code unit, or the two of a pair.
    fn code_point(&mut self) -> Result<char, Unread> {
        let first = self.code_unit()?;
        let lone = || Unread::Unclear("it holds half a character".to_owned());
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        if !self.text[self.position..].starts_with("\\u") {
            return Err(lone());
        }
        self.position += 2;
        let second = self.code_unit()?;
        let (0xd800..=0xdbff, 0xdc00..=0xdfff) = (first, second) else {
            return Err(lone());
        };
        let code_point = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code_point).ok_or_else(lone)
    }

    fn code_unit(&mut self) -> Result<u32, Unread> {
        let digits = self
            .text
            .get(self.position..self.position + 4)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(unit) = unit else {
            return Err(self.invalid("an escape has no four digits"));
        };
        self.position += 4;
        Ok(unit)
    }

    fn number(&mut self) -> Result<Value, Unread> {
        let start = self.position;
        self.take(b'-');
        let whole = self.digits();
        let leading_zero = whole > 1 && self.text.as_bytes()[self.position - whole] == b'0';
        let mut complete = whole > 0 && !leading_zero;
        let mut is_whole = true;
        if self.take(b'.') {
            is_whole = false;
            complete &= self.digits() > 0;
        }
        if self.take(b'e') || self.take(b'E') {
            is_whole = false;
            let _sign = self.take(b'+') || self.take(b'-');
            complete &= self.digits() > 0;
        }
        if !complete {
            self.position = start;
            return Err(self.invalid("a number is not written as in JSON"));
        }
        let digits = &self.text[start..self.position];
        // Whole numbers that JavaScript holds exactly stay what they are.
        if let (true, Ok(number)) = (is_whole, digits.parse::<i64>())
            && number.unsigned_abs() < 1 << 53
            && digits != "-0"
        {
            return Ok(Value::from(number));
        }
        let number = digits.parse().ok().and_then(Number::from_f64);
        number.map(Value::Number).ok_or_else(|| {
            Unread::Unclear(format!("it holds a number beyond all limits, {digits}"))
        })
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.position..];
        let count = rest
            .iter()
            .take_while(|digit| digit.is_ascii_digit())
            .count();
        self.position += count;
        count
    }

    fn literal(&mut self) -> Result<Value, Unread> {
        let rest = &self.text[self.position..];
        let end = rest.find([
            ' ', '\t', '\r', '\n', '{', '}', '[', ']', '"', ':', ',', '/',
        ]);
        let word = &rest[..end.unwrap_or(rest.len())];
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => return Err(self.invalid("a value is expected")),
        };
        self.position += word.len();
        Ok(value)
    }

    /// Goes past white space and comments.
    fn blank(&mut self) -> Result<(), Unread> {
        loop {
            let rest = &self.text[self.position..];
            let bare = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.position += rest.len() - bare.len();
            if bare.starts_with("//") {
                self.position += bare.find(['\r', '\n']).unwrap_or(bare.len());
            } else if let Some(comment) = bare.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => self.position += end + 4,
                    None => return Err(self.invalid("a comment has no end")),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.position += usize::from(there);
        there
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Says what is wrong, and in which line and column.
    fn invalid(&self, what: &str) -> Unread {
        let before = &self.text.as_bytes()[..self.position.min(self.text.len())];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |end| end + 1) + 1;
        Unread::Invalid(format!("{what} at line {line} column {column}"))
    }
}

#[cfg(test)]
mod tests;
