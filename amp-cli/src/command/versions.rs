//! `ampctl versions`, `uninstall` and `gc`: what is in the store.

use std::io::Write;
use std::time::SystemTime;

use amp_bootstrap::{
    self as bootstrap, Available, CliVersion, CollectOptions, Entry, EntryState, ErrorKind,
    Platform, RemovedEntry, Silent, Store, VersionSpec, available,
};
use serde::Serialize;

use crate::arguments::{GcArguments, GlobalArguments, UninstallArguments, VersionsArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::{AmpChoice, Settings};
use crate::text::{bytes, days_old};
use crate::{amp_in_use, json, runtime};

/// Runs `ampctl versions`.
pub(super) fn list(
    arguments: &VersionsArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let settings = Settings::of(global, context)?;
    let store = amp_in_use::store(context)?;
    if arguments.available {
        return list_available(&store, &settings, global, context);
    }
    let entries = if arguments.verify {
        store.verify()?
    } else {
        store.list()?
    };
    let sound = entries.iter().all(|entry| {
        !matches!(
            entry.state,
            EntryState::Changed(_) | EntryState::Untrusted(_)
        )
    });
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            store: &'a std::path::Path,
            versions: &'a [Entry],
        }
        let document = Document {
            store: store.root(),
            versions: &entries,
        };
        json::write(&document, &mut context.stdout)?;
    } else {
        write_list(&entries, &store, &settings, global, context)?;
    }
    Ok(if sound {
        ExitCode::Done
    } else {
        ExitCode::NoUsableAmp
    })
}

/// Lists what the sources announce, and what of that is installed.
fn list_available(
    store: &Store,
    settings: &Settings,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let request = super::install::request(settings, false, Platform::detect()?, context)?;
    let environment = context.environment.clone();
    let asked = store.clone();
    let ask = move || available(&asked, &request, &environment, &Silent);
    let announced = runtime::interruptible(&context.signals, async {
        Ok(runtime::on_a_thread(ask).await?)
    })??;
    let installed: Vec<CliVersion> = store
        .list()?
        .into_iter()
        .filter(|entry| !matches!(entry.state, EntryState::Unfinished))
        .map(|entry| entry.version)
        .collect();
    if global.json {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(flatten)]
            available: &'a Available,
            is_installed: bool,
        }
        #[derive(Serialize)]
        struct Document<'a> {
            available: Vec<Line<'a>>,
        }
        let lines = announced.iter().map(|available| Line {
            is_installed: installed.contains(&available.version),
            available,
        });
        let document = Document {
            available: lines.collect(),
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let style = settings.color.style(context, &context.stdout);
    for one in &announced {
        let mark = match installed.contains(&one.version) {
            true => style.success("✓"),
            false => style.dim("·"),
        };
        let latest = match one.is_latest {
            true => "  latest",
            false => "",
        };
        let date = one.version.release_date();
        let age = days_old(one.version.age(SystemTime::now()));
        let origin = format!("  {age}  {}", one.source);
        writeln!(
            context.stdout,
            "{mark} {}  {date}{}{latest}",
            style.strong(&one.version),
            style.dim(origin),
        )?;
    }
    Ok(ExitCode::Done)
}

fn write_list(
    entries: &[Entry],
    store: &Store,
    settings: &Settings,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let style = settings.color.style(context, &context.stdout);
    if entries.is_empty() && !global.quiet {
        writeln!(
            context.stderr,
            "nothing is installed in {}; `ampctl install` installs the newest version",
            store.root().display()
        )?;
    }
    for entry in entries {
        let (mark, note) = match &entry.state {
            EntryState::Sound => (style.success("✓"), String::new()),
            EntryState::Unfinished => (style.warning("!"), "  never finished".to_owned()),
            EntryState::Unverified(reason) => (
                style.warning("!"),
                format!("  {reason}; it is hashed before it runs"),
            ),
            EntryState::Changed(reason) | EntryState::Untrusted(reason) => {
                (style.error("✗"), format!("  {reason}"))
            }
            _ => (style.dim("·"), String::new()),
        };
        let origin = entry.receipt.as_ref().map_or(String::new(), |receipt| {
            format!("  {}  from {}", bytes(receipt.size), receipt.source)
        });
        let date = entry.version.release_date();
        writeln!(
            context.stdout,
            "{mark} {}  {date}{}{note}",
            style.strong(&entry.version),
            style.dim(origin)
        )?;
    }
    Ok(())
}

/// Runs `ampctl uninstall`.
pub(super) fn uninstall(
    arguments: &UninstallArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let store = amp_in_use::store(context)?;
    let versions: Vec<CliVersion> = if arguments.all {
        let mut versions: Vec<_> = store
            .list()?
            .into_iter()
            .map(|entry| entry.version)
            .collect();
        versions.dedup();
        versions
    } else {
        arguments
            .versions
            .iter()
            .map(|text| version_of(text))
            .collect::<Result<_, _>>()?
    };
    let mut removed = Vec::new();
    for version in &versions {
        removed.extend(
            store
                .uninstall(version)
                .map_err(|error| not_uninstalled(version, error))?,
        );
    }
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            removed: &'a [RemovedEntry],
        }
        json::write(&Document { removed: &removed }, &mut context.stdout)?;
    } else if !global.quiet {
        write_removed(&removed, "removed", context)?;
    }
    Ok(ExitCode::Done)
}

fn version_of(text: &str) -> Result<CliVersion, Failure> {
    text.parse().map_err(|error: bootstrap::Error| {
        Failure::new(ExitCode::Usage, format!("`{text}` is no version of Amp"))
            .caused_by(&error)
            .next("ampctl versions", "lists what is installed")
    })
}

fn not_uninstalled(version: &CliVersion, error: bootstrap::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotInstalled => Failure::new(
            ExitCode::NoUsableAmp,
            format!("Amp {version} is not installed"),
        )
        .next("ampctl versions", "lists what is installed"),
        _ => error.into(),
    }
}

/// Runs `ampctl gc`.
pub(super) fn collect(
    arguments: &GcArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let settings = Settings::of(global, context)?;
    let store = amp_in_use::store(context)?;
    let mut options = CollectOptions::default();
    if let AmpChoice::Version {
        version: VersionSpec::Exact(version),
        ..
    } = settings.amp
    {
        options.keep_versions.push(version);
    }
    options.keep = arguments.keep;
    options.only_report = arguments.dry_run;
    let collected = store.collect(&options)?;
    if global.json {
        json::write(&collected, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    if !global.quiet {
        let verb = if arguments.dry_run {
            "would remove"
        } else {
            "removed"
        };
        write_removed(&collected.removed, verb, context)?;
        for kept in &collected.kept {
            writeln!(context.stdout, "kept {} ({})", kept.version, kept.reason)?;
        }
        for leftover in &collected.leftovers {
            writeln!(context.stdout, "{verb} {}", leftover.display())?;
        }
        let verb = if arguments.dry_run {
            "would free"
        } else {
            "freed"
        };
        writeln!(context.stdout, "{verb} {}", bytes(collected.freed_bytes))?;
    }
    Ok(ExitCode::Done)
}

fn write_removed(
    removed: &[RemovedEntry],
    verb: &str,
    context: &mut Context,
) -> std::io::Result<()> {
    for entry in removed {
        writeln!(
            context.stdout,
            "{verb} {} for {} ({})",
            entry.version,
            entry.platform,
            bytes(entry.bytes)
        )?;
    }
    Ok(())
}
