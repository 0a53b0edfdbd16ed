//! `ampctl sandbox explain`: what is allowed, and by which layer it is kept.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use amp_session::process::ProcessSpec;
use amp_session::process::sandbox::{Access, LayerStatus, Network, Policy, Variables};
use serde::Serialize;

use super::{exec, prepare};
use crate::arguments::{GlobalArguments, SandboxSubject};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::{json, runtime};

/// What can be done about the key, and what cannot, as Amp has to have it: measured with builds of
/// May and September 2026.
const KEY: &str = "Commands do not see the key that is given as AMP_API_KEY, nor then the stored \
                   ones; Amp's own tools, MCP servers and plugins may: give unattended runs a key \
                   of their own.";

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document<'a> {
    /// Whether a run with these options would be started here.
    enforced: bool,
    layers: Vec<LayerDocument>,
    files: Vec<FileDocument<'a>>,
    hosts: Option<Vec<String>>,
    variables: Option<Vec<String>>,
    /// What each process may use; of processes, what all of them may.
    limits: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct LayerDocument {
    layer: &'static str,
    by: &'static str,
    /// Why it is missing.
    missing: Option<String>,
    required: bool,
}

#[derive(Serialize)]
struct FileDocument<'a> {
    path: &'a Path,
    access: &'static str,
}

pub(super) fn run(
    subject: &SandboxSubject,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let prepared = prepare(subject, global, context)?;
    let policy = prepared.sandbox.policy().clone();
    let best_effort = prepared.sandbox.is_best_effort();
    let spec = ProcessSpec::new("true")
        .with_environment(context.environment.clone())
        .with_working_directory(&prepared.directory)
        .with_sandbox(prepared.sandbox);
    let layers = runtime::block_on(spec.probe_sandbox())?.map_err(|error| exec::failure(&error))?;
    let missing = layers.iter().filter(|layer| layer.is_missing()).count();
    let enforced = missing == 0;
    if global.json {
        json::write(&document(&policy, &layers, enforced), &mut context.stdout)?;
    } else {
        write_layers(&layers, &mut context.stdout)?;
        write_policy(&policy, &mut context.stdout)?;
    }
    if enforced || best_effort {
        return Ok(ExitCode::Done);
    }
    Err(Failure::new(
        ExitCode::Refused,
        "a run with --sandbox would be refused on this machine",
    )
    .hint("--sandbox=best-effort runs with what there is")
    // With `--json` the object that was written says so.
    .in_json(false))
}

fn document<'a>(policy: &'a Policy, layers: &[LayerStatus], enforced: bool) -> Document<'a> {
    Document {
        enforced,
        layers: layers
            .iter()
            .map(|status| LayerDocument {
                layer: status.layer.as_str(),
                by: status.by,
                missing: status.absence.as_ref().map(ToString::to_string),
                required: status.required,
            })
            .collect(),
        files: policy
            .files()
            .map(|(path, access)| FileDocument {
                path,
                access: in_words(access),
            })
            .collect(),
        hosts: hosts(policy),
        variables: variables(policy),
        limits: limits(policy),
    }
}

fn in_words(access: Access) -> &'static str {
    match access {
        Access::Hidden => "hidden",
        Access::Readable => "read",
        Access::Writable => "write",
        Access::Private => "private",
        _ => "other",
    }
}

fn hosts(policy: &Policy) -> Option<Vec<String>> {
    match policy.network() {
        Network::Hosts { rules, .. } => Some(rules.iter().map(ToString::to_string).collect()),
        _ => None,
    }
}

fn variables(policy: &Policy) -> Option<Vec<String>> {
    match policy.variables() {
        Variables::Named(names) => {
            let names = names.iter().map(|name| name.to_string_lossy().into_owned());
            Some(names.collect())
        }
        _ => None,
    }
}

/// Returns the limits by the names that `--limit` has for them; times are in seconds.
fn limits(policy: &Policy) -> BTreeMap<&'static str, u64> {
    let limits = policy.limits();
    let named = [
        ("processes", limits.processes),
        ("memory", limits.memory_bytes),
        ("file-size", limits.file_bytes),
        ("open-files", limits.open_files),
        ("cpu", limits.cpu_seconds),
    ];
    let set = named.into_iter();
    set.filter_map(|(name, limit)| Some((name, limit?)))
        .collect()
}

fn write_layers(layers: &[LayerStatus], to: &mut impl Write) -> std::io::Result<()> {
    writeln!(to, "Protection")?;
    for status in layers {
        let (layer, by) = (status.layer.as_str(), status.by);
        match &status.absence {
            None => writeln!(to, "  {layer:<16} {by}")?,
            Some(absence) => writeln!(to, "  {layer:<16} missing: {absence}")?,
        }
    }
    Ok(())
}

fn write_policy(policy: &Policy, to: &mut impl Write) -> std::io::Result<()> {
    writeln!(
        to,
        "\nFiles (the longest path counts; all others are hidden)"
    )?;
    for (path, access) in policy.files() {
        writeln!(to, "  {:<8} {}", in_words(access), path.display())?;
    }
    writeln!(to, "\nServices")?;
    for host in hosts(policy).unwrap_or_default() {
        writeln!(to, "  {host}")?;
    }
    writeln!(to, "\nVariables")?;
    writeln!(to, "  {}", variables(policy).unwrap_or_default().join(" "))?;
    writeln!(to, "\n{KEY}")?;
    let limits = limits(policy);
    if !limits.is_empty() {
        writeln!(to, "\nLimits")?;
    }
    for (name, limit) in limits {
        writeln!(to, "  {name:<12} {limit}")?;
    }
    Ok(())
}
