//! `cargo xtask record-fixtures`: real CLIs run through the scenarios, what they wrote kept.

pub mod capture;
pub mod coverage;
pub mod keeper;
pub mod play;
pub mod secrets;
mod version;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use clap::Args;
use fixtures::scenario::Scenario;

use crate::installed_cli::{self, Installation};
use crate::machine;
use crate::record::coverage::judge;
use crate::record::keeper::{Keeper, Mode};
use crate::record::play::Service;
pub(crate) use crate::record::version::record_version;
use crate::versions::{Manifest, Selection, Version};

/// What to record and what to do with it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Record this version: a number, or `native` or `javascript` for the newest of a kind
    #[arg(long = "version", value_name = "VERSION")]
    versions: Vec<String>,
    /// Record this scenario only
    #[arg(long = "scenario", value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Record the core scenarios of fixtures/versions.toml only
    #[arg(long, conflicts_with = "scenarios")]
    core: bool,
    /// Compare with what is on file, write nothing, fail on a difference
    #[arg(long)]
    check: bool,
    /// Use the real service with the key in AMP_API_KEY, and keep the recording as `live-SCENARIO`
    #[arg(long, requires = "scenarios", conflicts_with = "check")]
    live: bool,
}

/// What one command does with every version.
pub(crate) struct Job {
    scenarios: BTreeMap<String, Scenario>,
    /// The names that were asked for; `None` for every scenario of the version.
    wanted: Option<Vec<String>>,
    /// Whether the flags are asked for too.
    with_flags: bool,
    service: Service,
}

impl Job {
    /// Plays the scenarios with these names, or all that a version is recorded in.
    pub(crate) fn new(wanted: Option<Vec<String>>, service: Service) -> Result<Self> {
        let scenarios = Scenario::all()?;
        let known = |name: &&String| !scenarios.contains_key(*name);
        if let Some(name) = wanted.iter().flatten().find(known) {
            bail!("there is no scenario {name}");
        }
        Ok(Self {
            scenarios,
            wanted,
            with_flags: true,
            service,
        })
    }
}

/// Records, or checks the recordings.
///
/// # Errors
/// When a version cannot be installed or run, when a secret would be written, and in a check when
/// anything differs.
pub fn run(options: &Options) -> Result<()> {
    let manifest = Manifest::read()?;
    let versions = manifest.select(&options.versions)?;
    let mut job = Job::new(wanted(options, &manifest), service(options)?)?;
    // A maintainer who names scenarios wants an answer about them soon.
    job.with_flags = options.scenarios.is_empty();
    let mode = if options.check {
        Mode::Check
    } else {
        Mode::Write
    };
    let mut keeper =
        Keeper::new(&fixtures::recording::recorded_folder(), mode).telling(|text| crate::say(text));
    let played = machine::runtime()?.block_on(record(&manifest, &versions, &job, &mut keeper))?;
    crate::say(judge(played, keeper.differences().len(), mode)?);
    Ok(())
}

/// Records each version that can be run here, and returns how many scenarios were played.
async fn record(
    manifest: &Manifest,
    versions: &[&Version],
    job: &Job,
    keeper: &mut Keeper,
) -> Result<usize> {
    let mut played = 0;
    for version in versions {
        match installed_cli::install(version).await? {
            Installation::Unavailable(reason) => {
                crate::say(format!("{}: skipped: {reason}", version.number));
            }
            Installation::Ready(cli) => {
                let core = match version.scenarios {
                    Selection::All => None,
                    Selection::Core => Some(manifest.core.as_slice()),
                };
                played += record_version(&cli, core, job, keeper)
                    .await
                    .with_context(|| version.number.clone())?;
            }
        }
    }
    Ok(played)
}

fn wanted(options: &Options, manifest: &Manifest) -> Option<Vec<String>> {
    if options.core {
        return Some(manifest.core.clone());
    }
    (!options.scenarios.is_empty()).then(|| options.scenarios.clone())
}

/// Says who plays the service; a live one gets nothing of this environment but its variables.
fn service(options: &Options) -> Result<Service> {
    if !options.live {
        return Ok(Service::StandIn);
    }
    let environment = machine::environment();
    let variables: BTreeMap<String, String> = ["AMP_API_KEY", "AMP_URL", "HTTPS_PROXY"]
        .into_iter()
        .filter_map(|name| {
            let value = environment.get(std::ffi::OsStr::new(name))?;
            Some((name.to_owned(), value.to_str()?.to_owned()))
        })
        .collect();
    if variables.get("AMP_API_KEY").is_none_or(String::is_empty) {
        bail!("a live recording needs a key in AMP_API_KEY");
    }
    Ok(Service::Live(variables))
}
