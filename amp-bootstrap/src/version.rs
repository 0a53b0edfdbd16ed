//! Versions of the Amp CLI: parse, order, date, and what a caller may ask for.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind};

/// The versions this crate was tried with, newest first.
///
/// Both install from npm's `@ampcode/cli-linux-x64` package and answer `--version`.
pub const KNOWN_VERSIONS: &[&str] = &["0.0.1790142911-g7618fb", "0.0.1784106548-gd81d8b"];

/// A released version: `0.0.<unix seconds>-g<commit>`.
///
/// The third number is the moment of the build (seen in `--version` of every release from
/// 0.0.1767830505 to 0.0.1790142911), so versions order by age and date themselves without a
/// network.
///
/// ```
/// use amp_bootstrap::CliVersion;
///
/// let version: CliVersion = "0.0.1790142911-g7618fb".parse().unwrap();
/// assert_eq!(version.release_date(), "2026-09-23");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CliVersion {
    major: u64,
    minor: u64,
    released: u64,
    commit: String,
}

impl CliVersion {
    /// Returns the moment of the build, in seconds since the Unix epoch.
    pub fn released_unix(&self) -> u64 {
        self.released
    }

    /// Returns the moment of the build.
    pub fn released_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.released)
    }

    /// Returns the day of the build in UTC, as `YYYY-MM-DD`.
    pub fn release_date(&self) -> String {
        let (year, month, day) = civil_date(self.released / 86_400);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// Returns how old the build is at `now`; zero for a build from the future.
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.released_at()).unwrap_or_default()
    }

    /// Returns the abbreviated commit.
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

/// Turns days since 1970-01-01 into year, month and day of the Gregorian calendar.
fn civil_date(days: u64) -> (u64, u64, u64) {
    // Years start in March here, so that the leap day is the last of its year.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

impl FromStr for CliVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "not a version of the Amp CLI")
                .compare("0.0.<unix seconds>-g<commit>", excerpt(text))
        })
    }
}

/// Returns the start of a text that did not parse, fit for an error message.
pub(crate) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

fn parse(text: &str) -> Option<CliVersion> {
    let (numbers, commit) = text.split_once("-g")?;
    let mut numbers = numbers.split('.').map(number);
    let version = CliVersion {
        major: numbers.next()??,
        minor: numbers.next()??,
        released: numbers.next()??,
        commit: commit.to_owned(),
    };
    let is_hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let commit_is_sound = (1..=40).contains(&commit.len()) && commit.bytes().all(is_hexadecimal);
    (numbers.next().is_none() && commit_is_sound).then_some(version)
}

/// Parses digits in their one canonical form, so that a version reads back as it was written.
fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let sound = canonical && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for CliVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            major,
            minor,
            released,
            commit,
        } = self;
        write!(formatter, "{major}.{minor}.{released}-g{commit}")
    }
}

impl Serialize for CliVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CliVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Which version is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VersionSpec {
    /// The newest that the source publishes for this platform; written `latest`.
    #[default]
    Latest,
    /// The newest of [`KNOWN_VERSIONS`] that the source has; written `known`.
    NewestKnown,
    /// This one and no other.
    Exact(CliVersion),
}

impl FromStr for VersionSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "latest" => Ok(Self::Latest),
            "known" => Ok(Self::NewestKnown),
            version => version.parse().map(Self::Exact),
        }
    }
}

impl fmt::Display for VersionSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => formatter.write_str("latest"),
            Self::NewestKnown => formatter.write_str("known"),
            Self::Exact(version) => version.fmt(formatter),
        }
    }
}

/// Returns [`KNOWN_VERSIONS`], parsed.
pub(crate) fn known_versions() -> impl Iterator<Item = CliVersion> {
    KNOWN_VERSIONS.iter().filter_map(|text| parse(text))
}
