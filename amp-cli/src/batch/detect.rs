//! Which shard this process is to work on: what it was told, or what the engine that has started it
//! says.
//!
//! Nothing is guessed: a process that takes one for the whole, or the whole for a part, pays twice
//! or leaves tasks undone.

use super::engines::{ENGINES, Engine, Numbering};
use super::shard::{Scheme, Shard};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Names the shard, as `--shard` does.
pub(super) const SHARD: &str = "AMPCTL_SHARD";

/// Says how many shards there are, to go with an engine that only has a number.
pub(super) const TOTAL: &str = "AMPCTL_SHARD_TOTAL";

/// The shard of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Detected {
    pub(crate) shard: Shard,
    /// Who says so.
    pub(crate) by: &'static str,
    /// How often the engine has started it before, where it tells.
    pub(crate) starts_before: Option<u64>,
}

/// Finds the shard: the flag, `AMPCTL_SHARD`, the engine, or else the whole.
///
/// # Errors
/// Fails when engines disagree, and when what one of them says does not tell the shard.
pub(crate) fn detect(flag: Option<Shard>, context: &Context) -> Result<Detected, Failure> {
    let found = of_engines(context);
    if let Some(shard) = flag {
        return Ok(named(shard, "--shard", &found));
    }
    if let Some(text) = text_of(SHARD, context) {
        let shard = text.parse().map_err(|why: String| {
            unusable(format!("{SHARD}={text} names no shard")).because(why)
        })?;
        return Ok(named(shard, SHARD, &found));
    }
    let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
    // A step of one process is no opinion: Slurm may have started another engine's worker.
    let is_part = |found: &&Detected| found.shard.total() > 1;
    let mut parts = found.iter().filter(is_part);
    let first = parts.next();
    if let Some(first) = first
        && let Some(other) = parts.find(|other| other.shard != first.shard)
    {
        let (one, another) = (first.by, other.by);
        let what = format!("{one} and {another} disagree about the shard");
        return Err(unusable(what)
            .because(format!("{one}: {}", first.shard))
            .because(format!("{another}: {}", other.shard))
            .hint(format!("--shard or {SHARD} says which one it is")));
    }
    let detected = first.or(found.first());
    match (text_of(TOTAL, context), detected) {
        (Some(total), None) => {
            let what = format!("{TOTAL}={total} is set, and no engine says which shard this is");
            let advice = format!("--shard or {SHARD}, such as 3/{total}, says both");
            Err(unusable(what).hint(advice))
        }
        (Some(total), Some(detected)) if total != detected.shard.total().to_string() => {
            let what = format!("{} and {TOTAL} disagree about the shard", detected.by);
            Err(unusable(what)
                .because(format!("{}: {}", detected.by, detected.shard))
                .because(format!("{TOTAL}={total}")))
        }
        (_, Some(detected)) => Ok(detected.clone()),
        (None, None) => Ok(Detected {
            shard: Shard::WHOLE,
            by: "nobody",
            starts_before: None,
        }),
    }
}

/// Returns a shard that was named, started as often as an engine says.
fn named(shard: Shard, by: &'static str, found: &[Result<Detected, Failure>]) -> Detected {
    let starts = found.iter().flatten().find_map(|found| found.starts_before);
    Detected {
        shard,
        by,
        starts_before: starts,
    }
}

fn of_engines(context: &Context) -> Vec<Result<Detected, Failure>> {
    let of = |engine: &Engine| {
        let shard = engine.shard(context)?;
        let starts = engine.attempt.and_then(|name| text_of(name, context));
        Some(shard.map(|shard| Detected {
            shard,
            by: engine.name,
            starts_before: starts.and_then(|text| text.parse().ok()),
        }))
    };
    ENGINES.iter().filter_map(of).collect()
}

impl Engine {
    /// Returns the shard, if this engine has started the process as one of several.
    fn shard(&self, context: &Context) -> Option<Result<Shard, Failure>> {
        let index = text_of(self.index, context)?;
        let is_given = |(name, there): (&str, bool)| text_of(name, context).is_some() == there;
        if self.none == Some(index) || !self.given.is_none_or(is_given) {
            return None;
        }
        Some(self.shard_at(index, context))
    }

    fn shard_at(&self, index: &str, context: &Context) -> Result<Shard, Failure> {
        let index = self.number(self.index, index)?;
        let variable = |name| self.variable(name, context);
        let (position, total) = match &self.numbering {
            Numbering::Unknown => return Err(self.incomplete(index)),
            Numbering::WithoutTotal { first } => match text_of(TOTAL, context) {
                Some(_) => (index.checked_sub(*first), variable(TOTAL)?),
                None => return Err(self.incomplete(index)),
            },
            Numbering::From { first, total } => (index.checked_sub(*first), variable(total)?),
            Numbering::Range {
                first,
                last,
                step,
                count,
            } => {
                let (first, last) = (variable(first)?, variable(last)?);
                let step = variable(step)?.max(1);
                let total = last.saturating_sub(first) / step + 1;
                if let Some(count) = count {
                    let count = variable(count)?;
                    if count != total {
                        return Err(unusable(format!("{} has gaps", self.name)).because(format!(
                            "{count} numbers from {first} to {last}, every {step}: which of them is \
                             which shard cannot be told"
                        ))
                        .hint("an array without gaps, or --shard, says which one it is"));
                    }
                }
                (index.checked_sub(first).map(|above| above / step), total)
            }
        };
        let number = position.map_or(0, |position| position.saturating_add(1));
        Shard::new(Scheme::Slice, number, total).ok_or_else(|| {
            unusable(format!("{} names no shard", self.name))
                .because(format!("{}={index}, of {total}", self.index))
        })
    }

    /// Returns the failure of a number that does not tell the shard by itself.
    fn incomplete(&self, index: u64) -> Failure {
        let Self {
            name,
            index: variable,
            ..
        } = self;
        let failure = unusable(format!("{name} does not say how many shards there are"))
            .because(format!("{variable}={index} is all that it says"));
        match &self.numbering {
            Numbering::WithoutTotal { .. } => failure.hint(format!(
                "{TOTAL} says how many; --shard 1/1 takes all tasks for this process"
            )),
            _ => failure.hint(format!(
                "{SHARD}=NUMBER/TOTAL says it; --shard 1/1 takes all tasks for this process"
            )),
        }
    }

    fn variable(&self, name: &str, context: &Context) -> Result<u64, Failure> {
        match text_of(name, context) {
            Some(text) => self.number(name, text),
            None => Err(
                unusable(format!("{} does not say which shard this is", self.name))
                    .because(format!("{} is set, and {name} is not", self.index))
                    .hint(format!("--shard or {SHARD} says it")),
            ),
        }
    }

    fn number(&self, name: &str, text: &str) -> Result<u64, Failure> {
        text.parse().map_err(|_| {
            unusable(format!("{} does not say which shard this is", self.name))
                .because(format!("{name}={text} is no number"))
                .hint(format!("--shard or {SHARD} says it"))
        })
    }
}

fn text_of<'a>(name: &str, context: &'a Context) -> Option<&'a str> {
    context.variable(name).and_then(std::ffi::OsStr::to_str)
}

fn unusable(what: String) -> Failure {
    Failure::new(ExitCode::Usage, what)
}

#[cfg(test)]
mod tests;
