//! The table of builds against what real CLIs have said to each flag.

use std::collections::BTreeMap;

use amp_session::{Dialect, Feature};

/// What a build says to each flag, with a value or without one.
type Flags = BTreeMap<String, Vec<(String, String)>>;

/// Returns the recorded flags of each build that has been recorded.
fn recorded() -> Vec<(String, Flags)> {
    let versions = std::fs::read_dir(fixtures::recording::recorded_folder()).unwrap();
    let mut tables = Vec::new();
    for version in versions {
        let folder = version.unwrap().path();
        let Ok(text) = std::fs::read_to_string(folder.join("flags.txt")) else {
            continue;
        };
        let mut flags = Flags::new();
        for line in text.lines().filter(|line| line.starts_with('-')) {
            let (question, answer) = line.split_once("  ").expect("two columns");
            let (flag, value) = question.split_once(' ').unwrap_or((question, ""));
            let answers = flags.entry(flag.to_owned()).or_default();
            answers.push((value.to_owned(), answer.trim().to_owned()));
        }
        let version = folder.file_name().unwrap().to_str().unwrap().to_owned();
        tables.push((version, flags));
    }
    assert!(tables.len() >= 7, "recordings of {} builds", tables.len());
    tables
}

#[test]
fn the_table_has_the_flags_that_recorded_builds_take_and_no_others() {
    for (version, flags) in recorded() {
        let dialect = Dialect::for_version(&version.as_str().into());
        assert_eq!(
            dialect.build().version,
            version,
            "every recorded build is in the table"
        );
        let mut compared = 0;
        for feature in Feature::all() {
            let Some(answers) = flags.get(feature.spelling()) else {
                continue;
            };
            let taken = answers.iter().any(|(_, answer)| answer != "unknown");
            assert_eq!(dialect.supports(feature), taken, "{version}: {feature}");
            compared += 1;
        }
        assert!(compared >= 15, "{version}: {compared} flags compared");
    }
}

#[test]
fn every_flag_of_the_table_but_one_was_put_to_the_recorded_builds() {
    let (_, flags) = recorded().pop().unwrap();
    let of_the_table = Feature::all().map(Feature::spelling);
    let mut unasked: Vec<&str> = of_the_table
        .filter(|spelling| spelling.starts_with("--") && !spelling.contains(' '))
        .filter(|spelling| !flags.contains_key(*spelling))
        .collect();
    unasked.sort_unstable();
    assert_eq!(
        unasked,
        ["--runner-dir"],
        "measured, and not among the questions yet"
    );
}

#[test]
fn a_mode_that_a_build_refuses_is_not_in_the_table() {
    for (version, flags) in recorded() {
        let dialect = Dialect::for_version(&version.as_str().into());
        for (mode, answer) in &flags["--mode"] {
            if answer.starts_with("refused") {
                assert!(!dialect.knows_mode(mode), "{version}: {mode}");
            }
        }
    }
}

#[test]
fn no_recorded_build_takes_what_was_documented_and_never_real() {
    for (version, flags) in recorded() {
        for flag in [
            "--print",
            "--continue",
            "--resume",
            "--dangerously-skip-permissions",
        ] {
            let taken: Vec<_> = flags[flag]
                .iter()
                .filter(|(_, answer)| answer != "unknown")
                .collect();
            assert!(taken.is_empty(), "{version}: {flag} {taken:?}");
        }
        let formats = flags["--output-format"].iter();
        let mut streams = formats.filter(|(value, _)| value == "stream-json");
        assert!(
            streams.all(|(_, answer)| answer == "unknown" || answer.starts_with("refused")),
            "{version}"
        );
    }
}
