//! The machine an executable must run on: operating system, processor, C library.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::version::excerpt;

/// An operating system that Amp is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OperatingSystem {
    /// Linux with glibc.
    Linux,
    /// macOS.
    Darwin,
    /// Windows.
    Windows,
}

/// A processor family that Amp is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Architecture {
    /// 64-bit x86.
    X64,
    /// 64-bit Arm.
    Arm64,
}

/// The C library of a Linux system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CLibrary {
    /// The GNU one, which Amp's Linux builds are linked against.
    Glibc,
    /// musl, for which no publisher has a build.
    Musl,
    /// No loader was found in the usual places, or it does not matter on this system.
    Unknown,
}

/// What was observed about a machine; [`Platform::from_facts`] judges it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostFacts {
    /// The operating system, as `std::env::consts::OS` names it.
    pub system: String,
    /// The processor family, as `std::env::consts::ARCH` names it.
    pub architecture: String,
    /// The C library.
    pub c_library: CLibrary,
    /// Whether the processor has AVX2, which the ordinary x64 builds need.
    pub has_avx2: bool,
    /// Whether this process is translated by Rosetta on an Arm Mac.
    pub is_translated: bool,
}

impl HostFacts {
    /// Observes the machine this process runs on; a few `stat` calls, no process.
    pub fn observe() -> Self {
        Self {
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            c_library: c_library_below(Path::new("/")),
            has_avx2: has_avx2(),
            is_translated: is_translated(),
        }
    }
}

/// Looks for the program loaders that each C library installs.
fn c_library_below(root: &Path) -> CLibrary {
    if !cfg!(target_os = "linux") {
        return CLibrary::Unknown;
    }
    let glibc = [
        "lib64/ld-linux-x86-64.so.2",
        "lib/ld-linux-aarch64.so.1",
        "lib64/ld-linux-aarch64.so.1",
    ];
    let musl = ["lib/ld-musl-x86_64.so.1", "lib/ld-musl-aarch64.so.1"];
    let exists = |name: &&str| root.join(name).exists();
    if glibc.iter().any(exists) {
        CLibrary::Glibc
    } else if musl.iter().any(exists) {
        CLibrary::Musl
    } else {
        CLibrary::Unknown
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

/// Tells an x64 process on an Arm Mac by Rosetta's runtime, which only such Macs install.
fn is_translated() -> bool {
    cfg!(all(target_os = "macos", target_arch = "x86_64"))
        && Path::new("/Library/Apple/usr/libexec/oah/libRosettaRuntime").exists()
}

/// A platform that Amp is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Platform {
    system: OperatingSystem,
    architecture: Architecture,
    baseline: bool,
}

impl Platform {
    /// Names a platform outright, without looking at this machine.
    pub const fn new(system: OperatingSystem, architecture: Architecture) -> Self {
        Self {
            system,
            architecture,
            baseline: false,
        }
    }

    /// Asks for the x64 build that does without AVX2.
    #[must_use]
    pub const fn with_baseline(mut self, baseline: bool) -> Self {
        self.baseline = baseline;
        self
    }

    /// Returns the platform of this machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedPlatform`] when no publisher builds for it.
    pub fn detect() -> Result<Self> {
        Self::from_facts(&HostFacts::observe())
    }

    /// Returns the platform that the facts describe.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedPlatform`] when no publisher builds for it.
    pub fn from_facts(facts: &HostFacts) -> Result<Self> {
        let system = match facts.system.as_str() {
            "linux" => OperatingSystem::Linux,
            "macos" => OperatingSystem::Darwin,
            "windows" => OperatingSystem::Windows,
            other => return Err(unsupported(other, "linux, macos or windows")),
        };
        let architecture = match facts.architecture.as_str() {
            "x86_64" if facts.is_translated => Architecture::Arm64,
            "x86_64" => Architecture::X64,
            "aarch64" => Architecture::Arm64,
            other => return Err(unsupported(other, "x86_64 or aarch64")),
        };
        if system == OperatingSystem::Linux && facts.c_library == CLibrary::Musl {
            return Err(unsupported("linux with musl", "linux with glibc"));
        }
        if system == OperatingSystem::Windows && architecture == Architecture::Arm64 {
            return Err(unsupported("windows on aarch64", "windows on x86_64"));
        }
        // Linux on Arm has one build; elsewhere on x64 the ordinary build needs AVX2.
        let baseline = architecture == Architecture::X64 && !facts.has_avx2;
        Ok(Self::new(system, architecture).with_baseline(baseline))
    }

    /// Returns the operating system.
    pub fn system(self) -> OperatingSystem {
        self.system
    }

    /// Returns the processor family.
    pub fn architecture(self) -> Architecture {
        self.architecture
    }

    /// Returns whether the build without AVX2 is needed.
    pub fn is_baseline(self) -> bool {
        self.baseline
    }

    /// Returns the name of the executable file.
    pub fn executable_name(self) -> &'static str {
        match self.system {
            OperatingSystem::Windows => "amp.exe",
            _ => "amp",
        }
    }

    /// Returns the name in npm packages, or `None` when npm has no build for it.
    ///
    /// npm names Windows `win32` and has no build for processors without AVX2.
    pub fn npm_name(self) -> Option<&'static str> {
        match (self.system, self.architecture) {
            _ if self.baseline => None,
            (OperatingSystem::Linux, Architecture::X64) => Some("linux-x64"),
            (OperatingSystem::Linux, Architecture::Arm64) => Some("linux-arm64"),
            (OperatingSystem::Darwin, Architecture::X64) => Some("darwin-x64"),
            (OperatingSystem::Darwin, Architecture::Arm64) => Some("darwin-arm64"),
            (OperatingSystem::Windows, Architecture::X64) => Some("win32-x64"),
            (OperatingSystem::Windows, Architecture::Arm64) => None,
        }
    }
}

