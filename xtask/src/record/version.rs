//! Everything that is kept of one CLI version: its recordings, their shapes, its flags.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use fixtures::recording::{self, Recording};
use fixtures::scenario::Generation;
use futures::StreamExt;

use super::Job;
use super::coverage::{Coverage, is_settled};
use super::keeper::{Keeper, Mode};
use super::play::{Played, Service, is_live, play};
use crate::fingerprint::Fingerprint;
use crate::installed_cli::InstalledCli;
use crate::{flag_table, machine};

/// The file with the shapes of a version's lines.
const SCHEMA: &str = "schema.txt";
/// The file with the flags of a version.
const FLAGS: &str = "flags.txt";

/// Records a version, and returns how many scenarios were played; `core` limits them to some,
/// unless all are recorded.
pub(crate) async fn record_version(
    cli: &InstalledCli,
    core: Option<&[String]>,
    job: &Job,
    keeper: &mut Keeper,
) -> Result<usize> {
    let all = scenarios_of(cli, core, job)?;
    let names: Vec<&str> = match &job.wanted {
        None => all.iter().copied().collect(),
        Some(wanted) => wanted
            .iter()
            .map(String::as_str)
            .filter(|name| all.contains(name))
            .collect(),
    };
    let is_open = |name: &&str| !is_settled(&cli.version, name, &job.scenarios);
    let names = names.into_iter().filter(is_open);
    let mut playing = futures::stream::iter(names)
        .map(|name| async move { (name, play(name, &job.scenarios, cli, &job.service).await) })
        .buffer_unordered(machine::parallelism());
    let mut played = Vec::new();
    let mut failures = Vec::new();
    while let Some((name, result)) = playing.next().await {
        crate::note(format!("{}: {name}", cli.version));
        match confirmed(cli, name, result, job, keeper).await {
            Ok(recording) => {
                for (file, bytes) in files(cli, name, &recording, job) {
                    keeper.keep(&file, bytes)?;
                }
                played.push((name, recording));
            }
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    if !failures.is_empty() {
        bail!("not recorded:\n  {}", failures.join("\n  "));
    }
    if keeper.mode() == Mode::Check {
        let compared: Vec<&str> = played.iter().map(|(name, _)| *name).collect();
        let coverage = Coverage::of(&recordings_of(&cli.version), &compared, &job.scenarios);
        crate::note(format!("{}: {coverage}", cli.version));
    }
    if job.wanted.is_none() {
        remove_others(cli, &all, keeper)?;
    }
    let schema = schema(cli, &played, keeper.mode())?;
    keeper.keep(&format!("{}/{SCHEMA}", cli.version), schema.as_bytes())?;
    if job.with_flags {
        let flags = flag_table::probe(cli).await?;
        keeper.keep(&format!("{}/{FLAGS}", cli.version), flags.as_bytes())?;
    }
    Ok(played.len())
}

/// Returns a recording as it was played, or in a check, where it differs from what is on file, as
/// it is played a second time: a machine under load is no change of the CLI.
async fn confirmed(
    cli: &InstalledCli,
    name: &str,
    first: Result<Played>,
    job: &Job,
    keeper: &Keeper,
) -> Result<Played> {
    let played = first?;
    if keeper.mode() == Mode::Check {
        for (file, bytes) in files(cli, name, &played, job) {
            if !keeper.agrees(&file, bytes)? {
                return play(name, &job.scenarios, cli, &job.service).await;
            }
        }
    }
    Ok(played)
}

/// Returns the files of one recording, by name.
fn files<'played>(
    cli: &InstalledCli,
    name: &str,
    played: &'played Played,
    job: &Job,
) -> [(String, &'played [u8]); 3] {
    let folder = match job.service {
        Service::StandIn => format!("{}/{name}", cli.version),
        Service::Live(_) => format!("{}/live-{name}", cli.version),
    };
    [
        (Recording::STDOUT, played.stdout.as_slice()),
        (Recording::STDERR, &played.stderr),
        (Recording::META, played.meta.as_bytes()),
    ]
    .map(|(file, bytes)| (format!("{folder}/{file}"), bytes))
}

/// Returns the names of the scenarios that this version is recorded in.
fn scenarios_of<'job>(
    cli: &InstalledCli,
    core: Option<&[String]>,
    job: &'job Job,
) -> Result<BTreeSet<&'job str>> {
    let generation = Generation::of_version(&cli.version)
        .with_context(|| format!("{} has no build time", cli.version))?;
    Ok(job
        .scenarios
        .iter()
        .filter(|(_, scenario)| scenario.is_for(generation))
        .map(|(name, _)| name.as_str())
        .filter(|name| core.is_none_or(|core| core.iter().any(|wanted| wanted == name)))
        .collect())
}

/// Removes recordings that no scenario makes; live ones are made on request alone.
fn remove_others(cli: &InstalledCli, all: &BTreeSet<&str>, keeper: &mut Keeper) -> Result<()> {
    for recording in recordings_of(&cli.version) {
        if !all.contains(recording.scenario.as_str()) && !is_live(&recording.folder) {
            keeper.remove_folder(&format!("{}/{}", cli.version, recording.scenario))?;
        }
    }
    Ok(())
}

/// Returns the shapes of all lines of a version: those just seen, and for the scenarios that were
/// not played those on file.
fn schema(cli: &InstalledCli, played: &[(&str, Played)], mode: Mode) -> Result<String> {
    let mut fingerprint = Fingerprint::default();
    let seen: BTreeSet<&str> = match mode {
        // What was played is on file by now.
        Mode::Write => BTreeSet::new(),
        Mode::Check => played.iter().map(|(name, _)| *name).collect(),
    };
    for recording in recordings_of(&cli.version) {
        if !seen.contains(recording.scenario.as_str()) {
            fingerprint.add(&recording.stdout()?);
        }
    }
    if mode == Mode::Check {
        for (_, played) in played {
            fingerprint.add(&played.stdout);
        }
    }
    Ok(fingerprint.render(&cli.version))
}

fn recordings_of(version: &str) -> Vec<Recording> {
    recording::recordings()
        .into_iter()
        .filter(|recording| recording.version == version)
        .collect()
}
