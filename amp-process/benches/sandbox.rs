//! What a sandbox adds to the time from the start of a program to its end.
//!
//! Spawns of each kind alternate one by one, so that all see the same machine. Each is compared
//! with the unsandboxed spawn right before it; the median of the differences counts, in the
//! quietest of some blocks, and should be at most 8 ms. The processor time of our children says what
//! is left of it on a machine that does something else meanwhile; there, let nothing come before it:
//! `chrt -f 50 cargo bench --bench sandbox`, as root.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use amp_process::sandbox::{Access, Backend, Network, Policy, Sandbox};
use amp_process::{Containment, ContainmentKind, ProcessSpec};
use fixtures::benchmark::{Bar, Row};

const BLOCKS: usize = 8;
const SPAWNS: usize = 25;
/// The most that a sandbox may add, in ms.
const BAR: f64 = 8.0;

fn main() {
    amp_process::run_shim_if_requested();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let place = tempfile::tempdir().expect("a temporary folder");
    let kinds = [
        ("no sandbox", plain(ContainmentKind::Group)),
        ("namespace alone", plain(ContainmentKind::Namespace)),
        ("sandbox", sandboxed(false)),
        ("sandbox, transparent", sandboxed(true)),
        ("sandbox of an agent", of_agent(place.path(), None)),
        (
            "sandbox of an agent, by bubblewrap",
            of_agent(place.path(), Some(Backend::Bubblewrap)),
        ),
    ];
    let said = match runtime.block_on(measure(&kinds)) {
        Err(error) => writeln!(std::io::stderr(), "not here: {error}"),
        Ok(rows) => rows.iter().try_for_each(Row::print),
    };
    // Without a reader of the rows there is none of an error either.
    drop(said);
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

/// As many rules as an agent has: a project in a hidden home folder, folders of its own, and what in
/// them is protected.
fn of_agent(place: &Path, backend: Option<Backend>) -> ProcessSpec {
    let home = place.canonicalize().expect("a path").join("home");
    let mut policy = Policy::new().with_host("example.com".parse().expect("a rule"));
    policy = policy.with_files(&home, Access::Private);
    let writable = [
        ".cache/agent",
        ".config/agent",
        ".local/share/agent",
        "project",
    ];
    let readable = [
        ".config/agent/plugins",
        ".config/agent/skills",
        "project/.agent",
        "project/.git/hooks",
        "project/.git/modules",
    ];
    let rules = writable.map(|path| (path, Access::Writable));
    for (path, access) in rules
        .into_iter()
        .chain(readable.map(|path| (path, Access::Readable)))
    {
        let path = home.join(path);
        std::fs::create_dir_all(&path).expect("a folder");
        policy = policy.with_files(path, access);
    }
    let sandbox = Sandbox::new(policy);
    ProcessSpec::new("/bin/true")
        .with_working_directory(home.join("project"))
        .with_sandbox(match backend {
            Some(backend) => sandbox.with_backend(backend),
            None => sandbox,
        })
}

/// Measures all kinds but the first, which the others are compared with.
async fn measure(kinds: &[(&str, ProcessSpec)]) -> Result<Vec<Row>, amp_process::Error> {
    for (_, spec) in kinds {
        // The first one finds out what works here.
        spawn(spec).await?;
    }
    let (plain, sandboxed) = (&kinds[0].1, &kinds[1..]);
    let mut blocks = Vec::new();
    for _ in 0..BLOCKS {
        blocks.push(block(plain, sandboxed).await?);
    }
    let quietest = |kind: usize| {
        let times = blocks.iter().map(|block: &Vec<[Row; 2]>| &block[kind]);
        times.min_by(|one, other| one[0].more.total_cmp(&other[0].more))
    };
    let quietest = (0..sandboxed.len()).filter_map(quietest);
    Ok(quietest.flatten().cloned().collect())
}

/// Spawns every kind in turn, each after a plain one; returns the time and the processor time that
/// each takes.
async fn block(
    plain: &ProcessSpec,
    sandboxed: &[(&str, ProcessSpec)],
) -> Result<Vec<[Row; 2]>, amp_process::Error> {
    let mut taken = vec![[(); 4].map(|()| Vec::with_capacity(SPAWNS)); sandboxed.len()];
    for _ in 0..SPAWNS {
        for (taken, (_, spec)) in taken.iter_mut().zip(sandboxed) {
            let (before, before_used) = spawn(plain).await?;
            let (elapsed, used) = spawn(spec).await?;
            let times = [elapsed, before, used, before_used];
            for (taken, time) in taken.iter_mut().zip(times) {
                taken.push(time.as_secs_f64() * 1e3);
            }
        }
    }
    let rows = taken.iter().zip(sandboxed);
    let rows = rows.map(|([elapsed, before, used, before_used], (name, _))| {
        let row = |name: &str, ours: &[f64], other: &[f64]| {
            Row::of(name, "ms", ours, "no sandbox", other)
        };
        [
            row(&format!("spawn, {name}"), elapsed, before).with_bar(Bar::MoreAtMost(BAR)),
            row(
                &format!("processor time of a spawn, {name}"),
                used,
                before_used,
            ),
        ]
    });
    Ok(rows.collect())
}

/// Returns how long a spawn takes, and the processor time of its processes.
async fn spawn(spec: &ProcessSpec) -> Result<(Duration, Duration), amp_process::Error> {
    let before = of_children();
    let started = Instant::now();
    let mut process = spec.spawn().await?;
    while process.next_line().await?.is_some() {}
    let elapsed = started.elapsed();
    process.finish().await;
    Ok((elapsed, of_children().saturating_sub(before)))
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "std does not tell what children have used")]
fn of_children() -> Duration {
    // SAFETY: all zeros are a value of it, and the call fills it in.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let part = |time: libc::timeval| {
        let seconds = Duration::from_secs(time.tv_sec.unsigned_abs());
        seconds + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    part(usage.ru_utime) + part(usage.ru_stime)
}

#[cfg(not(unix))]
fn of_children() -> Duration {
    Duration::ZERO
}
