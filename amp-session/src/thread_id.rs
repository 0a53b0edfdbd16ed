//! The id of a thread, as the service knows it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A thread id: `T-` and a lower-case UUID, the same through all turns of a thread.
///
/// It is the `session_id` of the stream and what `threads continue` takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThreadId(String);

impl ThreadId {
    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ThreadId {
    type Err = Error;

    /// Takes an id, or a thread's web address that ends in one.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = || Error::InvalidThread {
            text: text.to_owned(),
        };
        let last = text.trim().rsplit('/').next().unwrap_or_default();
        let uuid = last.strip_prefix("T-").ok_or_else(invalid)?;
        let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
        let hexadecimal = uuid
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        if groups != [8, 4, 4, 4, 12] || !hexadecimal {
            return Err(invalid());
        }
        Ok(Self(last.to_owned()))
    }
}

impl TryFrom<String> for ThreadId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ThreadId> for String {
    fn from(id: ThreadId) -> Self {
        id.0
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_web_addresses_are_taken_and_anything_else_is_refused() {
        let id = "T-5928a90d-d53b-488f-a829-4e36442142ee";
        assert_eq!(id.parse::<ThreadId>().unwrap().as_str(), id);
        let address = format!("https://ampcode.com/threads/{id}");
        assert_eq!(address.parse::<ThreadId>().unwrap().as_str(), id);
        for text in [
            "",
            "T-",
            "not-a-thread",
            "--last",
            "T-5928a90d-d53b-488f-a829-4e36442142e/",
        ] {
            assert!(text.parse::<ThreadId>().is_err(), "{text:?}");
        }
    }
}
