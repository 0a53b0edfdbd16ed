//! `cargo xtask retry`: real CLIs go on after planned faults, and nothing is paid twice.
//!
//! The stand-in fails as planned. `ampctl run` ends there with its exit code; `amp-session` goes on,
//! and the stand-in's own journal says what the model was asked: the prompt once in every
//! conversation. What a tool left behind says how often it ran. `--random` draws faults and places.

mod cases;
mod drive;
mod random;
mod row;

use anyhow::Result;
use clap::Args;

use crate::trial;

/// What to try and how to print it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    trial: trial::Options,
    #[command(flatten)]
    named: trial::Named,
    /// Instead, make so many runs of each version with faults drawn at random
    #[arg(long, value_name = "COUNT")]
    random: Option<u64>,
    /// The number that the first random run is drawn from
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
}

/// Tries every case with every version and prints expected and got.
///
/// # Errors
/// When a version cannot be installed or run, and when something was paid twice or did not end as it
/// should.
pub fn run(options: &Options) -> Result<()> {
    if let Some(count) = options.random {
        let versions = trial::versions(&options.trial)?;
        return random::run(&versions, count, options.seed);
    }
    trial::run(&options.trial, &options.named.of(cases::all()))
}
