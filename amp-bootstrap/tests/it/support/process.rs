//! Installers as processes of their own: this test program, started once more with a job.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use amp_bootstrap::{CliVersion, Event, InstallRequest, Source, Store, VersionSpec, install};
use serde::{Deserialize, Serialize};

use super::world::{LINUX, World, quick_limits};

const VARIABLE: &str = "AMP_BOOTSTRAP_TEST_JOB";

/// What such a process does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) store: std::path::PathBuf,
    pub(crate) base: String,
    pub(crate) threads: usize,
    /// A version to lease instead of installing one.
    pub(crate) lease: Option<CliVersion>,
    /// Whether to tell each event and to wait for a line before going on.
    pub(crate) stepwise: bool,
}

impl Job {
    pub(crate) fn in_world(world: &World) -> Self {
        Self {
            store: world.path("store"),
            base: world.server.url(),
            threads: 1,
            lease: None,
            stepwise: false,
        }
    }

    /// Returns the job of this process, if it was started for one.
    pub(crate) fn of_this_process() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "how the job reaches the process")]
        let text = std::env::var(VARIABLE).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// Starts a process for the job.
    pub(crate) fn start(&self) -> Worker {
        let program = std::env::current_exe().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the point is another process")]
        let mut command = Command::new(program);
        self.start_with(&mut command)
    }

    /// Starts a process for the job below a program that runs another.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_below(&self, command: &mut Command) -> Worker {
        self.start_with(command.arg(std::env::current_exe().unwrap()))
    }

    fn start_with(&self, command: &mut Command) -> Worker {
        let mut child = command
            .args([
                "--exact",
                "concurrency::another_process_installs",
                "--nocapture",
            ])
            .env(VARIABLE, serde_json::to_string(self).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Worker {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Does the job in this process; what happens goes to standard output.
    pub(crate) fn run(&self) {
        let workers: Vec<_> = (0..self.threads)
            .map(|_| {
                let job = self.clone();
                thread::spawn(move || job.run_in_thread())
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
    }

    fn run_in_thread(&self) {
        let store = Store::at(&self.store);
        if let Some(version) = &self.lease {
            match store.lease(version, LINUX) {
                Ok(lease) => say(&format!("leased {}", lease.path().display())),
                Err(error) => say(&format!("failed {error:?}")),
            }
            return;
        }
        let tell = |event: &Event<'_>| {
            if !self.stepwise {
                return;
            }
            let text = format!("{event:?}");
            say(&format!(
                "event {}",
                text.split(' ').next().unwrap_or_default()
            ));
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).unwrap();
        };
        let mut limits = quick_limits();
        // Hundreds of workers share two processors.
        limits.deadlines.read = std::time::Duration::from_secs(60);
        limits.deadlines.response = std::time::Duration::from_secs(60);
        limits.deadlines.connect = std::time::Duration::from_secs(60);
        let request = InstallRequest::new(VersionSpec::Latest)
            .with_sources([Source::Mirror(self.base.clone())])
            .with_platform(LINUX)
            .with_limits(limits);
        let environment = [("HOME".into(), self.store.clone().into())].into();
        match install(&store, &request, &environment, &tell) {
            Ok(installed) => say(&format!("installed {}", installed.sha256)),
            Err(error) => say(&format!("failed {error:?}")),
        }
    }
}

fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    // libtest may have begun a line of its own.
    output.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    output.flush().unwrap();
}

/// A process at work; killed when dropped.
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Lets the process go on until an event, and keeps it there.
    pub(crate) fn run_until(&mut self, event: &str) {
        loop {
            let line = self
                .next_line()
                .unwrap_or_else(|| panic!("ended before {event}"));
            match line.strip_prefix("event ") {
                Some(name) if name == event => return,
                Some(_) => self.input.write_all(b"\n").unwrap(),
                None => assert!(!line.starts_with("failed"), "{line}"),
            }
        }
    }

    /// Kills the process where it is.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end and returns what every thread reported.
    pub(crate) fn finish(mut self) -> Vec<String> {
        let mut reports = Vec::new();
        while let Some(line) = self.next_line() {
            let reports_start = ["installed ", "leased ", "failed ", "left "];
            if reports_start.iter().any(|start| line.starts_with(start)) {
                reports.push(line);
            }
        }
        assert!(self.child.wait().unwrap().success());
        reports
    }

    fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.output.read_line(&mut line).unwrap() {
            0 => None,
            _ => Some(line.trim_end().to_owned()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
