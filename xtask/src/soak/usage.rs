//! What this process holds of the operating system, as `/proc` shows it.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long a number may take to come down again.
const SETTLING: Duration = Duration::from_secs(10);

/// Descriptors, threads, children (zombies too) and memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Usage {
    descriptors: usize,
    threads: usize,
    children: usize,
    /// Resident memory in KiB.
    pub(super) resident_kib: u64,
}

impl Usage {
    pub(super) fn measure() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status").context("there is no /proc")?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|text| text.trim().strip_suffix(" kB"));
        Ok(Self {
            descriptors: fs::read_dir("/proc/self/fd")?.count(),
            threads: fs::read_dir("/proc/self/task")?.count(),
            children: children()?,
            resident_kib: resident.context("no resident size")?.parse()?,
        })
    }

    /// Measures until nothing but memory is above `before`, or the time for that is over.
    pub(super) fn settled(before: &Self) -> Result<Self> {
        let until = Instant::now() + SETTLING;
        loop {
            let now = Self::measure()?;
            if !now.grew_from(before, u64::MAX) || Instant::now() > until {
                return Ok(now);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns whether anything is more than it was; memory may be off by `noise_kib`.
    pub(super) fn grew_from(&self, before: &Self, noise_kib: u64) -> bool {
        self.descriptors > before.descriptors
            || self.threads > before.threads
            || self.children > before.children
            || self.resident_kib > before.resident_kib.saturating_add(noise_kib)
    }
}

/// Counts our children, zombies too.
fn children() -> Result<usize> {
    let me = std::process::id().to_string();
    let stats = fs::read_dir("/proc")?
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    let parents = stats.filter_map(|stat| {
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(1).map(str::to_owned)
    });
    Ok(parents.filter(|parent| *parent == me).count())
}

impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} descriptors, {} threads, {} children, {} KiB",
            self.descriptors, self.threads, self.children, self.resident_kib
        )
    }
}
