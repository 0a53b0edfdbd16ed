//! Runs whose answer is to fit a schema.

use amp_cli::ExitCode;
use serde_json::json;

use crate::support::{Finished, World};

const SCHEMA: &str =
    r#"{"type": "object", "properties": {"crates": {"type": "integer"}}, "required": ["crates"]}"#;

/// Runs a prompt whose answer is to fit the schema.
fn ask(world: &World, more: &[&str]) -> Finished {
    world.write("project/schema.json", SCHEMA);
    let arguments = ["run", "how many?", "--schema", "schema.json"];
    world.run(&[&arguments, more].concat())
}

#[test]
fn an_answer_that_fits_is_written_as_a_value() {
    let world = World::answering(&["There are seven:\n\n```json\n{\n  \"crates\": 7\n}\n```\n"]);
    let finished = ask(&world, &[]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    assert_eq!(finished.stdout(), "{\"crates\":7}\n");
    let [prompt] = &world.prompts()[..] else {
        panic!("one turn");
    };
    assert!(
        prompt.starts_with("how many?\n\n") && prompt.contains(SCHEMA),
        "{prompt}"
    );
    let document = ask(&world, &["--json"]).json();
    assert_eq!(document["answer"], json!({"crates": 7}));
    assert!(
        document["text"]
            .as_str()
            .expect("a text")
            .starts_with("There are")
    );
}

#[test]
fn an_answer_that_does_not_fit_goes_back_once_with_what_is_wrong() {
    let world = World::answering(&["Seven.", r#"{"crates": 7}"#]);
    let finished = ask(&world, &[]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    assert_eq!(finished.stdout(), "{\"crates\":7}\n");
    assert!(
        finished.stderr().contains("one more turn"),
        "{}",
        finished.stderr()
    );
    let prompts = world.prompts();
    assert_eq!(prompts.len(), 2);
    assert!(
        prompts[1].contains("- there is no JSON value in the last message"),
        "{}",
        prompts[1]
    );
}

#[test]
fn an_answer_that_never_fits_is_a_failure_with_the_answer_and_what_is_wrong() {
    let world = World::answering(&["Seven.", r#"{"crates": "seven"}"#, r#"{"crates": 7}"#]);
    let finished = ask(&world, &[]);
    assert_eq!(finished.code, ExitCode::UnfitAnswer);
    insta::assert_snapshot!(finished.document());
    assert_eq!(world.prompts().len(), 2);
}

#[test]
fn an_answer_that_does_not_fit_is_told_in_json_as_well() {
    let finished = ask(&World::answering(&[r#"{"crates": "seven"}"#]), &["--json"]);
    assert_eq!(finished.code, ExitCode::UnfitAnswer);
    let document = finished.json();
    assert_eq!(
        (&document["outcome"], &document["exit_code"]),
        (&json!("completed"), &json!(8))
    );
    assert_eq!(document.get("answer"), None);
    assert_eq!(document["text"], json!(r#"{"crates": "seven"}"#));
    assert_eq!(document["error"]["kind"], "unfit_answer");
    assert_eq!(
        document["error"]["why"],
        json!([r#"/crates: "seven" is not of type "integer""#])
    );
}

#[test]
fn the_answer_is_judged_again_after_each_turn_and_the_check_only_when_it_fits() {
    let world = World::answering(&[r#"{"crates": 6}"#, "Mended.", r#"{"crates": 7}"#]);
    let check = "echo once >> ../count; test $(wc -l < ../count) = 2";
    let finished = ask(&world, &["--check", check, "--attempts", "3", "--json"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    let document = finished.json();
    assert_eq!(document["answer"], json!({"crates": 7}));
    assert_eq!(
        (&document["check"]["passed"], &document["check"]["command"]),
        (&json!(true), &json!(check))
    );
    let prompts = world.prompts();
    assert!(
        prompts[1].starts_with("A check of the work failed.")
            && prompts[1].ends_with("as it was asked for.")
    );
    assert!(prompts[2].starts_with("Your answer does not fit"));
    assert_eq!(prompts.len(), 3);
}

#[test]
fn a_schema_that_cannot_be_used_is_refused_before_the_start() {
    let world = World::answering(&["{}"]);
    world.write("project/cut.json", "{");
    world.write("project/wrong.json", r#"{"type": "sting"}"#);
    world.write(
        "project/remote.json",
        r#"{"$ref": "https://example.com/a.json"}"#,
    );
    world.write("project/huge.json", &" ".repeat(300 << 10));
    for (file, reason) in [
        ("missing.json", "No such file"),
        ("cut.json", "no JSON: EOF"),
        ("wrong.json", "sting"),
        ("remote.json", "nothing is fetched"),
        ("huge.json", "longer than 256"),
    ] {
        let finished = world.run(&["run", "how many?", "--schema", file]);
        assert_eq!(finished.code, ExitCode::Usage, "{file}");
        let said = finished.stderr();
        assert!(said.contains(file) && said.contains(reason), "{said}");
    }
    let listed = world.run(&["sessions", "list", "--json"]).json();
    assert_eq!(listed["sessions"], json!([]));
}
