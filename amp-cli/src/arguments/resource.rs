//! How much a sandboxed agent may use.

use std::fmt;
use std::str::FromStr;

use amp_session::process::sandbox::Limits;
use serde::{Deserialize, Deserializer};

use super::{ByteSize, Limit};

/// Represents a limit such as `memory=4g`; each but that of processes is for one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceLimit {
    /// Processes and threads at a time.
    Processes(u64),
    /// Bytes of address space.
    Memory(u64),
    /// Bytes of a file that is written.
    FileSize(u64),
    /// Open files.
    OpenFiles(u64),
    /// Seconds of processor time.
    Cpu(u64),
}

impl ResourceLimit {
    /// Sets this limit.
    pub(crate) fn apply(self, limits: &mut Limits) {
        let (slot, amount) = match self {
            Self::Processes(amount) => (&mut limits.processes, amount),
            Self::Memory(amount) => (&mut limits.memory_bytes, amount),
            Self::FileSize(amount) => (&mut limits.file_bytes, amount),
            Self::OpenFiles(amount) => (&mut limits.open_files, amount),
            Self::Cpu(amount) => (&mut limits.cpu_seconds, amount),
        };
        *slot = Some(amount);
    }
}

impl fmt::Display for ResourceLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processes(amount) => write!(formatter, "processes={amount}"),
            Self::Memory(amount) => write!(formatter, "memory={amount}"),
            Self::FileSize(amount) => write!(formatter, "file-size={amount}"),
            Self::OpenFiles(amount) => write!(formatter, "open-files={amount}"),
            Self::Cpu(amount) => write!(formatter, "cpu={amount}s"),
        }
    }
}

impl FromStr for ResourceLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, amount) = text.split_once('=').unwrap_or((text, ""));
        let number = || count(amount).ok_or_else(|| unusable(amount, "a number above 0"));
        let size = || match amount.parse()? {
            ByteSize(0) => Err(unusable(amount, "a size above 0")),
            ByteSize(bytes) => Ok(bytes),
        };
        Ok(match what {
            "processes" => Self::Processes(number()?),
            "memory" => Self::Memory(size()?),
            "file-size" => Self::FileSize(size()?),
            "open-files" => Self::OpenFiles(number()?),
            "cpu" => match amount.parse()? {
                Limit::After(time) if time.as_secs() > 0 => Self::Cpu(time.as_secs()),
                _ => return Err(unusable(amount, "at least a second, such as `10m`")),
            },
            _ => {
                return Err(format!(
                    "{what:?} is none of `processes`, `memory`, `file-size`, `open-files` and `cpu`; \
                     write it like `memory=4g`"
                ));
            }
        })
    }
}

fn unusable(amount: &str, wanted: &str) -> String {
    format!("{amount:?} is not {wanted}")
}

fn count(text: &str) -> Option<u64> {
    text.parse().ok().filter(|count| *count > 0)
}

impl<'de> Deserialize<'de> for ResourceLimit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, ResourceLimit};

    #[test]
    fn amounts_are_written_as_people_write_them() {
        let mut limits = Limits::default();
        for text in [
            "processes=200",
            "memory=4g",
            "file-size=500M",
            "open-files=64",
            "cpu=1h 5s",
        ] {
            text.parse::<ResourceLimit>().unwrap().apply(&mut limits);
        }
        assert_eq!(limits.processes, Some(200));
        assert_eq!(limits.memory_bytes, Some(4 << 30));
        assert_eq!(limits.file_bytes, Some(500 << 20));
        assert_eq!(limits.open_files, Some(64));
        assert_eq!(limits.cpu_seconds, Some(3605));
    }

    #[test]
    fn what_is_no_amount_says_what_would_be() {
        for (text, expected) in [
            ("memory", "expected a number"),
            ("memory=0", "\"0\" is not a size above 0"),
            ("memory=4x", "expected a size"),
            ("processes=-1", "a number above 0"),
            ("cpu=10ms", "at least a second"),
            ("cpu=none", "at least a second"),
            ("disk=1g", "none of `processes`"),
        ] {
            let error = text.parse::<ResourceLimit>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
