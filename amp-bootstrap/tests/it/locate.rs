//! Finding an Amp that is already there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use amp_bootstrap::{
    ErrorKind, ExecutableKind, LocateReport, Place, Platform, Variables, Verdict, locate,
};

use crate::support::world::{LINUX, World};

/// The first bytes of a Linux program for x86-64.
fn elf(machine: u8) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(64, 0);
    bytes[18] = machine;
    bytes
}

struct Machine {
    folder: tempfile::TempDir,
    environment: Variables,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut machine = Self {
            environment: Variables::new(),
            folder,
        };
        machine.set("HOME", "home");
        machine.set("PATH", "path");
        machine.set("PREFIX", "prefix");
        machine
    }

    fn set(&mut self, name: &str, path: &str) {
        let value = self.folder.path().join(path);
        self.environment.insert(name.into(), value.into());
    }

    fn put(&self, path: &str, bytes: &[u8], mode: u32) -> PathBuf {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    fn put_program(&self, path: &str) -> PathBuf {
        self.put(path, &elf(62), 0o755)
    }

    fn locate(&self) -> LocateReport {
        locate(&self.environment, None, LINUX)
    }

    fn reason(&self) -> String {
        let report = self.locate();
        assert_eq!(report.found, None);
        let unusable =
            report
                .candidates
                .into_iter()
                .find_map(|candidate| match candidate.verdict {
                    Verdict::Unusable { reason, .. } => Some(reason),
                    _ => None,
                });
        unusable.unwrap()
    }
}

#[test]
fn places_are_searched_in_their_documented_order() {
    let mut machine = Machine::new();
    machine.set("AMP_HOME", "amp-home");
    let places = [
        (
            "prefix/lib/node_modules/@ampcode/cli/bin/amp.exe",
            Place::NpmGlobal,
        ),
        ("prefix/bin/amp", Place::NpmGlobal),
        ("path/amp", Place::SearchPath),
        ("home/.local/bin/amp", Place::LocalBin),
        ("home/.amp/bin/amp", Place::HomeAmp),
        ("amp-home/bin/amp", Place::AmpHome),
    ];
    for (path, place) in places {
        let path = machine.put_program(path);
        let report = machine.locate();
        let found = report.require().unwrap();
        assert_eq!((found.place, &found.path), (place, &path));
    }
    let explicit = machine.put_program("anywhere/my-amp");
    machine.set("AMP_CLI_PATH", "anywhere/my-amp");
    let report = machine.locate();
    assert_eq!(report.require().unwrap().path, explicit);
    let shadowed = report
        .candidates
        .iter()
        .filter(|c| c.verdict == Verdict::Shadowed);
    assert_eq!(shadowed.count(), places.len());
}

#[test]
fn an_explicit_path_that_does_not_work_is_not_silently_passed_over() {
    let mut machine = Machine::new();
    machine.put_program("path/amp");
    machine.set("AMP_CLI_PATH", "missing");
    let report = machine.locate();
    assert_eq!(report.found, None);
    assert_eq!(report.candidates[0].verdict, Verdict::Absent);
    assert_eq!(
        report.require().unwrap_err().kind(),
        ErrorKind::NotInstalled
    );
}

#[test]
fn our_own_store_comes_before_what_lies_around() {
    let world = World::new();
    let installed = world.installs();
    let machine = Machine::new();
    machine.put_program("home/.amp/bin/amp");
    let report = locate(&machine.environment, Some(&world.store()), LINUX);
    let found = report.require().unwrap();
    assert_eq!((found.place, &found.path), (Place::Store, &installed.path));
    assert_eq!(found.version, Some(installed.version));
    assert_eq!(found.sha256, Some(installed.sha256));
    assert_eq!(found.source.as_deref(), Some("bucket"));
}

