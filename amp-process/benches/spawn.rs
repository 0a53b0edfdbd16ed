//! The cost of a spawn, and whether it depends on how much memory the host uses.
//!
//! Rounds with little and with much memory alternate, so that both see the same machine, and the
//! quietest round of each counts. What says something is the ratio of their medians; it should stay
//! at or below 1.3.

use std::io::Write;
use std::time::{Duration, Instant};

use amp_process::{Containment, ContainmentKind, ProcessSpec};

/// How much memory the heavy rounds hold.
const BALLAST_BYTES: usize = 1 << 30;
const ROUNDS: usize = 6;
const SPAWNS: usize = 50;
/// The highest ratio of the medians that is good enough.
const BAR: f64 = 1.3;

fn main() {
    amp_process::run_shim_if_requested();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let kinds = [
        ContainmentKind::Group,
        ContainmentKind::Shim,
        ContainmentKind::Namespace,
    ];
    for kind in kinds {
        let spec = ProcessSpec::new("/bin/true").with_containment(Containment::Require(kind));
        let light_and_heavy = runtime.block_on(measure(&spec));
        say(&match light_and_heavy {
            Err(error) => format!("{kind}: not here: {error}"),
            Ok((light, heavy)) => {
                let ratio = heavy.as_secs_f64() / light.as_secs_f64();
                let verdict = if ratio <= BAR { "within" } else { "ABOVE" };
                format!(
                    "{kind}: p50 {light:.1?} with little memory, {heavy:.1?} with 1 GiB: \
                     ratio {ratio:.2}, {verdict} the bar of {BAR}"
                )
            }
        });
    }
}

/// Returns the medians without and with ballast.
async fn measure(spec: &ProcessSpec) -> Result<(Duration, Duration), amp_process::Error> {
    let (mut light, mut heavy) = (Duration::MAX, Duration::MAX);
    round(spec).await?;
    for _ in 0..ROUNDS {
        light = light.min(round(spec).await?);
        // Written to, so that it is resident.
        let ballast = std::hint::black_box(vec![1_u8; BALLAST_BYTES]);
        heavy = heavy.min(round(spec).await?);
        drop(ballast);
    }
    Ok((light, heavy))
}

/// Returns the median time of a spawn alone; every program is gone before the next one starts.
async fn round(spec: &ProcessSpec) -> Result<Duration, amp_process::Error> {
    let mut times = Vec::with_capacity(SPAWNS);
    for _ in 0..SPAWNS {
        let started = Instant::now();
        let mut process = spec.spawn().await?;
        times.push(started.elapsed());
        process.finish().await;
    }
    times.sort_unstable();
    Ok(times[SPAWNS / 2])
}

fn say(line: &str) {
    // Nobody who reads is nobody to complain to.
    let _ = writeln!(std::io::stdout(), "{line}");
}
