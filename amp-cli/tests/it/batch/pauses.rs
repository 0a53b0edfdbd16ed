//! What stops a batch, and how it goes on.

use amp_cli::ExitCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::place::Place;

fn signal(child: &std::process::Child, signal: Signal) {
    let id = Pid::from_child(child);
    kill_process(id, signal).expect("a process");
}

#[test]
fn out_of_credits_pauses_the_batch_and_pays_for_nothing_twice() {
    let place = Place::with_threads("before 402 {}");
    place.tasks(4);
    let paused = place.run(&["-j1"]);
    assert_eq!(paused.code, ExitCode::Paused, "{paused:?}");
    assert_eq!(place.asked(), [json!(["do 1"])]);
    // With credits again, the first one goes on in its thread.
    let finished = place.run(&["-j1"]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    let asked = place.asked();
    assert_eq!(asked[1], json!(["do 1", "continue"]));
    let begun = asked
        .iter()
        .filter(|texts| texts.as_array().map(Vec::len) == Some(1));
    assert_eq!(
        begun.count(),
        8 - 1,
        "each other one is asked with its call and its result"
    );
}

#[test]
fn a_thread_that_cannot_be_asked_pauses_the_batch_and_nothing_is_sent() {
    let place = Place::with_threads("before+unreadable 402 {}");
    place.tasks(2);
    assert_eq!(place.run(&["-j1"]).code, ExitCode::Paused);
    let unasked = place.run(&["-j1", "--retry", "0"]);
    assert_eq!(unasked.code, ExitCode::Paused, "{unasked:?}");
    assert!(
        unasked.stderr().contains("the thread could not be asked"),
        "{unasked:?}"
    );
    assert_eq!(place.asked(), [json!(["do 1"])]);
    let finished = place.run(&["-j1"]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    assert_eq!(place.asked()[1], json!(["do 1", "continue"]));
}

#[test]
fn a_limit_is_waited_for_and_fewer_agents_work_afterwards() {
    let limit = r#"429 {"error":{"message":"Please try again in 10ms."}}"#;
    let place = Place::with_threads(&format!("before {limit}"));
    place.tasks(1);
    let finished = place.run(&["-j4"]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    let said = finished.stderr();
    assert!(said.contains("2 agents at once from now on"), "{said}");
    assert_eq!(
        place.asked()[..2],
        [json!(["do 1"]), json!(["do 1", "continue"])]
    );
}

#[test]
fn both_signals_mean_a_pause_with_what_happened_on_the_disk() {
    for (one, name) in [(Signal::INT, "Ctrl-C"), (Signal::TERM, "SIGTERM")] {
        let place = Place::new();
        place.write(&[
            r#"{"id":"a","prompt":"hang a"}"#,
            r#"{"id":"b","prompt":"hang b"}"#,
            r#"{"id":"c","prompt":"do c"}"#,
        ]);
        let child = place.start(&["-j2"]);
        place.wait_until_sent(2);
        // HyperQueue sends it up to three times.
        for _ in 0..3 {
            signal(&child, one);
        }
        let output = child.wait_with_output().expect("its end");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{said}");
        assert!(said.contains(&format!("{name} has come")), "{said}");
        let status = place
            .world
            .run(&["batch", "status", "out", "--json"])
            .json();
        let counted = [&status["paused"], &status["held"], &status["waiting"]];
        assert_eq!(counted, [2, 0, 1]);
    }
}

#[test]
fn what_was_stopped_goes_on_in_its_thread() {
    let place =
        Place::with_threads("after-call 429 {\"error\":{\"message\":\"Try again in 9 hours\"}}");
    place.tasks(1);
    let paused = place.run(&[]);
    assert_eq!(paused.code, ExitCode::Paused, "{paused:?}");
    let finished = place.run(&[]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    let all = place.asked();
    assert_eq!(all.last(), Some(&json!(["do 1", "continue"])), "{all:?}");
    assert_eq!(place.result("t1")["usage"]["turns"], 2);
}

#[test]
fn a_full_disk_stops_the_batch_before_anything_is_sent_that_is_not_written_down() {
    let place = Place::new();
    place.tasks(40);
    // No file may have more than 2 KiB: the journal is the first that wants more.
    let limited = place.start_by("trap '' XFSZ; ulimit -f 4; exec \"$@\"", &["-j1"]);
    let output = limited.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(said.contains("cannot be written down"), "{said}");
    let journal = std::fs::read_to_string(place.results().join("journal/1-of-1.00000001.jsonl"));
    let noted = journal
        .expect("a journal")
        .matches("\"event\":\"sent\"")
        .count();
    let sent = place.sent().len();
    assert!(
        sent <= noted && sent < 40 && sent > 0,
        "{sent} sent, {noted} noted"
    );
    // With room again, the rest follows; what nobody can know of is held.
    let again = place.run(&[]);
    let held = again.code == ExitCode::Failed;
    assert!(held || again.code == ExitCode::Done, "{again:?}");
    let mut all = place.sent();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), place.sent().len(), "nothing was sent twice");
}

#[test]
fn the_same_shard_started_twice_is_worked_on_once() {
    let place = Place::new().with("NAP", "0.05");
    place.tasks(20);
    let children = [place.start(&["-j2"]), place.start(&["-j2"])];
    for child in children {
        let output = child.wait_with_output().expect("its end");
        assert!(output.status.success(), "{output:?}");
    }
    let mut sent = place.sent();
    sent.sort();
    sent.dedup();
    assert_eq!((sent.len(), place.sent().len()), (20, 20));
}

#[test]
fn a_shard_that_somebody_else_works_on_is_not_waited_for_without_end() {
    let place = Place::new();
    place.write(&[r#"{"id":"a","prompt":"hang"}"#]);
    let child = place.start(&[]);
    place.wait_until_sent(1);
    let refused = place.run(&["--wait-for-shard", "10ms"]);
    assert_eq!(refused.code, ExitCode::Paused, "{refused:?}");
    assert!(
        refused
            .stderr()
            .contains("another process works on shard 1/1")
    );
    signal(&child, Signal::TERM);
    child.wait_with_output().expect("its end");
    assert_eq!(place.sent().len(), 1);
}
