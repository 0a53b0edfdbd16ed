//! Processes that are killed at any moment, and started again until all is done.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_cli::ExitCode;
use serde_json::{Value, json};

use super::place::Place;

const TASKS: usize = 30;
const SHARDS: usize = 3;

/// Returns how often each prompt was noted as about to be sent, by task and attempt.
fn noted(place: &Place) -> BTreeMap<(String, u64), usize> {
    let mut noted = BTreeMap::new();
    for entry in std::fs::read_dir(place.results().join("journal")).expect("a folder") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(path).expect("a file");
        for line in text
            .lines()
            .filter(|line| line.contains("\"event\":\"sent\""))
        {
            // The last line of one that was killed may be half a line.
            let Ok(line) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let task = line["task"].as_str().expect("a task").to_owned();
            let attempt = line["attempt"].as_u64().expect("an attempt");
            *noted.entry((task, attempt)).or_default() += 1;
        }
    }
    noted
}

#[test]
fn killed_at_any_moment_no_task_is_sent_twice_in_an_attempt_and_all_are_done_in_the_end() {
    let place = Place::new().with("NAP", "0.02");
    place.tasks(TASKS);
    // The moments are those of the machine, and a few more of them are no harm.
    let mut moment = Duration::from_millis(40);
    for _ in 0..4 {
        let shards = (1..=SHARDS).map(|shard| {
            let shard = format!("{shard}/{SHARDS}");
            place.start(&["-j2", "--on-interrupted", "rerun", "--shard", &shard])
        });
        for mut child in shards.collect::<Vec<_>>() {
            std::thread::sleep(moment);
            child.kill().expect("a process");
            child.wait().expect("its end");
            moment += Duration::from_millis(37);
        }
    }
    for shard in 1..=SHARDS {
        let shard = format!("{shard}/{SHARDS}");
        let finished = place.run(&["--on-interrupted", "rerun", "--shard", &shard]);
        assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    }
    let noted = noted(&place);
    assert!(noted.values().all(|count| *count == 1), "{noted:?}");
    let sent = place.sent();
    for number in 1..=TASKS {
        let prompt = format!("do {number}");
        let times = sent.iter().filter(|sent| **sent == prompt).count();
        let attempts = noted
            .keys()
            .filter(|(id, _)| *id == format!("t{number}"))
            .count();
        assert!(
            times >= 1 && times <= attempts,
            "{prompt}: {times} of {attempts}"
        );
    }
    let whole = Place::new();
    whole.tasks(TASKS);
    assert_eq!(whole.run(&["-j2"]).code, ExitCode::Done);
    assert_eq!(place.report(), whole.report());
}

#[test]
fn a_thread_whose_process_died_goes_on_where_that_is_wanted_and_safe() {
    let place = Place::with_threads("hang");
    place.tasks(1);
    let mut child = place.start(&[]);
    wait_until(|| !place.asked().is_empty() && is_recorded(&place, "T-0"));
    child.kill().expect("a process");
    child.wait().expect("its end");
    let held = place.run(&[]);
    assert_eq!(held.code, ExitCode::Failed, "{held:?}");
    assert!(held.stderr().contains("t1 is held"), "{held:?}");
    let finished = place.run(&["--on-interrupted", "continue"]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    let asked = place.asked();
    assert_eq!(asked[..2], [json!(["do 1"]), json!(["do 1", "continue"])]);
    let result = place.result("t1");
    assert_eq!(
        (&result["attempt"], &result["usage"]["turns"]),
        (&json!(1), &json!(2))
    );
}

#[test]
fn nothing_is_sent_again_where_nothing_says_what_was_sent() {
    let place = Place::with_threads("silent");
    place.tasks(1);
    let mut child = place.start(&[]);
    let count = place.world.project().join("../threads/count");
    // The agent has written it, and not only made it.
    wait_until(|| std::fs::read_to_string(&count).is_ok_and(|count| !count.is_empty()));
    child.kill().expect("a process");
    child.wait().expect("its end");
    let held = place.run(&["--on-interrupted", "continue"]);
    assert_eq!(held.code, ExitCode::Failed, "{held:?}");
    assert!(
        held.stderr().contains("may have sent the prompt"),
        "{held:?}"
    );
    assert!(place.asked().is_empty());
    let rerun = place.run(&["--on-interrupted", "rerun"]);
    assert_eq!(rerun.code, ExitCode::Done, "{rerun:?}");
    assert_eq!(place.result("t1")["attempt"], 2);
}

#[test]
fn a_turn_that_had_ended_only_wants_its_result() {
    let place = Place::new();
    place.tasks(1);
    assert_eq!(place.run(&[]).code, ExitCode::Done);
    // As a process leaves it that dies between the end of the turn and its result.
    place.forget_what_follows_the_prompt();
    std::fs::remove_file(place.results().join("tasks/t1/result.json")).expect("a result");
    let finished = place.run(&[]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    assert_eq!(place.result("t1")["text"], "did 1");
    assert_eq!(place.sent(), ["do 1"]);
}

#[test]
fn a_turn_that_had_failed_for_good_is_its_result_and_is_not_sent_again() {
    let place = Place::new();
    place.write(&[r#"{"id":"t1","prompt":"fail"}"#]);
    assert_eq!(place.run(&[]).code, ExitCode::Failed);
    place.forget_what_follows_the_prompt();
    std::fs::remove_file(place.results().join("tasks/t1/result.json")).expect("a result");
    let recalled = place.run(&["--on-interrupted", "continue"]);
    assert_eq!(recalled.code, ExitCode::Failed, "{recalled:?}");
    let result = place.result("t1");
    assert_eq!(
        (&result["status"], &result["usage"]["turns"]),
        (&json!("failed"), &json!(1))
    );
    assert_eq!(place.sent(), ["fail"]);
}

/// Tells whether a line that was recorded of the first task has a text in it.
fn is_recorded(place: &Place, text: &str) -> bool {
    let sessions = place.results().join("tasks/t1/attempt-1/sessions");
    let session = std::fs::read_dir(sessions)
        .ok()
        .and_then(|mut all| all.next()?.ok());
    let metadata = session.map(|session| session.path().join("session.json"));
    let metadata = metadata.and_then(|path| std::fs::read_to_string(path).ok());
    metadata.is_some_and(|metadata| metadata.contains(text))
}

fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline);
        std::thread::yield_now();
    }
}
