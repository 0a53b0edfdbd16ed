//! `cargo xtask oracle`: real CLIs are asked about permission rules, and our evaluator with them.
//!
//! The cases are those of `fixtures/permissions/answers.jsonl` that `amp permissions test` can be
//! asked, and random ones. Every CLI runs offline in a throw-away home.

mod ask;
mod keep;
mod question;
mod random;

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clap::Args;
use futures::{StreamExt, TryStreamExt};

pub use ask::{Answer, read_answer};
pub use question::Question;
pub use random::Random;

use crate::installed_cli::{self, InstalledCli};
use crate::versions::Manifest;

/// Whom to ask what.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Ask this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION")]
    versions: Vec<String>,
    /// Ask this many random questions as well
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    random: usize,
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
    let mut random = Random::new(seed);
    let mut questions = Vec::new();
    if !options.only_random {
        questions.extend(
            fixtures::permission_cases()
                .iter()
                .filter_map(Question::on_file),
        );
    }
    let on_file = questions.len();
    questions.extend((0..options.random).map(|number| random.question(seed, number)));
    if questions.is_empty() {
        bail!("--only-random asks nothing without --random");
    }
    crate::say(format!(
        "{on_file} questions on file, {} random ones of seed {seed}",
        options.random
    ));
    let runtime = crate::machine::runtime()?;
    let mut answers: Vec<BTreeMap<String, Answer>> = vec![BTreeMap::new(); questions.len()];
    let mut differences = 0;
    let ready = runtime.block_on(installed_cli::ready(&versions))?;
    if ready.is_empty() {
        bail!("no version could be run, so nobody was asked");
    }
    for (version, cli) in ready {
        let given = runtime.block_on(ask_all(&cli, &questions))?;
        let (mut same, mut unknown) = (0, 0);
        for ((question, answer), kept) in questions.iter().zip(given).zip(&mut answers) {
            match question.compare(&answer, &version.number) {
                Comparison::Same => same += 1,
                Comparison::Unknown => {
                    unknown += 1;
                    crate::note(format!("{}: unknown to us: {question}", version.number));
                }
                Comparison::Different(ours) => {
                    differences += 1;
                    crate::say(format!(
                        "{}: {question}\n  it says {answer}, we say {ours}",
                        version.number
                    ));
                }
            }
            kept.insert(version.number.clone(), answer);
        }
        crate::say(format!(
            "{}: {} asked, {same} answered alike, {unknown} unknown to us",
            version.number,
            questions.len()
        ));
    }
    if options.record {
        let new = questions.iter().zip(&answers).skip(on_file);
        let kept = keep::append(new)?;
        crate::say(format!("{kept} questions kept"));
    }
    if differences > 0 {
        bail!("{differences} answers differ");
    }
    Ok(())
}

/// How an answer of ours relates to the CLI's.
pub enum Comparison {
    /// It is the same.
    Same,
    /// Ours is "unknown, treated as ask".
    Unknown,
    /// It is another one: this.
    Different(String),
}

/// Asks one version everything, several at once.
async fn ask_all(cli: &InstalledCli, questions: &[Question]) -> Result<Vec<Answer>> {
    futures::stream::iter(questions)
        .map(|question| ask::ask(cli, question))
        .buffered(crate::machine::parallelism())
        .try_collect()
        .await
}
