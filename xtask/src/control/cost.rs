//! `cargo xtask question-cost`: what a question costs over a delegate that is a C program.
//!
//! The same turn of shell commands, one after the other, is run in pairs: once with an approver that
//! allows at once, once with a rule that lets the program decide. What a pair differs by, shared
//! out among the questions, is the cost of one. Both are driven through `amp-session`, and which of
//! a pair comes first alternates.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use amp_session::approval::approve_with;
use amp_session::protocol::PermissionRule;
use amp_session::{Amp, Answer, Approval, SessionConfig, default_deadlines};
use anyhow::{Context, Result, ensure};
use clap::Args;
use fixtures::benchmark::{Bar, Row};
use fixtures::script::{Answer as ModelAnswer, Block, Script};
use serde_json::json;

use super::place::{PROMPT, Place};
use crate::installed_cli::{self, InstalledCli};
use crate::pairs::interleaved;
use crate::versions::Manifest;
use crate::{benchmark_rows, command, machine};

/// What decides in place of the approver: it reads its input to the end and allows.
const PROGRAM: &str = "#include <unistd.h>\n\
    int main(void) { char b[4096]; while (read(0, b, sizeof b) > 0) {} return 0; }\n";

/// The most that a question may cost at the median.
const LIMIT: f64 = 15.0;

/// The longest time for a run.
const LONGEST: Duration = Duration::from_secs(120);

/// The longest time for the compiler.
const COMPILING: Duration = Duration::from_secs(60);

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Measure with this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION", default_value = "native")]
    version: String,
    /// Run this many pairs
    #[arg(long, value_name = "COUNT", default_value_t = 15)]
    pairs: usize,
    /// Ask this many questions in a run
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    questions: usize,
}

/// Measures and prints what a question takes.
///
/// # Errors
/// As for [`rows`], and when a question costs too much.
pub fn run(options: &Options) -> Result<()> {
    benchmark_rows::report_and_judge(&rows(options)?)
}

/// Measures what a question takes beside a rule that lets a program decide.
///
/// # Errors
/// When there is no C compiler, or a run does not end well.
pub fn rows(options: &Options) -> Result<Vec<Row>> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(std::slice::from_ref(&options.version))?;
    machine::runtime()?.block_on(async {
        let ready = installed_cli::ready(&versions).await?;
        let (version, cli) = ready.first().context("the version cannot be run here")?;
        let folder = tempfile::tempdir()?;
        let program = compile(folder.path()).await?;
        // What the CLI is asked once for all runs is asked here.
        turn(cli, 1, folder.path(), None).await?;
        let ways = [None, Some(program.as_path())];
        let questions = options.questions;
        let taken = interleaved(options.pairs, &ways, async |program| {
            let took = turn(cli, questions, folder.path(), *program).await?;
            Ok(took / questions as f64)
        });
        let taken = taken.await?;
        let name = format!("question and answer, {}", version.number);
        let row = Row::of(&name, "ms", &taken[0], "a C program", &taken[1]);
        Ok(vec![row.with_bar(Bar::MoreAtMost(LIMIT))])
    })
}

async fn compile(folder: &Path) -> Result<PathBuf> {
    let (source, program) = (folder.join("allow.c"), folder.join("allow"));
    std::fs::write(&source, PROGRAM)?;
    let compiler = machine::find_program("cc").context("there is no C compiler here (cc)")?;
    let spec = amp_process::ProcessSpec::new(compiler)
        .with_environment(machine::environment())
        .with_argument("-O2")
        .with_argument("-o")
        .with_argument(&program)
        .with_argument(&source);
    command::output(spec, COMPILING).await?;
    Ok(program)
}

/// Runs a turn and returns how many milliseconds it took.
async fn turn(
    cli: &InstalledCli,
    questions: usize,
    kept: &Path,
    program: Option<&Path>,
) -> Result<f64> {
    let place = Place::with(cli, |_| {
        let answer = |block| ModelAnswer {
            blocks: vec![block],
            ..ModelAnswer::default()
        };
        let mut answers = vec![answer(Block::Shell("true".to_owned())); questions];
        answers.push(answer(Block::Text("It is done.".to_owned())));
        Script {
            answers,
            ..Script::default()
        }
    })
    .await?;
    let config = SessionConfig::new().with_working_directory(place.path("project"));
    let config = match program {
        Some(program) => {
            let program = program.to_str().context("the path is no UTF-8")?;
            let rules = json!([PermissionRule::delegate("*", program)]);
            config.with_setting("amp.permissions", rules)
        }
        None => config.with_approval(Approval::by(approve_with(|_| {
            std::future::ready(Answer::Allow)
        }))),
    };
    let config = config.with_deadlines(default_deadlines().with_total(Some(LONGEST)));
    let amp = Amp::new(&cli.executable, cli.version.as_str())
        .with_environment(place.environment())
        .with_answers_kept_in(kept);
    let begun = Instant::now();
    let turn = amp.start(config)?.prompt(PROMPT).await?;
    let outcome = turn.finish().await;
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    ensure!(
        outcome.is_success(),
        "{}: {}",
        outcome.status,
        outcome.stderr
    );
    Ok(took)
}
