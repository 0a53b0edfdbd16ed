//! What a sandbox adds to the time from the start of a program to its end.
//!
//! Rounds of each kind alternate, so that all see the same machine, and the quietest round of each
//! counts. What says something is the difference of the medians in one run; a sandbox should add
//! at most 8 ms.

use std::io::Write;
use std::time::{Duration, Instant};

use amp_process::sandbox::{Network, Policy, Sandbox};
use amp_process::{Containment, ContainmentKind, ProcessSpec};

const ROUNDS: usize = 6;
const RUNS: usize = 25;
/// The most that a sandbox may add.
const BAR: Duration = Duration::from_millis(8);

fn main() {
    amp_process::run_shim_if_requested();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let kinds = [
        ("no sandbox", plain(ContainmentKind::Group)),
        ("namespace alone", plain(ContainmentKind::Namespace)),
        ("sandbox", sandboxed(false)),
        ("sandbox, transparent", sandboxed(true)),
    ];
    match runtime.block_on(measure(&kinds)) {
        Err(error) => say(&format!("not here: {error}")),
        Ok(medians) => {
            for ((name, _), median) in kinds.iter().zip(&medians) {
                let added = median.saturating_sub(medians[0]);
                let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
                let verdict = if added <= BAR { "within" } else { "ABOVE" };
                say(&format!(
                    "{name}: p50 {median:.1?}, ratio {ratio:.1}, {added:.1?} more, \
                     {verdict} the bar of {BAR:?}"
                ));
            }
        }
    }
}

fn plain(kind: ContainmentKind) -> ProcessSpec {
    ProcessSpec::new("/bin/true")
        .with_working_directory("/usr")
        .with_containment(Containment::Require(kind))
}

fn sandboxed(transparent: bool) -> ProcessSpec {
    let rule = "example.com".parse().expect("a rule");
    let policy = Policy::new().with_network(Network::Hosts {
        rules: vec![rule],
        transparent,
    });
    ProcessSpec::new("/bin/true")
        .with_working_directory("/usr")
        .with_sandbox(Sandbox::new(policy))
}

/// Returns the median of each kind in its quietest round.
async fn measure(kinds: &[(&str, ProcessSpec)]) -> Result<Vec<Duration>, amp_process::Error> {
    let mut medians = vec![Duration::MAX; kinds.len()];
    for (_, spec) in kinds {
        // The first one finds out what works here.
        round(spec).await?;
    }
    for _ in 0..ROUNDS {
        for ((_, spec), median) in kinds.iter().zip(&mut medians) {
            *median = (*median).min(round(spec).await?);
        }
    }
    Ok(medians)
}

async fn round(spec: &ProcessSpec) -> Result<Duration, amp_process::Error> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut process = spec.spawn().await?;
        while process.next_line().await?.is_some() {}
        times.push(started.elapsed());
        process.finish().await;
    }
    times.sort_unstable();
    Ok(times[RUNS / 2])
}

fn say(line: &str) {
    // Nobody who reads is nobody to complain to.
    let _ = writeln!(std::io::stdout(), "{line}");
}
