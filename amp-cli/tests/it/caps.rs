//! Runs that may use only so much.

use amp_cli::ExitCode;

use crate::support::World;

/// Writes a message with a tool call, as a command of the fake agent's script.
fn call(number: usize) -> String {
    format!(
        concat!(
            r#"out {{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"{}","#,
            r#""name":"Read","input":{{"path":"/etc/hosts"}}}}],"#,
            r#""usage":{{"input_tokens":900,"cache_read_input_tokens":9000,"output_tokens":100}}}}}}"#,
        ),
        number
    )
}

pub(crate) fn five_calls() -> World {
    let init = r#"out {"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001"}"#;
    let calls: Vec<String> = (1..=5).map(call).collect();
    World::playing(&format!("{init}; {}; hang", calls.join("; ")))
}

#[test]
fn a_run_that_wants_more_than_it_may_have_is_stopped() {
    for (name, option) in [
        ("tokens", ["--max-tokens", "4.5k"]),
        ("tool_calls", ["--max-tool-calls", "4"]),
        ("turns", ["--max-turns", "5"]),
    ] {
        let finished = five_calls().run(&["run", "read it all", option[0], option[1]]);
        assert_eq!(finished.code, ExitCode::Capped, "{name}");
        insta::assert_snapshot!(format!("capped_{name}"), finished.document());
    }
}

#[test]
fn a_cap_is_told_in_json_as_well() {
    let finished = five_calls().run(&["run", "read it all", "--max-turns", "2", "--json"]);
    assert_eq!(finished.code, ExitCode::Capped);
    let document = finished.json();
    assert_eq!(document["outcome"], "capped");
    assert_eq!(document["exit_code"], 9);
    assert_eq!(document["error"]["kind"], "capped");
}

#[test]
fn a_setting_caps_every_run_and_an_option_lifts_it() {
    let world = five_calls().with("AMPCTL_MAX_TOOL_CALLS", "1");
    let finished = world.run(&["run", "read it all"]);
    assert_eq!(finished.code, ExitCode::Capped);
    let lifted = [
        "run",
        "read it all",
        "--max-tool-calls",
        "none",
        "--max-turns",
        "5",
    ];
    let finished = world.run(&lifted);
    assert!(
        finished
            .stderr()
            .contains("5 messages of the model, of at most 5"),
        "{}",
        finished.stderr()
    );
}

#[test]
fn what_is_no_number_is_refused() {
    let finished = five_calls().run(&["run", "hi", "--max-tokens", "many"]);
    assert_eq!(finished.code, ExitCode::Usage);
    assert!(finished.stderr().contains("200k"), "{}", finished.stderr());
}
