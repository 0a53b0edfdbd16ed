//! Nothing of the host grows: a test binary of its own, because others would disturb the count.
//!
//! `cargo xtask soak` does the same a thousand times, and with ten gigabytes.

#![cfg(target_os = "linux")]

use std::fs;
use std::time::{Duration, Instant};

use amp_process::{Completeness, Containment, ContainmentKind, Line, ProcessSpec};

/// How much memory may come and go, in KiB.
const NOISE_KIB: u64 = 8 * 1024;

fn fake(script: &str) -> ProcessSpec {
    ProcessSpec::new(fixtures::fake_agent())
        .with_variable("FAKE_AGENT_SCRIPT", script)
        .with_containment(Containment::Require(ContainmentKind::Group))
}

/// Returns how many descriptors, threads and children (zombies too) there are.
fn held() -> [usize; 3] {
    let me = std::process::id().to_string();
    let entries = |path: &str| fs::read_dir(path).unwrap().flatten();
    let children = entries("/proc").filter(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1));
        parent == Some(me.as_str())
    });
    [
        entries("/proc/self/fd").count(),
        entries("/proc/self/task").count(),
        children.count(),
    ]
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|text| text.trim().strip_suffix(" kB"));
    resident.unwrap().parse().unwrap()
}

async fn live(script: &str, drop_it: bool) {
    let mut process = fake(script).spawn().await.unwrap();
    process.next_line().await.unwrap();
    if !drop_it {
        process.finish().await;
    }
}

async fn descriptors_threads_and_zombies_stay() {
    live("out ready", false).await;
    let [descriptors, threads, _] = held();
    // One thread may start and stay: it reaps what was dropped.
    let allowed = [descriptors, threads + 1, 0];
    for _ in 0..30 {
        live("out ready; err note; exit 1", false).await;
        live("out ready; hang", true).await;
    }
    let parallel = (0..16).map(|_| live("out ready; flood stdout 1m 100", false));
    futures::future::join_all(parallel).await;
    let is_allowed = |now: [usize; 3]| now.iter().zip(&allowed).all(|(now, most)| now <= most);
    settle(is_allowed).await;
    assert!(is_allowed(held()), "{:?} is more than {allowed:?}", held());
}

/// Waits until `holds`, or long enough: what was dropped is reaped in the background.
async fn settle(holds: impl Fn([usize; 3]) -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds(held()) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn memory_stays_while_floods_pass() {
    let script = "flood stderr 128m; flood stdout 512m; out; out end";
    let spec = fake(script).with_max_line_bytes(1 << 20);
    let mut process = spec.spawn().await.unwrap();
    let before = resident_kib();
    let first = process.next_line().await.unwrap().unwrap();
    assert_eq!(length(&first), 512 << 20);
    let peak = resident_kib();
    assert!(peak <= before + NOISE_KIB, "from {before} to {peak} KiB");
    process.finish().await;
}

fn length(line: &Line) -> u64 {
    match line.completeness() {
        Completeness::Oversized { length, .. } => length,
        _ => line.bytes().len() as u64,
    }
}

#[tokio::test]
async fn nothing_grows() {
    descriptors_threads_and_zombies_stay().await;
    memory_stays_while_floods_pass().await;
}
