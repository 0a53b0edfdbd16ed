//! The cost of a spawn, and whether it depends on how much memory the host uses.
//!
//! Rounds with little and with much memory alternate, so that both see the same machine, and the
//! quietest round of each counts. All of them stay on one processor: on two, a spawn takes as long or
//! twice as long as the kernel pleases, for rounds at a time. What says something is the ratio of the
//! medians; it should stay at or below 1.3.

use std::io::Write;
use std::time::{Duration, Instant};

use amp_process::{Containment, ContainmentKind, ProcessSpec};
use fixtures::benchmark::{Bar, Row};

/// How much memory the heavy rounds hold.
const BALLAST_BYTES: usize = 1 << 30;
const ROUNDS: usize = 6;
const SPAWNS: usize = 50;
/// The highest ratio of the medians that is good enough.
const BAR: f64 = 1.3;

fn main() {
    amp_process::run_shim_if_requested();
    stay_on_one_processor();
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
        let said = match runtime.block_on(measure(&spec)) {
            Err(error) => writeln!(std::io::stderr(), "{kind}: not here: {error}"),
            Ok((light, heavy)) => {
                let name = format!("spawn by {kind}, with 1 GiB resident");
                let milliseconds = |time: Duration| [time.as_secs_f64() * 1e3];
                let (light, heavy) = (milliseconds(light), milliseconds(heavy));
                let row = Row::of(&name, "ms", &heavy, "with little memory", &light);
                row.with_bar(Bar::RatioAtMost(BAR)).print()
            }
        };
        // Without a reader of the rows there is none of an error either.
        drop(said);
    }
}

/// Keeps this process, and all that it starts, on the processor that it is on.
fn stay_on_one_processor() {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
        let mut only = CpuSet::new();
        only.set(sched_getcpu());
        sched_setaffinity(None, &only).expect("a processor of its own");
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
