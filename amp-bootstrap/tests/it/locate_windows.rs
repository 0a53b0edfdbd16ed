//! Finding an Amp that is already there, under the names and in the places of Windows.

use std::fs;
use std::path::PathBuf;

use amp_bootstrap::{
    Architecture, ExecutableKind, LocateReport, OperatingSystem, Place, Platform, Variables,
    Verdict, locate,
};
use tempfile::TempDir;

const WINDOWS: Platform = Platform::new(OperatingSystem::Windows, Architecture::X64);

/// The first bytes of a Windows program.
const PROGRAM: &[u8] = b"MZ\x90\0";

struct Machine {
    folder: TempDir,
    environment: Variables,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let set = |name: &str, below: &str| (name.into(), folder.path().join(below).into());
        // As Windows itself writes the names, which differ in case from ours.
        let environment = [
            set("UserProfile", "home"),
            set("AppData", "home/roaming"),
            set("Path", "path"),
        ];
        Self {
            environment: environment.into(),
            folder,
        }
    }

    fn put(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn locate(&self) -> LocateReport {
        locate(&self.environment, None, WINDOWS)
    }
}

#[test]
fn places_are_searched_in_their_documented_order() {
    let machine = Machine::new();
    let places = [
        (
            "home/roaming/npm/node_modules/@ampcode/cli/bin/amp.exe",
            Place::NpmGlobal,
        ),
        ("home/roaming/npm/amp.exe", Place::NpmGlobal),
        ("path/amp.exe", Place::SearchPath),
        ("home/.local/bin/amp.exe", Place::LocalBin),
        ("home/.amp/bin/amp.exe", Place::HomeAmp),
    ];
    for (path, place) in places {
        let path = machine.put(path, PROGRAM);
        let report = machine.locate();
        let found = report.require().unwrap();
        assert_eq!((found.place, &found.path), (place, &path));
        assert_eq!(found.kind, ExecutableKind::Native);
        assert_eq!(found.launch.program, path);
    }
}

#[test]
fn a_batch_file_is_taken_where_there_is_no_program() {
    let machine = Machine::new();
    let batch = machine.put("path/amp.cmd", b"@echo off\r\n");
    let found = machine.locate().found.unwrap();
    assert_eq!((found.kind, &found.path), (ExecutableKind::Script, &batch));
    let program = machine.put("path/amp.exe", PROGRAM);
    assert_eq!(machine.locate().found.unwrap().path, program);
}

#[test]
fn a_script_is_run_by_node() {
    let machine = Machine::new();
    let script = "home/roaming/npm/node_modules/@sourcegraph/amp/dist/main.js";
    let script = machine.put(script, b"#!/usr/bin/env node\n");
    assert_eq!(machine.locate().found, None);
    let node = machine.put("path/node.exe", PROGRAM);
    let launch = machine.locate().found.unwrap().launch;
    let arguments: Vec<PathBuf> = launch.arguments.iter().map(PathBuf::from).collect();
    assert_eq!((launch.program, arguments), (node, vec![script]));
}

#[test]
fn a_program_of_another_system_is_passed_over_with_a_reason() {
    let machine = Machine::new();
    machine.put("path/amp.exe", b"\x7fELF\x02\x01\x01");
    let report = machine.locate();
    assert_eq!(report.found, None);
    let verdict = Verdict::Unusable {
        reason: "it is built for another operating system".to_owned(),
        next_steps: Vec::new(),
    };
    assert!(report.candidates.iter().any(|c| c.verdict == verdict));
}
