//! Programs in a sandbox, on a real machine: what they can reach, and what they cannot.

mod cases;
mod files;
mod kernel;
mod layers;
mod life;
mod limits;
mod network;
mod probe;
mod programs;

use std::path::{Path, PathBuf};
use std::process::Command;

use amp_process::sandbox::{Access, Backend, Decision, LayerStatus, Policy, Sandbox};
use amp_process::{Exit, ProcessSpec};
use fixtures::Requirement;

use crate::support::{deadlines, example, lines, supervise, text};

/// The variable that names the backend to try everything with; without it, it is the one that is
/// used on this machine.
const BACKEND: &str = "TEST_SANDBOX_BACKEND";

#[expect(clippy::disallowed_methods, reason = "a setting of the test run")]
fn backend() -> Option<Backend> {
    let name = std::env::var(BACKEND).ok()?;
    let known = [Backend::Namespaces, Backend::Bubblewrap];
    let named = known.into_iter().find(|known| known.as_str() == name);
    Some(named.unwrap_or_else(|| panic!("{BACKEND} names {name}, which is no backend")))
}

/// Asks for a policy by the backend under test.
fn sandbox(policy: Policy) -> Sandbox {
    by(backend(), policy)
}

fn by(backend: impl Into<Option<Backend>>, policy: Policy) -> Sandbox {
    let sandbox = Sandbox::new(policy);
    match backend.into() {
        Some(backend) => sandbox.with_backend(backend),
        None => sandbox,
    }
}

/// Returns a host that makes a sandbox of its own, by the backend under test.
#[expect(clippy::disallowed_methods, reason = "another host is under test")]
fn confine() -> Command {
    let mut host = Command::new(example("confine"));
    host.args(asked());
    host
}

/// Returns the options by which such a host asks for that backend.
fn asked() -> Vec<&'static str> {
    backend().map_or_else(Vec::new, |backend| vec!["--backend", backend.as_str()])
}

/// A home folder with a secret, a project in it, and what lies outside.
struct Place {
    _folder: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("its path");
        let place = Self {
            home: root.join("home"),
            project: root.join("home/project"),
            _folder: folder,
        };
        std::fs::create_dir_all(place.project.join(".git/hooks")).expect("folders");
        place.write("home/.ssh/id_rsa", "a secret");
        place.write("home/.bashrc", "original");
        place.write("outside.txt", "original");
        place.write("home/project/file.txt", "original");
        place.write("home/project/.git/config", "original");
        place
    }

    fn root(&self) -> &Path {
        self.home.parent().expect("a parent")
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    /// Writes a shell script and returns its path.
    fn script(&self, path: &str, script: &str) -> PathBuf {
        let path = self.root().join(path);
        fixtures::write_script(&path, script);
        path
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).expect("a file")
    }

    /// A project to change, with a folder and a file in it that stay as they are.
    fn policy(&self) -> Policy {
        Policy::new()
            .with_files(&self.home, Access::Private)
            .with_files(&self.project, Access::Writable)
            .with_files(self.project.join(".git/hooks"), Access::Readable)
            .with_files(self.project.join(".git/config"), Access::Readable)
            .with_variable("PATH")
            .with_variable("HOME")
    }

    /// Describes a run of a program in the project.
    fn spec(&self, program: impl Into<PathBuf>, policy: Policy) -> ProcessSpec {
        ProcessSpec::new(program)
            .with_variable("PATH", "/usr/bin:/bin")
            .with_variable("HOME", &self.home)
            .with_variable("SECRET", "a secret")
            .with_working_directory(&self.project)
            .with_deadlines(deadlines())
            .with_shim_program(supervise())
            .with_sandbox(sandbox(policy))
    }
}

/// What came of a run.
struct Said {
    lines: Vec<String>,
    exit: Exit,
    decisions: Vec<Decision>,
}

impl Said {
    /// Both outputs.
    fn text(&self) -> String {
        format!("{}\n{}", self.lines.join("\n"), self.exit.stderr())
    }
}

/// Runs a program in its sandbox; `None` where this machine has none.
async fn run(spec: ProcessSpec) -> Option<Said> {
    let layers = spec.probe_sandbox().await.expect("the policy can be kept");
    if layers.iter().any(LayerStatus::is_missing) {
        let refusal = spec.spawn().await.expect_err("what is missing is refused");
        Requirement::Namespace.is_missing(refusal);
        return None;
    }
    let mut process = spec.spawn().await.expect("the program starts");
    let lines = lines(&mut process).await.expect("no deadline passes");
    let status = process.sandbox().expect("a sandbox").clone();
    let exit = process.finish().await;
    Some(Said {
        lines: lines.iter().map(text).collect(),
        exit,
        decisions: status.network().decisions(),
    })
}

/// Runs a script of the shell.
async fn shell(place: &Place, policy: Policy, script: &str) -> Option<Said> {
    run(place.spec("/bin/sh", policy).with_arguments(["-c", script])).await
}

/// Tries to reach all of this, and returns what came of each attempt.
async fn reach(place: &Place, policy: Policy, attempts: &[&str]) -> Option<Said> {
    let spec = place.spec(example("reach"), policy);
    run(spec.with_arguments(attempts.iter().copied())).await
}
