//! Modes, visibility and settings keys, and the builds that know them.

use amp_protocol::{Mode, ReasoningEffort, SettingsKey, Visibility};

const JANUARY: u64 = 1_767_830_505;
const MAY: u64 = 1_777_897_475;
const SEPTEMBER: u64 = 1_790_142_911;

#[test]
fn every_known_value_names_its_builds() {
    for mode in Mode::KNOWN {
        assert!(Mode::from(*mode).builds().is_some(), "{mode}");
    }
    for visibility in Visibility::KNOWN {
        assert!(
            Visibility::from(*visibility).builds().is_some(),
            "{visibility}"
        );
    }
    for effort in ReasoningEffort::KNOWN {
        assert!(
            ReasoningEffort::from(*effort).builds().is_some(),
            "{effort}"
        );
    }
    for key in SettingsKey::KNOWN {
        let listed = SettingsKey::from(*key).builds().is_some();
        assert_eq!(listed, *key != "amp.url", "{key}");
    }
}

#[test]
fn modes_changed_in_summer() {
    let known = |mode: Mode, build| mode.builds().is_some_and(|builds| builds.contains(build));
    assert!(
        known(Mode::SMART, JANUARY) && known(Mode::SMART, MAY) && !known(Mode::SMART, SEPTEMBER)
    );
    assert!(!known(Mode::MEDIUM, MAY) && known(Mode::MEDIUM, SEPTEMBER));
    assert!(!known(Mode::DEEP, JANUARY) && known(Mode::DEEP, MAY));
    assert_eq!(Mode::from("a-plugins-mode").builds(), None);
}

#[test]
fn public_became_unlisted() {
    let known = |visibility: Visibility, build| {
        visibility
            .builds()
            .is_some_and(|builds| builds.contains(build))
    };
    assert!(known(Visibility::PUBLIC, MAY) && !known(Visibility::PUBLIC, SEPTEMBER));
    assert!(!known(Visibility::UNLISTED, MAY) && known(Visibility::UNLISTED, SEPTEMBER));
}

#[test]
fn every_recorded_mode_is_known_but_the_one_nobody_has() {
    let mut unknown = Vec::new();
    for recording in fixtures::recordings() {
        for line in recording.lines().expect("the recording can be read") {
            let event = amp_protocol::decode_line(&line).into_event();
            if let Some(amp_protocol::Event::System(system)) = event
                && let Some(mode) = system.agent_mode.filter(|mode| !mode.is_known())
            {
                unknown.push(mode.to_string());
            }
        }
    }
    unknown.dedup();
    assert_eq!(unknown, ["bogus"]);
}
