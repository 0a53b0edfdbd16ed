//! The shell installer and the notes of a release.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use xtask::command::{self, Finished};
use xtask::release::{installer, notes_of};

const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];

/// A folder with an archive for every machine, and the installer for them.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        let mut sums = String::new();
        for target in TARGETS {
            let name = format!("ampctl-1.2.3-{target}");
            let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
            let program = b"#!/bin/sh\necho ampctl 1.2.3\n";
            let mut header = tar::Header::new_gnu();
            header.set_size(program.len() as u64);
            header.set_mode(0o755);
            let path = format!("{name}/ampctl");
            archive
                .append_data(&mut header, path, &program[..])
                .unwrap();
            let bytes = archive.into_inner().unwrap().finish().unwrap();
            let sum: String = Sha256::digest(&bytes)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect();
            sums.push_str(&format!("{sum}  {name}.tar.gz\n"));
            fs::write(world.path(&format!("{name}.tar.gz")), bytes).unwrap();
        }
        let script = installer("1.2.3", "https://example.test/v1.2.3", &sums).unwrap();
        fs::write(world.path("install.sh"), script).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn install(&self, from: &Path) -> Finished {
        let path = xtask::machine::search_path();
        let spec = ProcessSpec::new("sh")
            .with_argument(self.path("install.sh"))
            .with_variable("PATH", path)
            .with_variable("HOME", self.path("home"))
            .with_variable("TMPDIR", self.0.path())
            .with_variable("AMPCTL_DOWNLOAD", from);
        let limit = Duration::from_secs(60);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(command::run(spec, limit)).unwrap()
    }

    fn refuses(&self, from: &Path, reason: &str) {
        let refused = self.install(from);
        assert!(!refused.exit.status().is_success());
        let stderr = refused.exit.stderr().to_string();
        assert!(stderr.contains(reason), "{stderr}");
        assert!(!self.path("home").exists(), "something was installed");
    }
}

#[test]
fn the_installer_puts_the_program_where_programs_of_the_user_are() {
    let world = World::new();
    let finished = world.install(world.0.path());
    let program = world.path("home/.local/bin/ampctl");
    assert!(
        finished.exit.status().is_success(),
        "{}",
        finished.exit.stderr()
    );
    assert_eq!(finished.stdout.trim(), program.to_str().unwrap());
    assert!(fs::read_to_string(program).unwrap().contains("1.2.3"));
    assert_eq!(
        fs::read_dir(world.path("home/.local/bin")).unwrap().count(),
        1
    );
    // Nothing of its work is left.
    let is_temporary = |name: &str| name.starts_with("tmp");
    let left = fs::read_dir(world.0.path()).unwrap();
    assert!(
        !left
            .flatten()
            .any(|entry| is_temporary(&entry.file_name().to_string_lossy()))
    );
}

#[test]
fn the_installer_refuses_an_archive_that_was_changed() {
    let world = World::new();
    for target in TARGETS {
        let path = world.path(&format!("ampctl-1.2.3-{target}.tar.gz"));
        let mut bytes = fs::read(&path).unwrap();
        bytes.push(0);
        fs::write(path, bytes).unwrap();
    }
    world.refuses(world.0.path(), "is not the one of this release");
}

#[test]
fn the_installer_refuses_plain_http_and_what_is_no_address() {
    let world = World::new();
    for from in ["http://127.0.0.1:1", "ftp://example.test", "relative"] {
        world.refuses(Path::new(from), "is neither an https address nor a folder");
    }
}

#[test]
fn an_installer_of_an_address_that_is_not_encrypted_is_not_made() {
    for address in ["http://example.test", "https://example.test/$(id)", ""] {
        assert!(installer("1.2.3", address, "").is_err(), "{address}");
    }
}

#[test]
fn the_notes_are_what_the_changelog_says_of_the_version() {
    let changelog = "# Changelog\n\nWords.\n\n## [Unreleased]\n\n- next\n\n## [1.2.3] - 2026-11-22\n\n- this\n\n## [1.2.2]\n\n- old\n";
    assert_eq!(notes_of(changelog, "1.2.3").unwrap(), "- this\n");
    assert_eq!(notes_of(changelog, "1.3.0").unwrap(), "- next\n");
    assert!(notes_of("# Changelog\n", "1.2.3").is_err());
}
