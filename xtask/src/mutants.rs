//! `cargo xtask mutants`: changes the code of the modules that must not be wrong, one place at a
//! time, and checks that a test notices.
//!
//! `cargo mutants` makes the changes in a scratch copy and runs the few tests of each group; a
//! survivor is killed with a test, or stands in `xtask/mutants.toml` with the reason why no test
//! could notice it.

use std::path::{Path, PathBuf};

use amp_process::{ExitStatus, ProcessSpec};
use anyhow::{Context, Result, bail};

use crate::machine;

pub mod group;
pub mod kept;
pub mod scratch;
pub mod tally;

use group::Group;
use kept::{Entry, Kept};
use tally::Tally;

/// The least that must be noticed, of a hundred mutants that compile.
const LEAST_PERCENT: f64 = 95.0;

/// Seconds that the tests of one mutant may take at the least before they count as hanging.
const TEST_TIMEOUT: &str = "30";

const INSTALL: &str = "cargo-mutants is not installed: cargo install --locked cargo-mutants";

/// Which mutants to try.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Groups of files, all of them by default
    pub groups: Vec<String>,
    /// List the mutants of the groups and test none
    #[arg(long)]
    pub list: bool,
    /// Only mutants whose name, as listed, matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub matching: Option<String>,
}

/// Tries the mutants of the groups, prints what became of them, and fails when too many survived
/// or one that is not on the list.
///
/// # Errors
/// As said, and when `cargo mutants` is missing or fails.
pub fn run(options: &Options) -> Result<()> {
    let groups = group::named(&options.groups)?;
    let root = crate::workspace_root();
    let kept = Kept::read(&root)?;
    machine::runtime()?.block_on(async {
        let workshop = Workshop::open(&root, options).await?;
        let mut all = Tally::default();
        let mut problems = Vec::new();
        for group in groups {
            if options.list {
                workshop.list(group).await?;
                continue;
            }
            crate::note(format!("== {}", group.name));
            let tally = workshop.test(group).await?;
            crate::say(format!("{}: {tally}", group.name));
            problems.extend(unexpected(&tally, &kept));
            if options.matching.is_none() {
                problems.extend(outdated(group, &tally, &kept));
            }
            all.add(tally);
        }
        if options.list {
            return Ok(());
        }
        crate::say(format!("all: {all}"));
        if all.viable() == 0 {
            problems.push("there are no such mutants".into());
        }
        if all.percent() < LEAST_PERCENT {
            problems.push(format!("less than {LEAST_PERCENT} % were noticed"));
        }
        if problems.is_empty() {
            return Ok(());
        }
        bail!("{}", problems.join("\n\n"))
    })
}

/// Returns what to say about each survivor without an explanation.
#[must_use]
pub fn unexpected(tally: &Tally, kept: &Kept) -> Vec<String> {
    let survivors = tally.missed.iter().filter(|mutant| !kept.has(mutant));
    survivors
        .map(|mutant| {
            format!(
                "no test notices it ({}:{}); write one, or say in xtask/mutants.toml why none can:\n{}",
                mutant.file.display(),
                mutant.number,
                Entry::proposal(mutant)
            )
        })
        .collect()
}

/// Returns what to say about the entries for a group's files that no longer speak of a survivor.
#[must_use]
pub fn outdated(group: &Group, tally: &Tally, kept: &Kept) -> Vec<String> {
    let of_group = |entry: &&Entry| group.has(&entry.file);
    let survives = |entry: &Entry| tally.missed.iter().any(|mutant| entry.is(mutant));
    kept.kept
        .iter()
        .filter(of_group)
        .filter(|entry| !survives(entry))
        .map(|entry| {
            format!(
                "xtask/mutants.toml keeps what does not survive: {}: {}",
                entry.file.display(),
                entry.mutant
            )
        })
        .collect()
}

