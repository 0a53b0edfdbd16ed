//! Permission rules: written, read, and refused for the reasons the CLI gives.

use amp_protocol::{
    Condition, Conditions, PermissionContext, PermissionRule, RawJson, RuleProblem,
};

fn read(rule: &str) -> Result<PermissionRule, Vec<RuleProblem>> {
    PermissionRule::read(&RawJson::from_text(rule.to_owned()).expect("JSON"))
}

#[test]
fn every_kind_of_condition_comes_back_as_it_was() {
    let rule = r#"{"tool":"Foo","matches":{"z":"/re/","a":["x*",5,true],"n":1.5,"none":null,"o":{"deep":{"p":"q"}},"e":{}},"action":"ask","context":"subagent","note":"kept"}"#;
    let read = read(rule).expect("a good rule");
    assert_eq!(
        serde_json::to_string(&read).expect("it can be written"),
        rule
    );
}

#[test]
fn rules_are_read_from_parsed_settings_too() {
    let settings =
        serde_json::json!([{"tool": "*", "action": "delegate", "to": "/bin/helper", "x": [1]}]);
    let rules: Vec<PermissionRule> = serde_json::from_value(settings).expect("rules");
    assert_eq!(rules[0].to.as_deref(), Some("/bin/helper"));
    assert!(rules[0].extra.get("x").is_some());
}

#[test]
fn rules_made_here_are_fine() {
    let mut fields = Conditions::default();
    fields.push("a", true);
    let rules = [
        PermissionRule::allow("Read").with_match("path", vec!["/a/*", "/b/*"]),
        PermissionRule::ask("mcp__*").with_context(PermissionContext::SUBAGENT),
        PermissionRule::reject("Bash")
            .with_match("o", fields)
            .with_message("not here"),
        PermissionRule::delegate("*", "/bin/helper"),
    ];
    for rule in rules {
        assert_eq!(rule.problems(), [], "{rule:?}");
    }
}

/// The rules that `amp permissions test` refused as an invalid configuration, on six builds from
/// 2026-01-08 to 2026-09-23.
#[test]
fn what_the_cli_refuses_is_refused_here() {
    let table = [
        (r#"{"tool":"","action":"reject"}"#, "the tool is empty"),
        (
            r#"{"tool":"Foo","action":"reject","matches":{"a":[]}}"#,
            "the list of alternatives for `a` is empty",
        ),
        (
            r#"{"tool":"Foo","action":"reject","matches":null}"#,
            "an optional field is null instead of absent",
        ),
        (
            r#"{"tool":"Foo","action":"reject","context":"bogus"}"#,
            "the context \"bogus\" is neither thread nor subagent",
        ),
        (
            r#"{"tool":"Foo","action":"allow","message":"No."}"#,
            "`message` belongs to reject rules only",
        ),
        (
            r#"{"tool":"Foo","action":"allow","to":"/bin/true"}"#,
            "`to` belongs to delegate rules only",
        ),
        (
            r#"{"tool":"Foo","action":"delegate"}"#,
            "a delegate rule needs a program in `to`",
        ),
        (
            r#"{"tool":"Foo","action":"permit"}"#,
            "the action \"permit\" is none of allow, reject, ask and delegate",
        ),
        (r#"{"tool":"Foo"}"#, "missing field `action`"),
        (r#"{"action":"allow"}"#, "missing field `tool`"),
        (
            r#""Foo""#,
            "invalid type: string \"Foo\", expected an object (PermissionRule)",
        ),
        (
            "null",
            "invalid type: null, expected an object (PermissionRule)",
        ),
        (
            r#"{"tool":"Foo","action":"reject","matches":"x"}"#,
            "invalid type: string \"x\", expected an object of conditions",
        ),
        (
            r#"{"tool":5,"action":"reject"}"#,
            "invalid type: integer `5`, expected a string",
        ),
        (
            r#"{"tool":["Foo"],"action":"reject"}"#,
            "invalid type: sequence, expected a string",
        ),
    ];
    for (rule, expected) in table {
        let problems = read(rule).expect_err(rule);
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(words, [expected], "{rule}");
    }
}

#[test]
fn a_condition_named_twice_counts_once() {
    let rule =
        read(r#"{"tool":"Foo","action":"ask","matches":{"a":"x","a":"y"}}"#).expect("a rule");
    let conditions = rule.matches.expect("conditions");
    let found: Vec<_> = conditions.iter().collect();
    assert_eq!(found, [("a", &Condition::from("y"))]);
}
