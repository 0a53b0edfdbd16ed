//! One scenario played by one CLI version, redacted into the three files of a recording.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, bail};
use fixtures::backend::{Backend, Options};
use fixtures::recording::{Meta, Source};
use fixtures::redact::{self, Redactor};
use fixtures::run::Run;
use fixtures::scenario::{Place, Scenario};

use super::capture::{Capture, capture};
use super::secrets::Secrets;
use crate::installed_cli::InstalledCli;

/// A recording that is not on file yet.
#[derive(Debug)]
pub struct Played {
    /// Standard output, redacted.
    pub stdout: Vec<u8>,
    /// Standard error, redacted.
    pub stderr: Vec<u8>,
    /// How the run was started and how it ended, as TOML.
    pub meta: String,
}

/// Who plays the service.
#[derive(Debug, Clone)]
pub enum Service {
    /// The stand-in.
    StandIn,
    /// The service that these variables name: `AMP_API_KEY`, and `AMP_URL` unless it is the
    /// CLI's default.
    Live(BTreeMap<String, String>),
}

/// Plays a scenario, and before it those that it comes after.
///
/// # Errors
/// When it cannot be played, when the CLI asked for something that the stand-in does not know, or
/// when a secret would be left in what is kept.
pub async fn play(
    name: &str,
    scenarios: &BTreeMap<String, Scenario>,
    cli: &InstalledCli,
    service: &Service,
) -> Result<Played> {
    let chain = chain(name, scenarios)?;
    let folder = tempfile::tempdir()?;
    let mut place = Place::create(folder.path(), "", fixtures::mcp_server())?;
    let mut options = Options::for_workspace(&place.workspace);
    options.health = chain
        .last()
        .map(|(_, scenario)| scenario.service)
        .unwrap_or_default();
    let backend = Backend::start(options).await?;
    place.url = backend.url();

    let mut played = None;
    for (number, (name, scenario)) in chain.into_iter().enumerate() {
        if scenario.fresh_home {
            let other = folder.path().join(format!("home-{number}"));
            let thread = place.thread.take();
            place = Place::create(&other, &place.url, fixtures::mcp_server())?.with_thread(thread);
        }
        let mut run = scenario.plan(&place)?;
        if let Service::Live(variables) = service {
            go_live(&mut run, variables);
        }
        let capture = capture(spec(&run, &place, cli), &run)
            .await
            .with_context(|| format!("cannot play {name}"))?;
        place.thread = thread(&capture.stdout).or(place.thread);
        played = Some((name, scenario, run, capture));
    }
    let (name, scenario, run, capture) = played.context("an empty chain")?;
    // What the stand-in made up an answer to may have changed what is recorded.
    let unknown = backend.unknown_calls();
    if !unknown.is_empty() {
        let unknown: Vec<String> = unknown.into_iter().collect();
        bail!("{name}: the stand-in does not know {}", unknown.join(", "));
    }
    let source = match service {
        Service::StandIn => Source::StandIn,
        Service::Live(_) => Source::Live,
    };
    keep(name, scenario, &place, cli, source, run, &capture)
}

/// Returns a scenario and those that it comes after, in the order of play.
fn chain<'all>(
    name: &'all str,
    scenarios: &'all BTreeMap<String, Scenario>,
) -> Result<Vec<(&'all str, &'all Scenario)>> {
    let mut chain = Vec::new();
    let mut next = Some(name);
    while let Some(name) = next {
        if chain.len() > scenarios.len() {
            bail!("scenario {name} comes after itself");
        }
        let scenario = scenarios
            .get(name)
            .with_context(|| format!("there is no scenario {name}"))?;
        chain.push((name, scenario));
        next = scenario.after.as_deref();
    }
    chain.reverse();
    Ok(chain)
}

/// Puts the real service in the place of the stand-in.
fn go_live(run: &mut Run, variables: &BTreeMap<String, String>) {
    for stand_in in ["AMP_API_KEY", "AMP_URL", "HTTPS_PROXY"] {
        run.environment.remove(stand_in);
    }
    run.environment.extend(variables.clone());
}

fn spec(run: &Run, place: &Place, cli: &InstalledCli) -> amp_process::ProcessSpec {
    cli.spec(&place.home)
        .with_environment(environment(run, cli))
        .with_arguments(&run.arguments)
        .with_working_directory(&place.workspace)
}

/// Returns the environment of a run: what was planned, and where programs are found.
fn environment(run: &Run, cli: &InstalledCli) -> BTreeMap<OsString, OsString> {
    let mut environment: BTreeMap<OsString, OsString> = run
        .environment
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    environment.insert("PATH".into(), cli.search_path.clone());
    environment
}

/// Returns the thread that a run began: its id is in every line.
fn thread(stdout: &[u8]) -> Option<String> {
    let first = stdout.split(|byte| *byte == b'\n').next()?;
    let line: serde_json::Value = serde_json::from_slice(first).ok()?;
    Some(line.get("session_id")?.as_str()?.to_owned())
}

/// Redacts a run into a recording and looks for what redaction may have missed.
fn keep(
    name: &str,
    scenario: &Scenario,
    place: &Place,
    cli: &InstalledCli,
    source: Source,
    run: Run,
    capture: &Capture,
) -> Result<Played> {
    let mut secrets = Secrets::default();
    let mut redactor = place.redactor(&cli.installation);
    let key = run.environment.get("AMP_API_KEY").cloned();
    if let Some(key) = key.as_deref().filter(|_| source == Source::Live) {
        secrets.add("the key", key);
        redactor = redactor.with_literal(key, "REDACTED");
    }
    let environment_names = environment(&run, cli)
        .into_keys()
        .filter_map(|name| name.into_string().ok())
        .collect();
    // The order of redaction is that of the reader: identifiers are numbered as they come.
    let run = redact_run(run, scenario, &mut redactor);
    let stdout = redactor.bytes(&capture.stdout);
    let stderr = redactor.bytes(&capture.stderr);
    let meta = Meta {
        version: cli.version.clone(),
        scenario: name.to_owned(),
        source,
        working_directory: redact::WORKSPACE.to_owned(),
        environment_names,
        note: None,
        exit: capture.exit.clone(),
        run,
    }
    .to_toml();
    for (file, bytes) in [
        ("standard output", stdout.as_slice()),
        ("standard error", &stderr),
        ("the arguments or the input", meta.as_bytes()),
    ] {
        if let Some(found) = secrets.find(bytes) {
            bail!("{name}: nothing was written: {file} holds {found}");
        }
    }
    Ok(Played {
        stdout,
        stderr,
        meta,
    })
}

/// Redacts what was planned; of the environment only what the scenario itself sets is kept.
fn redact_run(mut run: Run, scenario: &Scenario, redactor: &mut Redactor) -> Run {
    for argument in &mut run.arguments {
        *argument = redactor.text(argument);
    }
    for step in &mut run.stdin {
        step.text = redactor.text(&step.text);
    }
    run.environment = scenario
        .run
        .environment
        .keys()
        .map(|name| {
            let value = run.environment.get(name).map(String::as_str);
            (name.clone(), redactor.text(value.unwrap_or_default()))
        })
        .collect();
    run.files = run
        .files
        .iter()
        .map(|(path, text)| (redactor.text(path), redactor.text(text)))
        .collect();
    run
}

/// Returns whether the recording in a folder was made from the real service.
#[must_use]
pub fn is_live(folder: &Path) -> bool {
    Meta::read(&folder.join(fixtures::Recording::META))
        .is_ok_and(|meta| meta.source == Source::Live)
}