fn unsupported(found: &str, wanted: &str) -> Error {
    Error::new(
        ErrorKind::UnsupportedPlatform,
        "no publisher builds Amp for this machine",
    )
    .compare(wanted, found)
    .next(NextStep::Configure {
        name: "AMP_CLI_PATH".to_owned(),
        value: "an Amp that runs on this machine".to_owned(),
    })
}

/// Writes the name the official bucket and the store use, such as `linux-x64-baseline`.
impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.system {
            OperatingSystem::Linux => "linux",
            OperatingSystem::Darwin => "darwin",
            OperatingSystem::Windows => "windows",
        })?;
        formatter.write_str(match self.architecture {
            Architecture::X64 => "-x64",
            Architecture::Arm64 => "-arm64",
        })?;
        formatter.write_str(if self.baseline { "-baseline" } else { "" })
    }
}

/// Reads what `Display` writes.
impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let systems = [
            OperatingSystem::Linux,
            OperatingSystem::Darwin,
            OperatingSystem::Windows,
        ];
        let platforms = systems.into_iter().flat_map(|system| {
            let x64 = Self::new(system, Architecture::X64);
            let arm64 = Self::new(system, Architecture::Arm64);
            [x64, x64.with_baseline(true), arm64]
        });
        // Amp is not built for Windows on Arm.
        let is_built = |one: &Self| {
            (one.system, one.architecture) != (OperatingSystem::Windows, Architecture::Arm64)
        };
        let mut built = platforms.filter(is_built);
        built.find(|one| one.to_string() == text).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "not a platform that Amp is built for",
            )
            .compare("a name such as linux-x64", excerpt(text))
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_c_library_is_told_by_its_program_loader() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(c_library_below(root.path()), CLibrary::Unknown);
        fs::create_dir(root.path().join("lib")).unwrap();
        fs::write(root.path().join("lib/ld-musl-x86_64.so.1"), "").unwrap();
        assert_eq!(c_library_below(root.path()), CLibrary::Musl);
        fs::create_dir(root.path().join("lib64")).unwrap();
        fs::write(root.path().join("lib64/ld-linux-x86-64.so.2"), "").unwrap();
        assert_eq!(c_library_below(root.path()), CLibrary::Glibc);
    }
}
