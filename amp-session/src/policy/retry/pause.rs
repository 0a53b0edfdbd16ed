//! A wait before the next attempt, and how it is told.

use std::fmt;
use std::time::Duration;

/// A wait before the next attempt. Its text is for people: `waiting 30 s: rate limited, attempt 2 of
/// 4`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pause {
    /// How long.
    pub wait: Duration,
    /// What for, in words.
    pub why: String,
    /// Which attempt follows, from 2.
    pub attempt: u32,
    /// How many there may be, if that is limited.
    pub most: Option<u32>,
}

impl fmt::Display for Pause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wait = in_words(self.wait);
        write!(
            formatter,
            "waiting {wait}: {}, attempt {}",
            self.why, self.attempt
        )?;
        match self.most {
            Some(most) => write!(formatter, " of {most}"),
            None => Ok(()),
        }
    }
}

/// Returns a time as people say it: two units at most.
pub(super) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        172_800.. => format!("{} days", seconds / 86_400),
        _ if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
