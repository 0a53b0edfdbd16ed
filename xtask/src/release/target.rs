//! What a release is built for, and what that takes.

use std::path::Path;
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::Result;

use crate::{command, machine};

/// Something to build for.
#[derive(Debug)]
pub(super) struct Target {
    /// Its name for Rust.
    pub(super) triple: &'static str,
    /// The operating system that it runs on, as `std::env::consts::OS` has it.
    pub(super) system: &'static str,
    /// Its name for Debian, if it gets a package.
    pub(super) debian: Option<&'static str>,
    /// The program that the build takes beside cargo, and what has it.
    compiler: (&'static str, &'static str),
    /// What is said to the linker.
    pub(super) link_arguments: &'static [&'static str],
    /// Variables of the build.
    pub(super) variables: &'static [(&'static str, &'static str)],
}

/// Every target of a release.
pub(super) const ALL: &[Target] = &[
    Target {
        triple: "x86_64-unknown-linux-musl",
        system: "linux",
        debian: Some("amd64"),
        compiler: ("musl-gcc", "musl-tools of Debian"),
        link_arguments: &[],
        variables: &[],
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        system: "linux",
        debian: Some("arm64"),
        compiler: ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu of Debian"),
        // Rust brings musl, its start files and a linker; C alone is compiled by gcc.
        link_arguments: &["-Clink-self-contained=yes", "-Clinker=rust-lld"],
        variables: &[("CC_aarch64_unknown_linux_musl", "aarch64-linux-gnu-gcc")],
    },
    Target {
        triple: "x86_64-pc-windows-gnu",
        system: "windows",
        debian: None,
        compiler: ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64 of Debian"),
        link_arguments: &["-Clink-arg=-Wl,--no-insert-timestamp"],
        variables: &[],
    },
    Target {
        triple: "x86_64-apple-darwin",
        system: "macos",
        debian: None,
        compiler: ("codesign", "Xcode"),
        link_arguments: &[],
        variables: &[],
    },
    Target {
        triple: "aarch64-apple-darwin",
        system: "macos",
        debian: None,
        compiler: ("codesign", "Xcode"),
        link_arguments: &[],
        variables: &[],
    },
];

impl Target {
    /// Returns what this machine lacks to build it.
    pub(super) async fn missing(&self) -> Result<Option<String>> {
        if self.system == "macos" && std::env::consts::OS != "macos" {
            return Ok(Some("macOS is built on macOS".to_owned()));
        }
        let (compiler, package) = self.compiler;
        if machine::find_program(compiler).is_none() {
            return Ok(Some(format!(
                "{compiler} is not on the path; {package} has it"
            )));
        }
        let rustc = ProcessSpec::new("rustc")
            .with_environment(machine::environment())
            .with_arguments(["--print", "target-libdir", "--target", self.triple]);
        let libraries = command::output(rustc, Duration::from_secs(60)).await?;
        let is_there = Path::new(libraries.trim()).is_dir();
        Ok((!is_there).then(|| format!("`rustup target add {}` adds it", self.triple)))
    }

    /// Returns whether the executable runs on this machine.
    pub(super) fn runs_here(&self) -> bool {
        self.system == std::env::consts::OS && self.triple.starts_with(std::env::consts::ARCH)
    }

    /// Returns the name of the executable.
    pub(super) fn executable(&self) -> &'static str {
        match self.system {
            "windows" => "ampctl.exe",
            _ => "ampctl",
        }
    }
}
