//! Runs that a program supervises.

use std::path::Path;

use amp_cli::ExitCode;
use serde_json::{Value, json};

use crate::support::World;
use crate::support::program::Program;

fn events(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a file");
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("lines of JSON")
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect()
}

#[test]
fn every_step_of_a_run_is_told_in_its_order() {
    let world = World::replaying(&["bash", "text"]);
    let check = "echo once >> ../count; test $(wc -l < ../count) = 2";
    let arguments = [
        "run",
        "hi",
        "--events",
        "events.jsonl",
        "--check",
        check,
        "--attempts",
        "2",
    ];
    let finished = world.run(&arguments);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    let path = world.project().join("events.jsonl");
    let told = events(&path);
    let expected = [
        "run_began",
        "turn_began",
        "tool_began",
        "tool_ended",
        "turn_ended",
        "check_began",
        "check_ended",
        "turn_began",
        "turn_ended",
        "check_began",
        "check_ended",
        "run_ended",
    ];
    assert_eq!(kinds(&told), expected);
    let numbers: Vec<_> = told
        .iter()
        .filter_map(|event| event["number"].as_u64())
        .collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    assert!(
        told.iter()
            .all(|event| event["version"] == 1 && event["time"].as_u64() > Some(0))
    );
    assert_eq!(told[2]["tool"], "shell_command");
    assert_eq!(
        (&told[3]["id"], &told[3]["end"]),
        (&told[2]["id"], &json!("succeeded"))
    );
    assert_eq!(
        (&told[4]["outcome"], &told[4]["tool_calls"]),
        (&json!("completed"), &json!(1))
    );
    assert_eq!(
        (&told[6]["passed"], &told[10]["passed"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&told[11]["exit_code"], &told[11]["kind"]),
        (&json!(0), &json!("done"))
    );
    // One more run goes on in the same file.
    world.run(&["run", "hi", "--events", "events.jsonl"]);
    assert_eq!(events(&path).len(), 12 + 6);
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn questions_caps_and_answers_are_told() {
    let call = r#"call Read {"path":"/etc/hosts"} { sleep 1ms }"#;
    let init = r#"out {"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001"}"#;
    let done = r#"out {"type":"result","subtype":"success","is_error":false,"result":"no JSON"}"#;
    let world = World::playing(&format!("{init}; {call}; {done}"));
    world.write("project/schema.json", "{}");
    let path = world.project().join("told");
    let arguments = "run hi --events told --approve deny --schema schema.json --max-tool-calls 1";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let mut program = Program::start(world, &arguments);
    let (status, said) = program.wait_for_end();
    assert_eq!(status.code(), Some(8), "{said}");
    let told = events(&path);
    let of = |kind: &str| told.iter().find(|event| event["event"] == kind);
    let answered = of("question_answered").unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(
        (&answered["tool"], &answered["allowed"]),
        (&json!("Read"), &json!(false))
    );
    assert!(of("question_asked").is_some(), "{told:?}");
    let near = of("cap_near").expect("a warning");
    assert_eq!(
        (&near["cap"], &near["used"]),
        (&json!("tool_calls"), &json!(1))
    );
    assert_eq!(
        kinds(&told)
            .iter()
            .filter(|kind| **kind == "answer_unfit")
            .count(),
        2
    );
    let last = told.last().expect("an end");
    assert_eq!(
        (&last["exit_code"], &last["kind"]),
        (&json!(8), &json!("unfit_answer"))
    );
}

#[test]
fn a_run_that_cannot_start_is_told_and_a_dry_run_is_not() {
    let world = World::new();
    let finished = world.run(&["run", "hi", "--events", "told", "--amp", "/no/such/amp"]);
    assert_ne!(finished.code, ExitCode::Done);
    let told = events(&world.project().join("told"));
    assert_eq!(kinds(&told), ["run_ended"]);
    let world = World::replaying(&["text"]);
    world.run(&["run", "hi", "--events", "told", "--dry-run"]);
    assert!(!world.project().join("told").exists());
}

#[test]
fn what_no_events_can_be_written_to_is_refused_before_the_start() {
    let world = World::replaying(&["text"]);
    std::os::unix::fs::symlink("/dev/zero", world.project().join("link")).expect("a link");
    for (word, reason) in [
        ("1", "a standard stream"),
        ("987654", "not open"),
        ("/dev/zero", "neither an ordinary file nor a named pipe"),
        ("link", "neither an ordinary file nor a named pipe"),
        ("..", "directory"),
    ] {
        let finished = world.run(&["run", "hi", "--events", word]);
        assert_eq!(finished.code, ExitCode::Usage, "{word}");
        assert!(finished.stderr().contains(reason), "{}", finished.stderr());
    }
    let listed = world.run(&["sessions", "list", "--json"]).json();
    assert_eq!(listed["sessions"], json!([]));
}

#[test]
fn a_descriptor_is_written_to_and_not_passed_on() {
    let script = r#"out {"type":"system","subtype":"init"}; show descriptors; out {"type":"result","subtype":"success","is_error":false,"result":"Done."}"#;
    let world = World::playing(script);
    let path = world.project().join("told");
    let arguments = [
        "run",
        "hi",
        "-o",
        "stream-json",
        "--events",
        "7",
        "--check",
        "ls -l /proc/self/fd/ > ../checked",
    ];
    let mut program = Program::start_with_descriptor_7(world, &path, &arguments);
    let output = program.read_stdout();
    let (status, said) = program.wait_for_end();
    assert!(status.success(), "{said}");
    assert!(
        output.contains("0 ") && !output.contains("told"),
        "{output}"
    );
    let checked = std::fs::read_to_string(program.world().project().join("../checked"));
    let checked = checked.expect("it ran");
    assert!(
        checked.contains(" 1 ") && !checked.contains("told"),
        "{checked}"
    );
    assert_eq!(kinds(&events(&path)).last(), Some(&"run_ended"));
}

#[test]
fn a_pipe_that_nobody_reads_costs_events_and_no_run() {
    let call = r#"out {"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"Read","input":{"path":"/etc/hosts"}}]}}"#;
    let done = r#"out {"type":"result","subtype":"success","is_error":false,"result":"Done."}"#;
    let world = World::playing(&format!("repeat 5000 {call}; {done}"));
    world.named_pipe("pipe");
    let finished = world.run(&["run", "hi", "--events", "pipe"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    assert!(
        finished.stderr().contains("events that were not written"),
        "{}",
        finished.stderr()
    );
    // A reader that has come and takes nothing.
    let _reader = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(world.project().join("pipe"));
    let finished = world.run(&["run", "hi", "--events", "pipe"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    assert!(
        finished.stderr().contains("does not keep up"),
        "{}",
        finished.stderr()
    );
}
