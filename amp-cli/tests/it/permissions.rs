//! `ampctl permissions`: what rules say, without any Amp.

use amp_cli::ExitCode;
use serde_json::{Value, json};

use crate::support::World;

const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

/// Judges a call by these rules and no others.
fn judge(world: &World, rules: &Value, more: &[&str]) -> Value {
    world.write("project/rules.json", &rules.to_string());
    let mut arguments = vec!["permissions", "test"];
    arguments.extend_from_slice(more);
    arguments.extend(["--rules", "rules.json", "--builtin", "none", "--json"]);
    let finished = world.run(&arguments);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    finished.json()
}

#[test]
fn a_call_is_judged_by_a_file_without_an_amp() {
    let world = World::new();
    let rules = json!([
        {"tool": "Bash", "matches": {"cmd": "git push*"}, "action": "reject"},
        {"tool": "Foo", "action": "allow"},
    ]);
    let push = r#"{"command": "git push origin"}"#;
    let answer = judge(
        &world,
        &rules,
        &["shell_command", "--arguments", push, "--build", SEPTEMBER],
    );
    assert_eq!(answer["action"], "reject");
    assert_eq!(answer["match_index"], 1);
    assert_eq!(answer["source"], "user");
    assert_eq!(answer["rule_number"], 1);
    let answer = judge(&world, &rules, &["Foo", "--build", SEPTEMBER]);
    assert_eq!(answer["match_index"], 3);
    let answer = judge(&world, &rules, &["Bar", "--build", SEPTEMBER]);
    assert_eq!(answer["action"], Value::Null);
    assert_eq!(answer["run"]["action"], "ask");
}

#[test]
fn a_bad_rule_is_an_invalid_configuration_and_dropped_in_a_run() {
    let rules = json!([{"tool": "Foo", "action": "rejct"}, {"tool": "Foo", "action": "allow"}]);
    let answer = judge(&World::new(), &rules, &["Foo", "--build", SEPTEMBER]);
    assert_eq!(answer["action"], "config-error");
    assert_eq!(answer["run"]["action"], "allow");
    assert_eq!(answer["run"]["rule_number"], 2);
    let answer = judge(&World::new(), &json!({"Foo": "reject"}), &["Foo"]);
    assert_eq!(answer["action"], "config-error");
}

#[test]
fn a_build_nobody_measured_is_unknown_and_asked_about() {
    let rules = json!([{"tool": "Foo", "action": "allow"}]);
    for build in [
        "0.0.1990142911-gabcdef0",
        "0.0.1789000000-gabcdef0",
        "nightly",
    ] {
        let answer = judge(&World::new(), &rules, &["Foo", "--build", build]);
        assert_eq!(answer["action"], "ask", "{build}");
        assert_eq!(answer["known"], false, "{build}");
    }
}

#[test]
fn the_rules_in_force_are_those_of_the_settings_workspace_first() {
    let world = World::new();
    world.write(
        "home/.config/amp/settings.json",
        r#"{ "amp.permissions": [{"tool": "Foo", "action": "reject"}] }"#,
    );
    let ask = |world: &World| {
        let build = ["--build", SEPTEMBER, "--builtin", "none", "--json"];
        let arguments = ["permissions", "test", "Foo"];
        world.run(&[&arguments[..], &build].concat()).json()
    };
    let answer = ask(&world);
    assert_eq!(answer["action"], "reject");
    assert_eq!(answer["line"], 1);
    world.write(
        "project/.amp/settings.json",
        "{\n // why\n \"amp.permissions\": [\n  {\"tool\": \"Foo\", \"action\": \"allow\"}]}",
    );
    let answer = ask(&world);
    assert_eq!(answer["action"], "allow");
    assert_eq!(answer["scope"], "workspace");
    assert_eq!(answer["source"], "user");
    assert_eq!(answer["line"], 4);
    world.write(
        "project/.amp/settings.json",
        r#"{"amp.dangerouslyAllowAll": true}"#,
    );
    let answer = ask(&world);
    assert_eq!(answer["action"], "reject", "`test` ignores it");
    assert_eq!(answer["run"]["action"], "allow");
    world.write("project/.amp/settings.json", r#"{"amp.permissions": ["#);
    assert_eq!(ask(&world)["run"]["known"], false);
}

#[test]
fn amps_own_form_of_arguments_is_taken_too() {
    let world = World::new();
    let rules = r#"[{"tool": "Bash", "matches": {"cmd": "git *"}, "action": "reject"}]"#;
    world.write("project/rules.json", rules);
    let options = [
        "permissions",
        "test",
        "--rules",
        "rules.json",
        "--builtin",
        "none",
    ];
    let call = [
        "--build",
        SEPTEMBER,
        "--json",
        "Bash",
        "--cmd",
        "git -C x push",
    ];
    let finished = world.run(&[&options[..], &call].concat());
    assert_eq!(
        finished.json()["action"],
        "reject",
        "{}",
        finished.document()
    );
    let misplaced = ["Bash", "--cmd", "git push", "--json"];
    let finished = world.run(&[&options[..], &misplaced].concat());
    assert_eq!(finished.code, ExitCode::Usage);
    assert!(finished.stderr().contains("come before them"));
}

#[test]
fn explain_says_of_each_rule_for_the_tool_why_it_does_not_decide() {
    let world = World::new();
    world.write(
        "project/rules.json",
        r#"[
  {"tool": "Foo", "matches": {"a": "x"}, "action": "reject"},
  {"tool": "Foo", "context": "subagent", "action": "reject"},
  {"tool": "Bar", "action": "reject"},
  {"tool": "F*", "action": "ask"}
]"#,
    );
    let options = [
        "permissions",
        "explain",
        "--rules",
        "rules.json",
        "--builtin",
        "none",
    ];
    let call = ["--build", SEPTEMBER, "Foo", "--a", "y"];
    let finished = world.run(&[&options[..], &call].concat());
    insta::assert_snapshot!(finished.document());
}

#[test]
fn lint_fails_on_errors_alone_and_says_where_they_are() {
    let world = World::new();
    world.write(
        "project/bad.json",
        "[\n{\"tool\": \"Bahs\", \"action\": \"reject\"}]",
    );
    let finished = world.run(&["permissions", "lint", "bad.json"]);
    assert_eq!(finished.code, ExitCode::Failed);
    insta::assert_snapshot!(finished.document());
    world.write(
        "project/doubtful.json",
        r#"[{"tool": "Bash", "matches": {"cmd": "git *"}, "action": "allow"}]"#,
    );
    let finished = world.run(&["permissions", "lint", "doubtful.json", "--json"]);
    assert_eq!(finished.code, ExitCode::Done);
    assert_eq!(finished.json()["findings"][0]["check"], "allows-more");
}