#[test]
fn a_native_program_is_run_as_it_is() {
    let machine = Machine::new();
    // As the npm package names it on every system.
    let path = machine.put_program("prefix/lib/node_modules/@ampcode/cli/bin/amp.exe");
    machine.put_program("path/node");
    let manifest = br#"{"name":"@ampcode/cli","version":"0.0.1790142911-g7618fb"}"#;
    machine.put(
        "prefix/lib/node_modules/@ampcode/cli/package.json",
        manifest,
        0o644,
    );
    let report = machine.locate();
    let found = report.require().unwrap();
    assert_eq!(found.kind, ExecutableKind::Native);
    assert_eq!(
        (&found.launch.program, found.launch.arguments.len()),
        (&path, 0)
    );
    assert_eq!(found.version.as_ref().unwrap().commit(), "7618fb");
}

#[test]
fn a_script_for_node_is_run_by_node() {
    let machine = Machine::new();
    let script = machine.put(
        "prefix/lib/node_modules/@sourcegraph/amp/dist/main.js",
        b"#!/usr/bin/env node\nimport x\n",
        0o644,
    );
    assert_eq!(machine.reason(), "it needs node, which is not on PATH");
    let node = machine.put_program("path/node");
    symlink(&script, machine.folder.path().join("path/amp")).unwrap();
    let report = machine.locate();
    let found = report.require().unwrap();
    assert_eq!(found.kind, ExecutableKind::NodeScript);
    assert_eq!(found.launch.program, node);
    assert_eq!(
        found.launch.arguments,
        [machine.folder.path().join("path/amp")]
    );
    assert_eq!(found.real_path, script.canonicalize().unwrap());
}

#[test]
fn what_cannot_be_run_is_passed_over_with_a_reason() {
    let with = |bytes: &[u8], mode: u32| {
        let machine = Machine::new();
        machine.put("path/amp", bytes, mode);
        machine.reason()
    };
    assert_eq!(with(b"", 0o755), "it is empty");
    assert_eq!(with(&elf(62), 0o644), "it is not executable");
    assert_eq!(with(&elf(183), 0o755), "it is built for another processor");
    assert_eq!(
        with(b"MZ....", 0o755),
        "it is built for another operating system"
    );
    assert_eq!(
        with(b"plain text", 0o755),
        "it is neither a program nor a script"
    );
    let machine = Machine::new();
    fs::create_dir_all(machine.folder.path().join("path/amp")).unwrap();
    assert_eq!(machine.reason(), "it is not a file");
    let machine = Machine::new();
    fs::create_dir_all(machine.folder.path().join("path")).unwrap();
    symlink("nowhere", machine.folder.path().join("path/amp")).unwrap();
    assert_eq!(machine.reason(), "the link leads nowhere");
}

#[test]
fn a_changed_executable_in_our_store_is_not_taken() {
    let world = World::new();
    let installed = world.installs();
    fs::write(&installed.path, "#!/bin/sh\n").unwrap();
    let machine = Machine::new();
    let report = locate(&machine.environment, Some(&world.store()), LINUX);
    assert_eq!(report.found, None);
    assert!(matches!(
        report.candidates[0].verdict,
        Verdict::Unusable { .. }
    ));
}

#[test]
fn a_wrapper_in_shell_is_run_as_it_is() {
    let machine = Machine::new();
    let path = machine.put("path/amp", b"#!/bin/sh\nexec /opt/amp \"$@\"\n", 0o755);
    let report = machine.locate();
    let found = report.require().unwrap();
    assert_eq!(
        (found.kind, found.launch.program.as_path()),
        (ExecutableKind::Script, path.as_path())
    );
}

#[test]
fn the_report_is_plain_json() {
    let machine = Machine::new();
    machine.put_program("path/amp");
    let report = machine.locate();
    let folder = machine.folder.path().display().to_string();
    let text = serde_json::to_string_pretty(&report)
        .unwrap()
        .replace(&folder, "FOLDER");
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("locate_report", text);
    });
}

#[test]
fn an_empty_machine_has_none() {
    let report = locate(&Variables::new(), None, Platform::detect().unwrap_or(LINUX));
    let error = report.require().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotInstalled);
    assert!(!error.next_steps().is_empty());
}
