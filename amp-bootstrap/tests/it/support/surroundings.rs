//! What an installer may find around it: odd file systems, few privileges, a system that fails it
//! or looks on.

use std::path::Path;
use std::process::{Command, Stdio};

use fixtures::Requirement;

use super::process::{Job, Worker};

/// A file system that is in an installer's way, until it is cured.
///
/// Both scripts find the store's folder in `$store`.
pub(crate) struct Ground {
    requirement: Requirement,
    /// The kind of namespace, as arguments of `unshare`.
    namespace: &'static [&'static str],
    mount: String,
    cure: String,
}

impl Ground {
    /// A file system in memory, mounted with some options and mounted again with others.
    pub(crate) fn memory(options: &str, cure: &str) -> Self {
        Self {
            requirement: Requirement::Mount,
            namespace: &["--user", "--map-root-user", "--mount"],
            mount: format!("mount -t tmpfs -o {options} none \"$store\""),
            cure: format!("mount -o remount,{cure} \"$store\""),
        }
    }

    /// What the store holds already, to be read only; the cure leaves it so.
    pub(crate) fn read_only() -> Self {
        Self {
            mount: "mount --bind \"$store\" \"$store\" && mount -o remount,bind,ro \"$store\""
                .to_owned(),
            cure: "true".to_owned(),
            ..Self::memory("", "")
        }
    }

    /// File systems of their own for two folders of one store.
    pub(crate) fn split_between(first: &str, second: &str) -> Self {
        let mount = |folder| {
            format!(
                "mkdir -p \"$store/{folder}\" && mount -t tmpfs -o mode=700 none \"$store/{folder}\""
            )
        };
        Self {
            mount: format!("{} && {}", mount(first), mount(second)),
            cure: "true".to_owned(),
            ..Self::memory("", "")
        }
    }

    /// A disk image with a quota that the kernel keeps, for root too; lifting it is the cure.
    pub(crate) fn quota(kibibytes: u32) -> Self {
        let mount = "rm -f \"$store.image\" && truncate -s 128M \"$store.image\" && \
                     mkfs.btrfs -q \"$store.image\" && \
                     mount -o loop \"$store.image\" \"$store\" && \
                     btrfs quota enable \"$store\"";
        Self {
            requirement: Requirement::Quota,
            // Only root may mount disk images.
            namespace: &["--mount"],
            mount: format!("{{ {mount} && btrfs qgroup limit {kibibytes}K 0/5 \"$store\"; }} >&2"),
            cure: "btrfs qgroup limit none 0/5 \"$store\" >&2".to_owned(),
        }
    }

    fn command(&self) -> Command {
        // What could be run by mistake after the first attempt is named as `left PATH`.
        let script = format!(
            "store=$1; shift; {} || exit 1; \"$@\"; \
             find \"$store\" -type f '(' -perm /111 -o -name '.incoming*' ')' -printf 'left %p\\n'; \
             {} || exit 1; \"$@\"",
            self.mount, self.cure
        );
        let mut command = program("unshare");
        command
            .args(self.namespace)
            .args(["sh", "-c", &script, "sh"]);
        command
    }
}

impl Job {
    /// Does the job twice, before and after the cure of the ground that the store stands on.
    ///
    /// `None` where such a file system cannot be had and need not be.
    pub(crate) fn start_on(&self, ground: &Ground) -> Option<Worker> {
        std::fs::create_dir_all(&self.store).unwrap();
        let mut rehearsal = ground.command();
        is_possible(rehearsal.arg(&self.store).arg("true"), ground.requirement)
            .then(|| self.start_below(ground.command().arg(&self.store)))
    }

    /// Does the job as a user who has no power over files, whoever runs the test.
    pub(crate) fn start_without_privileges(&self) -> Option<Worker> {
        // A user namespace in which nobody is root.
        let namespace = || {
            let mut command = program("unshare");
            command.arg("--user");
            command
        };
        is_possible(namespace().arg("true"), Requirement::Mount)
            .then(|| self.start_below(&mut namespace()))
    }

    /// Does the job while a call of the system fails in each thread: the `nth` of its name, or with
    /// `1+` every one.
    pub(crate) fn start_failing(
        &self,
        call: &str,
        error: &str,
        nth: impl std::fmt::Display,
    ) -> Option<Worker> {
        let fault = format!("inject={call}:error={error}:when={nth}");
        self.start_traced(&fault, Path::new("/dev/null"))
    }

    /// Does the job while a record is made of what it asks of the system.
    pub(crate) fn start_traced(&self, expression: &str, record: &Path) -> Option<Worker> {
        let trace = || {
            let mut command = program("strace");
            command.args(["-f", "-qq", "-e", expression, "-o"]);
            command.arg(record);
            command
        };
        is_possible(trace().arg("true"), Requirement::Strace)
            .then(|| self.start_below(&mut trace()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "namespaces and faults are made by programs"
)]
fn program(name: &str) -> Command {
    Command::new(name)
}

/// Tries whether a command works here; where it has to, its failure is the test's.
fn is_possible(command: &mut Command, requirement: Requirement) -> bool {
    let reason = match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(cause) => cause.to_string(),
    };
    let name = command.get_program().display();
    requirement.is_missing(format_args!("{name}: {reason}"));
    false
}
