//! What turns have come to, in numbers.

use amp_protocol::progress::{Progress, UsageTotals};
use serde::{Deserialize, Serialize};

use super::TurnRecord;
use crate::error::Error;

/// What one turn or several have come to, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Totals {
    /// How many turns.
    pub turns: u64,
    /// What their messages used.
    pub usage: UsageTotals,
    /// How many tool calls the agent made.
    pub tool_calls: u64,
    /// How many of them were refused.
    pub refused_calls: u64,
    /// Their wall time, in milliseconds.
    pub wall_time: u64,
}

impl Totals {
    /// Adds what other turns have come to.
    pub fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.usage.add_totals(&other.usage);
        self.tool_calls += other.tool_calls;
        self.refused_calls += other.refused_calls;
        self.wall_time += other.wall_time;
    }
}

impl TurnRecord {
    /// Returns what the turn has come to; of one that has no end, as far as its lines tell.
    ///
    /// # Errors
    ///
    /// Fails when its end cannot be read, and of a turn without one its lines.
    pub fn totals(&self) -> Result<Totals, Error> {
        let end = self.end()?;
        if let Some(totals) = end.as_ref().and_then(|end| end.totals) {
            return Ok(totals);
        }
        let mut progress = Progress::new();
        for line in self.lines()? {
            if let Some(event) = line?.event() {
                progress.observe(event);
            }
        }
        Ok(Totals {
            turns: 1,
            usage: progress.usage(),
            tool_calls: progress.tool_calls(),
            refused_calls: progress.refused_calls(),
            wall_time: end.map_or(0, |end| end.wall_time),
        })
    }

    /// Returns the answer of the turn, if it came to one.
    ///
    /// # Errors
    ///
    /// Fails when its lines cannot be read.
    pub fn answer(&self) -> Result<Option<String>, Error> {
        let mut progress = Progress::new();
        for line in self.lines()? {
            if let Some(event) = line?.event() {
                progress.observe(event);
            }
        }
        Ok(progress.final_text().map(str::to_owned))
    }
}
