//! Strings whose values belong to Amp.

use amp_protocol::tool::ToolName;
use amp_protocol::{Mode, ReasoningEffort};

#[test]
fn constants_work_in_patterns() {
    let kind = |name: &ToolName| match *name {
        ToolName::BASH | ToolName::SHELL_COMMAND => "shell",
        ToolName::READ => "read",
        _ => "other",
    };
    for read in [
        ToolName::from,
        |name: &str| ToolName::from(name.to_owned()),
        |name: &str| serde_json::from_value(name.into()).expect("a string"),
    ] {
        assert_eq!(kind(&read("Bash")), "shell");
        assert_eq!(kind(&read("shell_command")), "shell");
        assert_eq!(kind(&read("Read")), "read");
        assert_eq!(kind(&read("bash")), "other");
    }
}

#[test]
fn a_value_is_known_when_it_has_a_constant_and_sorts_by_its_text() {
    assert!(Mode::KNOWN.iter().all(|mode| Mode::from(*mode).is_known()));
    assert!(!Mode::from("a-plugins-mode").is_known());
    let mut modes = ["smart", "a", "rush", "z", "deep"].map(Mode::from);
    modes.sort();
    assert_eq!(modes, ["a", "deep", "rush", "smart", "z"]);
    let efforts: Vec<_> = ReasoningEffort::KNOWN.to_vec();
    assert_eq!(
        efforts,
        ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
    );
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
