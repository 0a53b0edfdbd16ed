//! What a check of the recordings says something about.

use fixtures::NEWEST_VERSION;
use fixtures::recording::{Recording, recordings};
use fixtures::scenario::Scenario;
use xtask::record::coverage::{Coverage, is_settled, judge};
use xtask::record::keeper::Mode;

fn newest() -> Vec<Recording> {
    let of_newest = |recording: &Recording| recording.version == NEWEST_VERSION;
    recordings().into_iter().filter(of_newest).collect()
}

#[test]
fn every_recording_is_compared_or_counted_among_those_that_are_not() {
    let (recordings, mut scenarios) = (newest(), Scenario::all().unwrap());
    for (name, scenario) in &mut scenarios {
        scenario.varies = name == "bash";
    }
    let live = recordings
        .iter()
        .filter(|one| one.scenario.starts_with("live-"));
    let live = live.count();
    let coverage = Coverage::of(&recordings, &["text", "files"], &scenarios);
    assert_eq!((coverage.compared, coverage.live), (2, live));
    assert_eq!(coverage.settled, ["bash"]);
    assert_eq!(coverage.not_asked_for, recordings.len() - live - 3);
    let told = coverage.to_string();
    assert!(told.contains("2 recordings compared"), "{told}");
    assert!(
        told.contains("1 that a race in the CLI decides (bash)"),
        "{told}"
    );
}

#[test]
fn only_what_varies_and_is_on_file_stays_as_it_is() {
    let mut scenarios = Scenario::all().unwrap();
    for scenario in scenarios.values_mut() {
        scenario.varies = true;
    }
    assert!(is_settled(NEWEST_VERSION, "text", &scenarios));
    assert!(!is_settled("0.0.1-gabc", "text", &scenarios));
    assert!(!is_settled(NEWEST_VERSION, "unheard-of", &scenarios));
    scenarios.get_mut("text").unwrap().varies = false;
    assert!(!is_settled(NEWEST_VERSION, "text", &scenarios));
}

#[test]
fn a_check_that_compared_nothing_fails() {
    for mode in [Mode::Check, Mode::Write] {
        assert!(judge(0, 0, mode).is_err());
        assert!(judge(1, 0, mode).is_ok());
    }
    assert!(judge(1, 1, Mode::Check).is_err());
    assert!(judge(1, 1, Mode::Write).is_ok());
}
