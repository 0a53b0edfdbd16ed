//! `ampctl permissions`: what rules say, without any Amp.

use amp_cli::ExitCode;
use serde_json::{Value, json};

use crate::support::{Finished, World};

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
fn the_workspaces_rules_can_judge_alone() {
    let world = World::new();
    world.write(
        "project/mine.json",
        r#"[{"tool": "Bar", "action": "reject"}]"#,
    );
    world.write(
        "project/theirs.json",
        r#"[{"tool": "Foo", "action": "reject"}]"#,
    );
    let answer = |more: &[&str]| {
        let files = ["--rules", "mine.json", "--workspace-rules", "theirs.json"];
        let base = [
            "permissions",
            "test",
            "--builtin",
            "none",
            "--build",
            SEPTEMBER,
            "--json",
        ];
        let answer = world.run(&[&base[..], &files, more].concat()).json();
        (answer["action"].clone(), answer["match_index"].clone())
    };
    assert_eq!(answer(&["Bar"]), (json!("reject"), json!(1)));
    assert_eq!(answer(&["-w", "Bar"]), (json!(null), json!(null)));
    assert_eq!(answer(&["-w", "Foo"]), (json!("reject"), json!(0)));
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

/// Runs `ampctl permissions` with these words for the build of September.
fn change(world: &World, words: &[&str]) -> Finished {
    let (verb, rest) = words.split_first().expect("a verb");
    world.run(&[&["permissions", verb, "--build", SEPTEMBER], rest].concat())
}

#[test]
fn rules_are_added_listed_and_removed_where_amp_reads_them() {
    let world = World::new();
    let settings = world.write(
        "home/.config/amp/settings.json",
        "{\n  // mine\n  \"amp.permissions\": [\n    {\"tool\": \"Read\", \"action\": \"allow\"}\n  ]\n}\n",
    );
    let added = change(
        &world,
        &["add", "reject", "shell_command", "--command", "*push*"],
    );
    assert_eq!(added.code, ExitCode::Done, "{}", added.document());
    let workspace = [
        "add",
        "-w",
        "--json",
        "--rule",
        r#"{"tool": "Read", "action": "ask"}"#,
    ];
    let added = change(&world, &workspace).json();
    assert_eq!(
        (&added["written"], &added["rules"]),
        (&json!(true), &json!(1))
    );

    let listed = world.run(&["permissions", "list", "--json"]).json();
    let rows: Vec<_> = listed["rules"].as_array().expect("rows").iter().collect();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (&row["scope"], &row["number"], &row["rule"]["tool"]))
        .collect();
    assert_eq!(
        seen,
        [
            (&json!("workspace"), &json!(1), &json!("Read")),
            (&json!("user"), &json!(1), &json!("shell_command")),
            (&json!("user"), &json!(2), &json!("Read")),
        ]
    );
    let own = world.run(&["permissions", "list", "-w", "--json"]).json();
    assert_eq!(own["rules"].as_array().map(Vec::len), Some(1));

    let removed = change(&world, &["remove", "2"]);
    assert_eq!(removed.code, ExitCode::Done, "{}", removed.document());
    let text = std::fs::read_to_string(settings).expect("settings");
    assert!(text.contains("// mine") && !text.contains("Read"), "{text}");
    assert_eq!(change(&world, &["remove", "2"]).code, ExitCode::Usage);
}

#[test]
fn a_rule_that_would_not_do_what_it_says_is_refused() {
    let world = World::new();
    for words in [
        &["add", "deny", "Bash"][..],
        &["add", "reject", "Bash", "--command", "git push*"],
        &["add", "delegate", "Bash"],
    ] {
        let refused = change(&world, words);
        assert_eq!(refused.code, ExitCode::Refused, "{}", refused.document());
    }
    for words in [
        &["add", "reject", "Bash", "--cmd", "x", "--to", "y"][..],
        &["add", "reject"],
        &["add"],
        &["add", "--rule", "{}"],
        &["remove", "0"],
    ] {
        assert_eq!(change(&world, words).code, ExitCode::Usage, "{words:?}");
    }
    let path = world.write("home/.config/amp/settings.json", "{\"amp.permissions\": [");
    let left = change(&world, &["add", "reject", "Read"]);
    assert_eq!(left.code, ExitCode::Failed, "{}", left.document());
    let text = std::fs::read_to_string(path).expect("settings");
    assert_eq!(text, "{\"amp.permissions\": [");
}

#[test]
fn findings_come_as_sarif() {
    let world = World::new();
    world.write(
        "project/a folder/bad.json",
        "[\n{\"tool\": \"Bahs\", \"action\": \"reject\"}]",
    );
    let lint = [
        "permissions",
        "lint",
        "--build",
        SEPTEMBER,
        "--sarif",
        "a folder/bad.json",
    ];
    let finished = world.run(&lint);
    assert_eq!(finished.code, ExitCode::Failed);
    // Logs like this one were held against the schema of OASIS (2026-11-22, `jsonschema` 4): they
    // are valid with no findings, with several, and with files of rare names.
    let log = serde_json::to_string_pretty(&finished.json()).expect("JSON");
    let version = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    insta::assert_snapshot!(log.replace(version, "\"version\": \"VERSION\""));
}

#[test]
fn the_linter_judges_as_the_amp_in_use_does_and_says_so() {
    let world = World::replaying(&["demo-first"]);
    world.write("project/rules.json", "[]");
    let finished = world.run(&["permissions", "lint", "rules.json", "--json"]);
    assert_eq!(finished.json()["chosen_by"], "amp-in-use");
    let alone = World::new().with("PATH", "/nowhere");
    alone.write("project/rules.json", "[]");
    let finished = alone.run(&["permissions", "lint", "rules.json", "--json"]);
    assert_eq!(
        finished.json()["chosen_by"],
        "newest-measured",
        "{}",
        finished.document()
    );
    let finished = alone.run(&["permissions", "lint", "rules.json"]);
    assert!(
        finished.stderr().contains("the newest measured"),
        "{}",
        finished.stderr()
    );
}