/// Where mutants are made and tested.
struct Workshop {
    cargo: PathBuf,
    /// The scratch copy.
    tree: PathBuf,
    /// Where reports go, a folder a group.
    reports: PathBuf,
    /// The copy's own build folder. In the workspace's one, cargo takes what it built of a mutant
    /// for the package of the same name, and the tests of the workspace link it.
    target: PathBuf,
    matching: Vec<String>,
}

impl Workshop {
    async fn open(root: &Path, options: &Options) -> Result<Self> {
        machine::find_program("cargo-mutants").context(INSTALL)?;
        let matching = options.matching.iter();
        let reports = root.join("target/mutants");
        Ok(Self {
            cargo: machine::find_program("cargo").context("cargo is not on the path")?,
            tree: scratch::refresh(root).await?,
            target: reports.join("target"),
            reports,
            matching: matching
                .flat_map(|regex| ["--re".to_owned(), regex.clone()])
                .collect(),
        })
    }

    async fn list(&self, group: &Group) -> Result<()> {
        crate::say(format!("== {}", group.name));
        let arguments = ["--list".to_owned()].into_iter().chain(group.selection());
        let status = self.cargo_mutants(arguments, crate::say).await?;
        if !status.is_success() {
            bail!("cargo mutants cannot list {}: {status}", group.name);
        }
        Ok(())
    }

    /// Tries a group's test targets one after the other, each on what those before it let pass.
    async fn test(&self, group: &Group) -> Result<Tally> {
        let mut tally: Option<Tally> = None;
        for target in group.targets {
            let later = self.test_with(group, target, tally.is_some()).await?;
            match &mut tally {
                None => tally = Some(later),
                Some(tally) => tally.retry(later),
            }
            if tally.as_ref().is_some_and(|tally| tally.missed.is_empty()) {
                break;
            }
        }
        tally.with_context(|| format!("{} has no tests", group.name))
    }

    async fn test_with(&self, group: &Group, target: &str, survivors: bool) -> Result<Tally> {
        let output = self.reports.join(group.name);
        std::fs::create_dir_all(&output)?;
        let options = [
            "--in-place",
            "--no-shuffle",
            "--colors=never",
            "--minimum-test-timeout",
            TEST_TIMEOUT,
            "--output",
        ];
        let arguments = options
            .into_iter()
            .map(str::to_owned)
            .chain([output.display().to_string()])
            .chain(survivors.then(|| "--iterate".to_owned()))
            .chain(group.selection())
            .chain(group.testing(target));
        let status = self.cargo_mutants(arguments, crate::note).await?;
        // 2 and 3 say that mutants were missed or hung, which the tally says better.
        if !matches!(status, ExitStatus::Code(0 | 2 | 3)) {
            bail!("cargo mutants could not test {}: {status}", group.name);
        }
        Tally::read(&output, &self.tree)
    }

    /// Runs `cargo mutants` in the copy, `tell` hearing each line.
    async fn cargo_mutants(
        &self,
        arguments: impl Iterator<Item = String>,
        tell: fn(String),
    ) -> Result<ExitStatus> {
        // A night long, if need be: each mutant has a time limit of its own.
        let mut process = ProcessSpec::new(&self.cargo)
            .with_environment(machine::environment())
            .with_variable("CARGO_TARGET_DIR", &self.target)
            // Nobody debugs a mutant, and without symbols the tests are linked in half the time.
            .with_variable("CARGO_PROFILE_DEV_DEBUG", "0")
            .with_working_directory(&self.tree)
            .with_argument("mutants")
            .with_arguments(self.matching.iter())
            .with_arguments(arguments)
            .spawn()
            .await
            .context("cannot start cargo mutants")?;
        while let Some(line) = process.next_line().await? {
            tell(String::from_utf8_lossy(line.bytes()).into_owned());
        }
        let exit = process.finish().await;
        if !exit.stderr().is_empty() {
            crate::note(exit.stderr().to_string());
        }
        Ok(exit.status())
    }
}
