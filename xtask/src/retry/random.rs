//! Faults drawn at random, at random places, many times.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use fastrand::Rng;
use fixtures::backend::{FaultPlan, Refusal};
use fixtures::script::Fault;
use futures::{StreamExt, TryStreamExt};

use super::cases::error;
use super::drive::{Ended, drive};
use crate::installed_cli::{self, InstalledCli};
use crate::versions::{Packaging, Version};

/// Makes so many runs of each version and says how they ended.
///
/// # Errors
/// When a run cannot be made, and when something was paid twice.
pub(super) fn run(versions: &[Version], count: u64, seed: u64) -> Result<()> {
    let twice = crate::machine::runtime()?.block_on(async {
        let mut twice = 0;
        let versions: Vec<&Version> = versions.iter().collect();
        for (version, cli) in installed_cli::ready(&versions).await? {
            twice += of_version(version, &cli, count, seed).await?;
        }
        anyhow::Ok(twice)
    })?;
    if twice > 0 {
        bail!("in {twice} runs something was paid or done twice");
    }
    Ok(())
}

/// Makes the runs of one version; returns in how many of them something was paid twice.
async fn of_version(version: &Version, cli: &InstalledCli, count: u64, seed: u64) -> Result<usize> {
    let runs: Vec<(u64, Ended)> = futures::stream::iter(seed..seed + count)
        .map(|seed| async move {
            let faults = draw(version.packaging, &mut Rng::with_seed(seed));
            anyhow::Ok((seed, drive(cli, faults).await?))
        })
        .buffered(crate::machine::parallelism())
        .try_collect()
        .await?;
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut twice = 0;
    for (seed, ended) in &runs {
        let end = match ended.is_completed {
            true => "completed".to_owned(),
            // What differs from run to run stands in brackets.
            false => ended
                .story
                .rsplit(", stopped")
                .next()
                .map_or("", |end| end.split(" (").next().unwrap_or(end))
                .to_owned(),
        };
        *ends.entry(end).or_default() += 1;
        if !ended.twice.is_empty() {
            twice += 1;
            crate::say(format!(
                "{} run {seed}: {}: {}",
                version.number,
                ended.story,
                ended.twice.join("; ")
            ));
        }
    }
    let retried = runs
        .iter()
        .filter(|(_, ended)| ended.story.contains(", "))
        .count();
    crate::say(format!(
        "{}: {count} runs, {retried} went on",
        version.number
    ));
    for (end, count) in ends {
        crate::say(format!("  {count:>4} {end}"));
    }
    crate::say(format!("  {twice:>4} paid or done twice"));
    Ok(twice)
}

/// Draws what goes wrong in a run.
fn draw(packaging: Packaging, random: &mut Rng) -> FaultPlan {
    let mut plan = FaultPlan::new();
    if random.u8(..6) == 0 {
        let status = *random.choice(&[429, 500, 503]).unwrap_or(&503);
        let requests = if packaging == Packaging::Javascript {
            2
        } else {
            1
        };
        plan = plan.with_start(Refusal::Status(status), requests);
    }
    if packaging == Packaging::Native && random.u8(..6) == 0 {
        plan = plan.with_opening(Refusal::Status(503), 4);
    }
    for _ in 0..random.usize(1..6) {
        plan = plan.with_answer(fault(packaging, random));
    }
    plan
}

fn fault(packaging: Packaging, random: &mut Rng) -> Option<Fault> {
    let status = *random.choice(&[429, 429, 529, 500, 503]).unwrap_or(&429);
    let drawn = match packaging {
        Packaging::Javascript => random.u8(..10),
        // A connection that is lost is known for that after a silence alone.
        Packaging::Native => random.u8(..6),
    };
    match drawn {
        0 | 1 => None,
        2..=4 => Some(error(status)),
        5 => Some(Fault::Disconnect),
        6 => Some(Fault::DisconnectWithin(random.usize(..2))),
        7 => Some(Fault::DisconnectBefore(random.usize(1..3))),
        8 => Some(Fault::DisconnectBeforeEnd),
        _ => Some(Fault::ErrorBefore(1)),
    }
}
