//! Runs of the fake agent, and a look at the process table for what they left.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Once, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use amp_process::{
    Containment, ContainmentKind, Deadlines, Error, Exit, Line, Process, ProcessSpec,
};
use fixtures::Requirement;

/// Longer than anything here takes, and short enough to end a test that hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Every containment that a Unix may have.
pub(crate) const KINDS: [ContainmentKind; 3] = [
    ContainmentKind::Group,
    ContainmentKind::Shim,
    ContainmentKind::Namespace,
];

/// Deadlines under which nothing but the behaviour under test ends a run.
pub(crate) fn deadlines() -> Deadlines {
    Deadlines::default()
        .with_startup(Some(LIMIT))
        .with_idle(Some(LIMIT))
        .with_total(Some(LIMIT))
        .with_drain(LIMIT)
        .with_grace(LIMIT)
        .with_proof(LIMIT)
}

/// Describes a fake agent that plays `script`.
pub(crate) fn fake(script: &str) -> ProcessSpec {
    ProcessSpec::new(fixtures::fake_agent())
        .with_variable("FAKE_AGENT_SCRIPT", script)
        .with_deadlines(deadlines())
        .with_shim_program(supervise())
        .with_containment(Containment::Require(ContainmentKind::Group))
}

/// Describes the same within another containment; `None` where bubblewrap is missing and may be.
pub(crate) async fn within(kind: ContainmentKind, spec: ProcessSpec) -> Option<ProcessSpec> {
    let found = spec.probe_containment().await;
    let status = found.iter().find(|status| status.kind == kind);
    if let Some(reason) = &status.expect("every kind is probed").unavailable {
        assert_eq!(kind, ContainmentKind::Namespace, "no {kind}: {reason}");
        Requirement::Namespace.is_missing(reason);
        return None;
    }
    Some(spec.with_containment(Containment::Require(kind)))
}

/// Reads every line up to the end.
pub(crate) async fn lines(process: &mut Process) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    while let Some(line) = process.next_line().await? {
        lines.push(line);
    }
    Ok(lines)
}

/// Runs `spec` to its end and returns its lines as text.
pub(crate) async fn run(spec: ProcessSpec) -> (Vec<String>, Exit) {
    let mut process = spec.spawn().await.expect("the fake agent starts");
    let lines = lines(&mut process).await.expect("no deadline passes");
    let lines = lines.iter().map(text).collect();
    (lines, process.finish().await)
}

/// Starts `spec` and waits for its first line.
pub(crate) async fn start(spec: &ProcessSpec) -> Process {
    let mut process = spec.spawn().await.expect("the fake agent starts");
    let line = process.next_line().await.expect("no deadline passes");
    line.expect("the script writes a line");
    process
}

/// Returns a line as text.
pub(crate) fn text(line: &Line) -> String {
    String::from_utf8_lossy(line.bytes()).into_owned()
}

/// Waits until `holds`, because another process has to come that far.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < until, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An argument that every process of one test has, and nobody else.
#[derive(Debug)]
pub(crate) struct Mark(String);

impl Mark {
    pub(crate) fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Self(format!("mark-{}-{number}-", std::process::id()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the process ids of everybody alive who has the mark, in the host's view.
    pub(crate) fn alive(&self) -> Vec<i32> {
        let processes = std::fs::read_dir("/proc").expect("there is a process table");
        let pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|pid| {
            // A zombie has no command line.
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(&self.0)
        })
        .collect()
    }

    /// Waits until nobody has the mark any more.
    pub(crate) fn wait_until_gone(&self) {
        wait_until("the whole tree is gone", || self.alive().is_empty());
    }
}

impl Drop for Mark {
    /// Leaves nothing behind when a test fails, or when it shows what is left behind.
    fn drop(&mut self) {
        for pid in self.alive() {
            if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// Returns the state of a process, such as `S`, and how many bytes it has written.
pub(crate) fn state_of(pid: u32) -> Option<(char, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    let state = stat.rsplit_once(") ")?.1.chars().next()?;
    let written = io.lines().find_map(|line| line.strip_prefix("wchar: "))?;
    Some((state, written.parse().ok()?))
}

/// Returns the path of the supervise example, which is a host with the hook.
pub(crate) fn supervise() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| example("supervise"))
}

/// Returns the path of an example, which is built unless it is newer than all that it is made
/// of in this crate: `cargo test --test it` builds none.
#[expect(clippy::disallowed_methods, reason = "tests build what they need")]
pub(crate) fn example(name: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    let test = std::env::current_exe().expect("the running test has a path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("it lies in target/PROFILE/deps");
    let examples = profile.join("examples");
    BUILT.call_once(|| {
        let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let library = newest(&crate_root.join("src")).max(newest(&crate_root.join("Cargo.toml")));
        let sources = std::fs::read_dir(crate_root.join("examples")).expect("there are examples");
        let stale = sources.flatten().any(|source| {
            let example = examples.join(source.path().file_stem().expect("a name"));
            let built = example.metadata().and_then(|found| found.modified());
            built.ok() < Some(library.max(newest(&source.path())))
        });
        if stale {
            let profile = match profile.file_name().and_then(OsStr::to_str) {
                None | Some("debug") => "dev",
                Some(name) => name,
            };
            let status = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--offline", "--examples"])
                .args(["--profile", profile, "--manifest-path"])
                .arg(crate_root.join("Cargo.toml"))
                .status();
            assert!(status.is_ok_and(|status| status.success()), "no examples");
        }
    });
    examples.join(name)
}

/// Returns when a file, or anything in a folder, was changed last.
fn newest(path: &Path) -> SystemTime {
    let changed = path.metadata().and_then(|found| found.modified());
    let within = std::fs::read_dir(path).into_iter().flatten().flatten();
    let within = within.map(|entry| newest(&entry.path()));
    within.fold(changed.expect("sources are there"), SystemTime::max)
}

/// Returns a command that runs a fake agent below the supervise example, to be started by std.
#[expect(
    clippy::disallowed_methods,
    reason = "the host under test must be contained by nobody"
)]
pub(crate) fn host(options: &[&str], script: &str, mark: &Mark) -> Command {
    let mut command = Command::new(supervise());
    command
        .args(options)
        .arg("--")
        .arg(fixtures::fake_agent())
        .arg(mark.as_str())
        .env("FAKE_AGENT_SCRIPT", script)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    command
}

/// Returns whether calls of the system can be made to fail here.
#[expect(clippy::disallowed_methods, reason = "strace makes the calls fail")]
pub(crate) fn can_trace() -> bool {
    let tried = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    let problem = match tried {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    Requirement::Strace.is_missing(problem);
    false
}
