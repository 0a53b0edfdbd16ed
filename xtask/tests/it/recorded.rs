//! What is on file fits together, without a CLI at hand.

use fixtures::recording::{recorded_folder, recordings, versions};
use xtask::fingerprint::Fingerprint;
use xtask::flag_table::QUESTIONS;
use xtask::versions::{Manifest, Selection};

#[test]
fn the_recorded_versions_are_those_of_the_manifest() {
    let manifest = Manifest::read().unwrap();
    let listed: Vec<String> = manifest
        .versions
        .iter()
        .map(|version| version.number.clone())
        .collect();
    assert_eq!(versions(), listed);
}

#[test]
fn the_shapes_on_file_are_those_of_the_recordings() {
    for version in versions() {
        let mut fingerprint = Fingerprint::default();
        for recording in recordings() {
            if recording.version == version {
                fingerprint.add(&recording.stdout().unwrap());
            }
        }
        let path = recorded_folder().join(&version).join("schema.txt");
        let on_file = std::fs::read_to_string(path).unwrap();
        assert_eq!(on_file, fingerprint.render(&version), "{version}");
    }
}

#[test]
fn every_question_about_flags_has_an_answer_on_file() {
    for version in versions() {
        let path = recorded_folder().join(&version).join("flags.txt");
        let table = std::fs::read_to_string(path).unwrap();
        for question in QUESTIONS {
            let flag = format!("{} ", question.join(" "));
            assert!(
                table.lines().any(|line| line.starts_with(&flag)),
                "{version}: {flag}"
            );
        }
        assert!(
            !table.contains("other: "),
            "{version}: an answer that was not understood"
        );
    }
}

#[test]
fn every_version_has_its_scenarios() {
    let manifest = Manifest::read().unwrap();
    for version in &manifest.versions {
        let names: Vec<String> = recordings()
            .into_iter()
            .filter(|recording| recording.version == version.number)
            .map(|recording| recording.scenario)
            .collect();
        match version.scenarios {
            Selection::All => assert!(names.len() >= 60, "{}: {}", version.number, names.len()),
            Selection::Core => {
                let others: Vec<_> = names
                    .iter()
                    .filter(|name| !manifest.core.contains(name))
                    .collect();
                assert!(others.is_empty(), "{}: {others:?}", version.number);
                assert!(names.len() >= 25, "{}: {}", version.number, names.len());
            }
        }
    }
}
