//! Runs programs by the thousand, and floods, and checks that nothing of this process grows.

use std::time::{Duration, Instant};

use amp_process::{Completeness, Containment, ContainmentKind, Deadlines, ProcessSpec};
use anyhow::{Result, bail, ensure};
use futures::StreamExt;

mod usage;

use usage::Usage;

/// What every run plays after it has left a descendant behind.
const LIFE: &str = "flood stdout 64k 100; err note; exit 0";
/// Runs before the first measurement: threads, pools and caches that are there to stay.
const WARM_UP: usize = 64;
/// How much resident memory may come and go between two measurements, in KiB.
const NOISE_KIB: u64 = 16 * 1024;
/// The longest line kept while a far longer one passes.
const MAX_LINE_BYTES: usize = 1 << 20;

/// What to run, and how often.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Runs, one after the other, and as many again in parallel
    #[arg(long, default_value_t = 1000)]
    pub runs: usize,
    /// How many of the parallel runs run at once
    #[arg(long, default_value_t = 64)]
    pub parallel: usize,
    /// Gigabytes in a single line on standard output; a tenth of that floods standard error
    #[arg(long, default_value_t = 10)]
    pub gigabytes: u64,
    /// Only this containment: namespace, shim or group
    #[arg(long)]
    pub containment: Option<String>,
}

/// Soaks every containment that works here, and fails when anything grows.
pub fn run(options: &Options) -> Result<()> {
    let runtime = crate::machine::runtime()?;
    runtime.block_on(async {
        let mut soaked = 0;
        for status in fake("exit 0").probe_containment().await {
            let wanted = options.containment.as_deref();
            if wanted.is_some_and(|wanted| wanted != status.kind.as_str()) {
                continue;
            }
            match status.unavailable {
                Some(reason) => crate::say(format!("{}: not here: {reason}", status.kind)),
                None => {
                    soak(status.kind, options).await?;
                    soaked += 1;
                }
            }
        }
        ensure!(soaked > 0, "there was nothing to soak");
        Ok(())
    })
}

async fn soak(kind: ContainmentKind, options: &Options) -> Result<()> {
    // A group cannot catch a daemon, so there it is a child that tries to stay.
    let descendant = match kind {
        ContainmentKind::Group => "child",
        _ => "daemon",
    };
    let life = fake(&format!("spawn {descendant} {{ hang }}; {LIFE}"))
        .with_containment(Containment::Require(kind));
    for _ in 0..WARM_UP {
        live(&life).await?;
    }
    at_once(&life, WARM_UP, options.parallel).await?;
    let mut before = Usage::measure()?;

    let started = Instant::now();
    for _ in 0..options.runs {
        live(&life).await?;
    }
    before = compare(kind, "one after the other", options.runs, started, &before)?;

    let started = Instant::now();
    at_once(&life, options.runs, options.parallel).await?;
    before = compare(kind, "in parallel", options.runs, started, &before)?;

    let started = Instant::now();
    let peak = pass_floods(kind, options.gigabytes).await?;
    let line = format!(
        "{kind}: {} GB in one line: at most {peak} KiB resident",
        options.gigabytes
    );
    crate::say(line);
    ensure!(
        peak <= before.resident_kib + NOISE_KIB,
        "memory grew from {} KiB to {peak} KiB",
        before.resident_kib
    );
    compare(kind, "floods", 1, started, &before)?;
    Ok(())
}

/// Runs one life to its end and checks that its descendant was caught.
async fn live(spec: &ProcessSpec) -> Result<()> {
    let mut process = spec.spawn().await?;
    let mut bytes = 0;
    while let Some(line) = process.next_line().await? {
        bytes += line.bytes().len() + 1;
    }
    let exit = process.finish().await;
    ensure!(
        exit.status().is_success(),
        "a run ended with {}",
        exit.status()
    );
    // The last line of a flood is cut where the flood ends.
    ensure!(bytes >= 64 * 1024, "only {bytes} bytes arrived");
    ensure!(exit.leaked().is_empty(), "leaked {:?}", exit.leaked());
    ensure!(
        !exit.survivors().is_empty(),
        "no process was left over: {exit:?}"
    );
    if exit.containment() != ContainmentKind::Group {
        ensure!(exit.is_proven_empty(), "no proof: {exit:?}");
    }
    Ok(())
}

async fn at_once(spec: &ProcessSpec, runs: usize, parallel: usize) -> Result<()> {
    let pending = (0..runs).map(|_| live(spec));
    let mut pending = futures::stream::iter(pending).buffer_unordered(parallel);
    while let Some(outcome) = pending.next().await {
        outcome?;
    }
    Ok(())
}

/// Lets floods pass on both streams and returns the most memory that was resident, in KiB.
async fn pass_floods(kind: ContainmentKind, gigabytes: u64) -> Result<u64> {
    let megabytes = gigabytes * 1024;
    let script = format!(
        "flood stderr {}m; flood stdout {megabytes}m; out; out end",
        megabytes / 10
    );
    let mut process = fake(&script)
        .with_containment(Containment::Require(kind))
        .with_max_line_bytes(MAX_LINE_BYTES)
        .spawn()
        .await?;
    let mut peak = 0;
    let mut lines = Vec::new();
    let mut look = tokio::time::interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            line = process.next_line() => match line? {
                Some(line) => lines.push(line),
                None => break,
            },
            _ = look.tick() => peak = peak.max(Usage::measure()?.resident_kib),
        }
    }
    process.finish().await;
    let lengths = lines.iter().map(|line| match line.completeness() {
        Completeness::Oversized { length, .. } => length,
        _ => line.bytes().len() as u64,
    });
    let expected = [megabytes << 20, 3];
    ensure!(
        lengths.eq(expected),
        "the lines are not as long as they should be"
    );
    Ok(peak)
}

/// Prints what was and what is, and fails if anything has grown.
fn compare(
    kind: ContainmentKind,
    what: &str,
    runs: usize,
    started: Instant,
    before: &Usage,
) -> Result<Usage> {
    let after = Usage::settled(before)?;
    let each = started.elapsed() / u32::try_from(runs.max(1)).unwrap_or(u32::MAX);
    crate::say(format!(
        "{kind}: {runs} runs {what}, {each:.1?} each: {before} -> {after}"
    ));
    if after.grew_from(before, NOISE_KIB) {
        bail!("{kind}, {what}: something grew");
    }
    Ok(after)
}

fn fake(script: &str) -> ProcessSpec {
    let deadlines = Deadlines::default().with_drain(Duration::from_secs(5));
    ProcessSpec::new(fixtures::fake_agent())
        .with_variable("FAKE_AGENT_SCRIPT", script)
        .with_deadlines(deadlines)
}
