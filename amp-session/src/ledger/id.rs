//! Names of recorded sessions: the time they began, and enough chance to be alone with it.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::milliseconds::in_milliseconds;

/// The id of a recorded session, such as `20261121-043015-k3x9`; its text sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

impl SessionId {
    pub(super) fn generate() -> Self {
        let seconds = now_ms() / 1000;
        let (year, month, day) = civil_date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let mut chance = RandomState::new().hash_one(seconds);
        let mut suffix = String::new();
        for _ in 0..4 {
            let digit = u32::try_from(chance % 36).unwrap_or(0);
            suffix.extend(char::from_digit(digit, 36));
            chance /= 36;
        }
        Self(format!(
            "{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}-{suffix}"
        ))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the milliseconds since the UNIX epoch.
pub(crate) fn now_ms() -> u64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    in_milliseconds(elapsed)
}

/// Returns year, month and day of a day since the UNIX epoch, by the Gregorian calendar.
///
/// The year is taken to begin in March, so that the leap day is its last.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

impl FromStr for SessionId {
    type Err = Error;

    /// Takes letters, digits and hyphens only, so that an id never leads out of the ledger.
    fn from_str(text: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            let reason = format!("{text:?} is not one, such as 20261121-043015-k3x9");
            return Err(Error::InvalidOption {
                option: "session id",
                reason,
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for SessionId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil_date(0), (1970, 1, 1));
        assert_eq!(civil_date(11_016), (2000, 2, 29));
        assert_eq!(civil_date(20_778), (2026, 11, 21));
    }

    #[test]
    fn ids_are_distinct_and_read_back() {
        let ids: std::collections::BTreeSet<_> = (0..100).map(|_| SessionId::generate()).collect();
        assert!(ids.len() > 95, "{}", ids.len());
        for id in ids {
            assert_eq!(id.as_str().parse::<SessionId>().unwrap(), id);
        }
    }

    #[test]
    fn an_id_never_leads_out_of_the_ledger() {
        for text in ["", "..", "a/b", "a\\b", ".", "a b"] {
            assert!(text.parse::<SessionId>().is_err(), "{text:?}");
        }
    }
}
