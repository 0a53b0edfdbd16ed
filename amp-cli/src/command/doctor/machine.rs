//! The machine: platform, process containment, clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amp_bootstrap::{CliVersion, HostFacts, KNOWN_VERSIONS, Platform};
use amp_session::Amp;
use amp_session::process::{ContainmentKind, ProcessSpec};

use super::check::Check;
use crate::exit_code::ExitCode;

pub(super) fn platform() -> Check {
    let facts = HostFacts::observe();
    let machine = format!("{} on {}", facts.system, facts.architecture);
    match Platform::detect() {
        Ok(platform) => Check::green("platform", format!("{machine}; Amp's build is {platform}")),
        Err(error) => Check::red("platform", error.to_string(), ExitCode::NoUsableAmp)
            .fix("export AMP_CLI_PATH=…  # an Amp that runs here"),
    }
}

/// Tells how well the agent's process tree is kept together.
pub(super) async fn containment(amp: Option<&Amp>) -> Check {
    const NAME: &str = "containment";
    let program = amp.map_or("true".as_ref(), Amp::executable);
    let found = ProcessSpec::new(program).probe_containment().await;
    let best = found
        .iter()
        .filter(|status| status.unavailable.is_none())
        .map(|one| one.kind)
        .max();
    let missing: Vec<String> = found
        .iter()
        .filter_map(|status| {
            let reason = status.unavailable.as_deref()?;
            Some(format!("no {}: {reason}", status.kind))
        })
        .collect();
    let also = if missing.is_empty() {
        String::new()
    } else {
        format!(" ({})", missing.join("; "))
    };
    match best {
        Some(ContainmentKind::Group) => Check::yellow(
            NAME,
            format!("process group only: a daemon that a tool starts may outlive the run{also}"),
        ),
        Some(kind) => Check::green(
            NAME,
            format!("{kind}: nothing a tool starts outlives the run{also}"),
        ),
        None => Check::red(NAME, format!("none works{also}"), ExitCode::Failed),
    }
}

/// Compares the clock with moments that have certainly passed.
///
/// A clock that is behind makes certificates look as if they were not valid yet.
pub(super) fn clock(amp: Option<&Amp>) -> Check {
    let known = KNOWN_VERSIONS
        .iter()
        .filter_map(|text| text.parse::<CliVersion>().ok());
    let known = known.map(|version| version.released_unix());
    let in_use = amp.and_then(|amp| amp.version().built_at());
    let passed = UNIX_EPOCH + Duration::from_secs(known.chain(in_use).max().unwrap_or(0));
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    if SystemTime::now() < passed {
        return Check::red(
            "clock",
            format!("it says {now}, before the Amp in use was built; connections will fail"),
            ExitCode::Failed,
        )
        .fix("timedatectl set-ntp true");
    }
    Check::green("clock", now.to_string())
}
