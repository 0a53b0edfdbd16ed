//! Programs for another processor, started as if they were for this one.
//!
//! An emulator runs one program, and what that one starts in turn would be refused by the kernel. So
//! the kernel is told of the emulator, in a user namespace of the trial's own: nothing of the machine
//! is changed, and nobody has to be root.

use std::path::{Path, PathBuf};

use amp_bootstrap::{Architecture, OperatingSystem, Platform};
use amp_process::ProcessSpec;

use super::LIMIT;
use crate::release::target::Target;
use crate::{command, machine};

/// Tells the kernel of the emulator and becomes the rest of the arguments.
const SCRIPT: &str = "mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc \
    && printf %s \"$0\" > /proc/sys/fs/binfmt_misc/register && exec \"$@\"";

/// The first bytes of an executable for 64-bit ARM, and which bits of them count.
const AARCH64: &str = r":\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff";

/// What the emulated program takes its machine for.
pub(super) const PLATFORM: Platform = Platform::new(OperatingSystem::Linux, Architecture::Arm64);

/// An emulator of the target's processor.
#[derive(Debug, Clone)]
pub(super) struct Emulator(PathBuf);

impl Emulator {
    /// Finds the emulator for a target that this machine's processor does not run.
    pub(super) fn find(target: &Target) -> Option<Self> {
        let is_known = target.system == "linux" && target.triple.starts_with("aarch64-");
        let program = is_known.then_some("qemu-aarch64-static")?;
        Some(Self(machine::find_program(program)?))
    }

    /// Returns a start of one program, which starts no others.
    pub(super) fn alone(&self, program: &Path) -> ProcessSpec {
        ProcessSpec::new(&self.0)
            .with_environment(machine::environment())
            .with_argument(program)
    }

    /// Returns a start of a program of this machine or of the target, everything below which may be
    /// of either.
    pub(super) fn around(&self, program: impl AsRef<Path>) -> ProcessSpec {
        // `F`: the emulator is opened now, for it is not in the roots that programs are put into.
        let rule = format!(":ampctl:M:{AARCH64}:{}:F", self.0.display());
        ProcessSpec::new("unshare")
            .with_environment(machine::environment())
            .with_arguments(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT])
            .with_argument(rule)
            .with_argument(program.as_ref())
    }

    /// Returns whether the kernel lets a user namespace have emulators of its own, as Linux 6.7 is
    /// the first to do.
    pub(super) async fn takes_children(&self) -> bool {
        command::output(self.around("true"), LIMIT).await.is_ok()
    }
}
