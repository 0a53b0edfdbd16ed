//! `cargo xtask oracle`: real CLIs are asked about permission rules, and our evaluator with them.
//!
//! The cases are those of `fixtures/permissions/answers.jsonl` and random ones. Every CLI runs
//! offline in a throw-away home. `amp permissions test` is asked about calls whose arguments are
//! texts; others are made in a run against the stand-in, which shows what is rejected, and by which
//! rule.

mod ask;
mod compare;
mod in_run;
mod keep;
mod pieces;
mod random;

use std::collections::BTreeMap;

use amp_session::permission::RuleList;
use amp_session::{Amp, Dialect};
use anyhow::{Context, Result, bail};
use clap::Args;
use fixtures::permissions::{PermissionCase, Verdict};
use futures::{StreamExt, TryStreamExt};

pub use random::Random;

use crate::installed_cli::{self, InstalledCli};
use crate::versions::Manifest;
use compare::{Comparison, Judge};

/// Whom to ask what.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Ask this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION")]
    versions: Vec<String>,
    /// Ask this many random questions as well
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    random: usize,
    /// Make this many random calls in a run as well, their arguments of any type
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    random_calls: usize,
    /// Draw the random questions from this seed [default: one that is printed]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Leave out the questions that are on file
    #[arg(long)]
    only_random: bool,
    /// Keep the random questions and their answers in fixtures/permissions/answers.jsonl
    #[arg(long)]
    record: bool,
}

/// Asks the versions and compares.
///
/// # Errors
/// When no version can be run, one does not answer, and when an answer of ours is another one.
pub fn run(options: &Options) -> Result<()> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(&options.versions)?;
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let mut cases = match options.only_random {
        true => Vec::new(),
        false => fixtures::permission_cases(),
    };
    let on_file = cases.len();
    let mut random = Random::new(seed);
    cases.extend((0..options.random).map(|_| random.question()));
    cases.extend(random.calls(options.random_calls));
    if cases.is_empty() {
        bail!("--only-random asks nothing without --random or --random-calls");
    }
    let drawn = cases.len() - on_file;
    crate::say(format!(
        "{on_file} questions on file, {drawn} random ones of seed {seed}"
    ));
    let runtime = crate::machine::runtime()?;
    let mut answers: Vec<BTreeMap<String, Verdict>> = vec![BTreeMap::new(); cases.len()];
    let mut differences = 0;
    let ready = runtime.block_on(installed_cli::ready(&versions))?;
    if ready.is_empty() {
        bail!("no version could be run, so nobody was asked");
    }
    for (version, cli) in ready {
        let given = runtime.block_on(ask_all(&cli, &cases))?;
        let judge = Judge {
            built_in: runtime.block_on(built_in_rules(&cli))?,
            dialect: Dialect::for_version(&version.number.as_str().into()),
        };
        let (mut same, mut unknown, mut unasked) = (0, 0, 0);
        for ((case, answer), kept) in cases.iter().zip(given).zip(&mut answers) {
            let Some(answer) = answer else {
                unasked += 1;
                continue;
            };
            match judge.compare(case, &answer) {
                Comparison::Same => same += 1,
                Comparison::Unknown => {
                    unknown += 1;
                    crate::note(format!("{}: unknown to us: {case}", version.number));
                }
                Comparison::Different(ours) => {
                    differences += 1;
                    crate::say(format!(
                        "{}: {case}\n  it says {answer}, we say {ours}",
                        version.number
                    ));
                }
            }
            kept.insert(version.number.clone(), answer);
        }
        crate::say(format!(
            "{}: {same} answered alike, {unknown} unknown to us, {unasked} cannot be asked",
            version.number,
        ));
    }
    if options.record {
        let new = cases.into_iter().zip(answers).skip(on_file);
        let kept = keep::append(new)?;
        crate::say(format!("{kept} questions kept"));
    }
    if differences > 0 {
        bail!("{differences} answers differ");
    }
    Ok(())
}

async fn built_in_rules(cli: &InstalledCli) -> Result<RuleList> {
    let home = tempfile::tempdir()?;
    let environment = cli.environment(home.path());
    let amp = Amp::new(&cli.executable, cli.version.as_str()).with_environment(environment);
    let rules = amp.built_in_rules().await;
    rules.with_context(|| format!("{} has no rules of its own", cli.version))
}

/// Asks one version everything, several at once; `None` is what it cannot be asked.
async fn ask_all(cli: &InstalledCli, cases: &[PermissionCase]) -> Result<Vec<Option<Verdict>>> {
    let tested = cases.iter().map(|case| async move {
        match ask::can_be_asked(case) {
            true => in_time(ask::ask(cli, case).await, case),
            false => Ok(None),
        }
    });
    let tested = futures::stream::iter(tested).buffered(crate::machine::parallelism());
    let mut answers: Vec<Option<Verdict>> = tested.try_collect().await?;
    let runs = in_run::batches(cases, &answers);
    let made = runs.iter().map(|positions| async move {
        let calls: Vec<&PermissionCase> = positions.iter().map(|at| &cases[*at]).collect();
        in_time(in_run::make(cli, &calls).await, calls[0])
    });
    let made = futures::stream::iter(made).buffered(crate::machine::parallelism());
    let made: Vec<Option<Vec<Verdict>>> = made.try_collect().await?;
    for (positions, verdicts) in runs.iter().zip(made) {
        for (position, verdict) in positions.iter().zip(verdicts.into_iter().flatten()) {
            answers[*position] = Some(verdict);
        }
    }
    Ok(answers)
}

/// Leaves out what a CLI takes for ever about: some patterns need exponential time.
fn in_time<T>(asked: Result<T>, case: &PermissionCase) -> Result<Option<T>> {
    match asked {
        Err(error) if error.is::<amp_process::Error>() => {
            crate::note(format!("{error:#}: {case}"));
            Ok(None)
        }
        asked => asked.map(Some),
    }
}
