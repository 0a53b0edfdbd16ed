//! What Amp's own log of a thread tells of the service's limits.
//!
//! Builds with server-side threads print an error of the service without its code, and nothing at
//! all while they try to reconnect, which they do for ever. Their log has both, one JSON object a
//! line (builds of 2026-07-15 and 2026-09-23):
//!
//! | line | what it tells |
//! |---|---|
//! | `"type":"error_set"` or `"retry_scheduled"` | the code as `subtype`; `retryAt`, in milliseconds since 1970, where the service sends it |
//! | `"message":"Scheduling transport reconnect"` | the connection was lost |
//! | `"type":"message_added"` | the service was heard again |

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

use crate::environment::{Environment, base_folder};
use crate::thread_id::ThreadId;

/// The most of a log that is read, in bytes: its end.
const MOST: u64 = 4 << 20;

/// The logs of the threads, and how much of one was there before the turn.
#[derive(Debug, Clone)]
pub(crate) struct ServiceLog {
    folder: PathBuf,
    before: u64,
}

/// What a log tells of a turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The code of the last error.
    pub(crate) code: Option<String>,
    /// When the service can be tried again, in milliseconds since 1970.
    pub(crate) retry_at: Option<u64>,
    /// The connection was lost, and nothing was heard since.
    pub(crate) is_reconnecting: bool,
}

impl ServiceLog {
    /// Notes what is there before a turn of this thread, or of a new one.
    pub(crate) fn before(environment: &Environment, thread: Option<&ThreadId>) -> Option<Self> {
        let cache = base_folder(environment, "XDG_CACHE_HOME", ".cache")?;
        let mut log = Self {
            folder: cache.join("amp/logs/threads"),
            before: 0,
        };
        let length = |thread| std::fs::metadata(log.file(thread)).map(|file| file.len());
        log.before = thread.map_or(0, |thread| length(thread).unwrap_or(0));
        Some(log)
    }

    /// Reads what the log tells of the turn; nothing where it cannot be read.
    pub(crate) fn read(&self, thread: &ThreadId) -> Told {
        let read = || {
            let mut file = File::open(self.file(thread))?;
            let length = file.metadata()?.len();
            // One that has become shorter was begun anew.
            let before = if length < self.before { 0 } else { self.before };
            file.seek(SeekFrom::Start(before.max(length.saturating_sub(MOST))))?;
            let mut text = Vec::new();
            file.take(MOST).read_to_end(&mut text)?;
            Ok::<_, std::io::Error>(text)
        };
        read().map_or_else(|_| Told::default(), |text| Told::of(&text))
    }

    fn file(&self, thread: &ThreadId) -> PathBuf {
        self.folder.join(format!("{thread}.log"))
    }
}

impl Told {
    /// Reads the lines of a log; what is no line of one tells nothing.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut told = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Value>(line) else {
                continue;
            };
            match line["type"].as_str() {
                Some("error_set" | "retry_scheduled") => {
                    told.code = line["subtype"].as_str().map(str::to_owned);
                    told.retry_at = line["retryAt"].as_u64();
                    told.is_reconnecting = false;
                }
                Some("message_added") => told = Self::default(),
                _ => {}
            }
            if line["message"]
                .as_str()
                .is_some_and(|message| message.contains("Scheduling transport reconnect"))
            {
                told.is_reconnecting = true;
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ERROR: &str =
        r#"{"type":"error_set","subtype":"rate_limit_error","retryAt":1795331310000}"#;
    const LOST: &str =
        r#"{"message":"[thread-client] Scheduling transport reconnect","attempt":3}"#;
    const HEARD: &str = r#"{"message":"x","type":"message_added","role":"assistant"}"#;

    #[test]
    fn the_last_word_of_the_service_counts() {
        let told = |lines: &[&str]| Told::of(lines.join("\n").as_bytes());
        let limited = Told {
            code: Some("rate_limit_error".to_owned()),
            retry_at: Some(1_795_331_310_000),
            is_reconnecting: false,
        };
        let lost = Told {
            is_reconnecting: true,
            ..Told::default()
        };
        assert_eq!(told(&[LOST, HEARD, ERROR, "half a li"]), limited);
        assert_eq!(told(&[HEARD, LOST, LOST]), lost);
        assert_eq!(told(&[LOST, ERROR, HEARD]), Told::default());
    }

    #[test]
    fn what_was_there_before_the_turn_is_not_of_it() {
        let home = tempfile::tempdir().unwrap();
        let environment = Environment::from([("HOME".into(), home.path().into())]);
        let thread: ThreadId = "T-5928a90d-d53b-488f-a829-4e36442142ee".parse().unwrap();
        let folder = home.path().join(".cache/amp/logs/threads");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{thread}.log"));
        std::fs::write(&file, format!("{ERROR}\n")).unwrap();
        let known = ServiceLog::before(&environment, Some(&thread)).unwrap();
        let new = ServiceLog::before(&environment, None).unwrap();
        assert_eq!(known.read(&thread), Told::default());
        assert!(new.read(&thread).retry_at.is_some());
        std::fs::write(&file, format!("{ERROR}\n{LOST}\n")).unwrap();
        assert!(known.read(&thread).is_reconnecting);
        // A log that was begun anew.
        std::fs::write(&file, LOST).unwrap();
        assert!(known.read(&thread).is_reconnecting);
    }

    proptest! {
        #[test]
        fn no_log_is_too_odd(text in any::<Vec<u8>>()) {
            Told::of(&text);
        }
    }
}
