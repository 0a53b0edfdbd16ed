//! `cargo xtask drift`: does the newest published CLI still do what the newest recorded one did?
//!
//! Exit code 0 says yes, 1 that something changed, 2 that the publisher could not be asked, 3 that
//! the check itself failed: the CLI could not be installed or run, or the recordings not be read.

use std::process::ExitCode;

use amp_bootstrap::{Source, VersionSpec};
use anyhow::{Context, Result, ensure};

use crate::installed_cli::{self, InstalledCli};
use crate::machine;
use crate::record::keeper::{Keeper, Mode};
use crate::record::play::Service;
use crate::record::{Job, record_version};
use crate::versions::{Manifest, build_time};

/// What was published, against what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// Nothing newer than the newest recorded version is published.
    NothingNewer,
    /// A newer version does what the recorded one did.
    None,
    /// A newer version does something else: one rendered difference a file.
    Found(Vec<String>),
}

/// Compares, prints what was found, and says it as an exit code.
#[must_use]
pub fn run() -> ExitCode {
    match machine::runtime().and_then(|runtime| runtime.block_on(compare_newest())) {
        Ok(Drift::NothingNewer | Drift::None) => ExitCode::SUCCESS,
        Ok(Drift::Found(differences)) => {
            crate::say(format!(
                "{} files would change; add the version to fixtures/versions.toml and record it",
                differences.len()
            ));
            ExitCode::from(1)
        }
        Err(error) => {
            crate::note(format!("could not check: {error:#}"));
            ExitCode::from(code_of(&error))
        }
    }
}

/// Returns 2 for a failure of the network, which may be gone tomorrow, and 3 for every other one.
#[must_use]
pub fn code_of(error: &anyhow::Error) -> u8 {
    let of_install = |cause: &(dyn std::error::Error + 'static)| {
        let error = cause.downcast_ref::<amp_bootstrap::Error>();
        error.is_some_and(|error| error.kind().is_network())
    };
    match error.chain().any(of_install) {
        true => 2,
        false => 3,
    }
}

async fn compare_newest() -> Result<Drift> {
    let recorded = fixtures::NEWEST_VERSION;
    // The publisher's own place first: npm may be behind it.
    let published =
        installed_cli::install_native(VersionSpec::Latest, &[Source::Bucket, Source::Npm]).await?;
    crate::say(format!(
        "published {}, recorded {recorded}",
        published.version
    ));
    if build_time(&published.version)? <= build_time(recorded)? {
        return Ok(Drift::NothingNewer);
    }
    compare(published, recorded, |text| crate::say(text)).await
}

/// Plays the core scenarios with a CLI and compares it with the recordings of another version;
/// `tell` hears of each difference as it is found.
///
/// # Errors
/// When the CLI cannot be run or the recordings cannot be read.
pub async fn compare(mut cli: InstalledCli, recorded: &str, tell: fn(&str)) -> Result<Drift> {
    let manifest = Manifest::read()?;
    let job = Job::new(Some(manifest.core), Service::StandIn)?;
    let folder = fixtures::recording::recorded_folder();
    let mut keeper = Keeper::new(&folder, Mode::Check).telling(tell);
    // Under the recorded version's name everything that stayed the same is the same.
    recorded.clone_into(&mut cli.version);
    let played = record_version(&cli, None, &job, &mut keeper)
        .await
        .context("cannot play the scenarios")?;
    ensure!(
        played > 0,
        "no scenario was played, so nothing was compared"
    );
    Ok(match keeper.differences() {
        [] => Drift::None,
        differences => Drift::Found(differences.to_vec()),
    })
}
