//! Signals, a closed standard output, and what is left behind: nothing.

use std::process::ExitStatus;

use rustix::process::Signal;

use crate::support::World;
use crate::support::program::{Program, agents_marked, wait_until_gone, wait_until_suspended};

const THREAD: &str = "T-00000000-0000-7000-8000-000000000001";

const INIT: &str =
    r#"{"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001"}"#;

/// Starts a run whose agent has prepared itself and started a daemon, and waits until it says so.
fn running(mark: &str, preparation: &str, script: &str) -> Program {
    running_for("none", mark, preparation, script)
}

/// Starts the same with a limit of time.
fn running_for(timeout: &str, mark: &str, preparation: &str, script: &str) -> Program {
    let daemon = "spawn daemon { ignore SIGTERM; hang }";
    let world = World::playing(&format!("{preparation}; {daemon}; out {INIT}; {script}"));
    let arguments = [
        "run",
        "hi",
        "--label",
        mark,
        "-ostream-json",
        "--timeout",
        timeout,
    ];
    let mut program = Program::start(world, &arguments);
    program.wait_for("init");
    assert_ne!(agents_marked(mark), [0_u32; 0], "the agents run");
    program
}

/// Returns a script that writes far more than a pipe takes.
fn flood() -> String {
    let line = format!("{INIT}{}", " ".repeat(3000));
    format!("repeat 100000 out {line}; hang")
}

fn assert_interrupted(mark: &str, (status, stderr): (ExitStatus, String)) {
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    assert_eq!(agents_marked(mark), [0_u32; 0], "nothing is left behind");
}

#[test]
fn each_signal_ends_the_turn_and_leaves_nothing_behind() {
    for (signal, name) in [
        (Signal::INT, "Ctrl-C"),
        (Signal::TERM, "SIGTERM"),
        (Signal::HUP, "SIGHUP"),
    ] {
        let mark = format!("stopped-by-{name}");
        let program = running(&mark, "", "hang");
        program.signal(signal);
        let ended = program.wait();
        assert!(ended.1.contains(&format!("by {name}")), "{}", ended.1);
        assert_interrupted(&mark, ended);
    }
}

#[test]
fn the_first_signal_lets_the_agent_say_its_last_words() {
    let cancelled = r#"{"type":"result","subtype":"error_during_execution","duration_ms":1,"is_error":true,"num_turns":1,"error":"User cancelled (SIGINT/SIGTERM)"}"#;
    let on_term = format!("on SIGTERM {{ out {cancelled}; exit 0 }}");
    let mut program = running("last-words", &on_term, "hang");
    program.signal(Signal::INT);
    program.wait_for("User cancelled");
    assert_interrupted("last-words", program.wait());
}

#[test]
fn the_second_signal_kills_an_agent_that_ignores_the_first() {
    let mut program = running(
        "stubborn",
        &format!("on SIGTERM {{ out {INIT} }}"),
        "repeat 9 hang",
    );
    program.signal(Signal::INT);
    program.wait_for("init");
    program.signal(Signal::INT);
    assert_interrupted("stubborn", program.wait());
}

/// Starts a run as a job, and waits for its agent to speak.
fn job(mark: &str, script: &str) -> Program {
    let world = World::playing(&format!("out {INIT}; {script}"));
    let mut program =
        Program::start_as_job(world, &["run", "hi", "--label", mark, "-ostream-json"]);
    program.wait_for("init");
    program
}

#[test]
fn ctrl_z_suspends_the_agent_too_and_both_go_on() {
    let program = job("suspended", "hang");
    // Around the agent there may be a shim, which is never suspended.
    let agents = agents_marked("suspended");
    program.signal(Signal::TSTP);
    wait_until_suspended(&agents, 1);
    wait_until_suspended(&[program.id()], 1);
    program.signal(Signal::CONT);
    wait_until_suspended(&[program.id()], 0);
    wait_until_suspended(&agents, 0);
    program.signal(Signal::INT);
    assert_interrupted("suspended", program.wait());
}

#[test]
fn ctrl_z_suspends_ampctl_while_a_reader_stalls() {
    let mut program = job("unread", &flood());
    program.wait_until_unread(40 << 10);
    program.signal(Signal::TSTP);
    wait_until_suspended(&[program.id()], 1);
    program.signal(Signal::CONT);
    wait_until_suspended(&[program.id()], 0);
    program.signal(Signal::TERM);
    assert_eq!(program.wait_for_end().0.code(), Some(130));
    assert_eq!(agents_marked("unread"), [0_u32; 0]);
}

#[test]
fn a_reader_that_has_seen_enough_stops_the_agent_without_a_word() {
    let mut program = running(
        "seen-enough",
        "",
        &format!("repeat 100000 out {INIT}; hang"),
    );
    program.close_stdout();
    let (status, stderr) = program.wait();
    assert_eq!((status.code(), stderr.as_str()), (Some(130), ""));
    assert_eq!(agents_marked("seen-enough"), [0_u32; 0]);
}

#[test]
fn a_reader_that_stalls_does_not_keep_the_timeout_from_ending_the_run() {
    let mut program = running_for("1s", "late", "", &flood());
    let (status, stderr) = program.wait_for_end();
    assert!(stderr.starts_with("error: timed out\n"), "{stderr}");
    assert_eq!(status.code(), Some(124));
    assert_eq!(agents_marked("late"), [0_u32; 0]);
}

#[test]
fn a_reader_that_stalls_does_not_keep_a_signal_from_ending_the_run() {
    let mut program = running("stalled", "", &flood());
    program.wait_until_unread(40 << 10);
    program.signal(Signal::TERM);
    assert_eq!(program.wait_for_end().0.code(), Some(130));
    assert_eq!(agents_marked("stalled"), [0_u32; 0]);
}

#[test]
fn a_session_that_is_being_recorded_is_neither_continued_nor_deleted() {
    let world = World::playing(&format!("out {INIT}; hang"));
    let mut program = Program::start(world, &["run", "busy", "-ostream-json", "--name", "busy"]);
    program.wait_for("init");
    for arguments in [
        &["continue", "-s", "busy", "and now?"] as &[&str],
        &["continue", "and now?"],
        &["sessions", "delete", "busy", "--yes"],
    ] {
        let refused = program.world().run(arguments);
        assert_eq!(refused.code, amp_cli::ExitCode::Failed);
        let message = refused.stderr();
        assert!(message.contains("is being recorded"), "{message}");
    }
    let pruned = program
        .world()
        .run(&["sessions", "prune", "--max-size", "0", "--yes"]);
    assert_eq!(pruned.stdout(), "deleted no sessions, freed 0 B\n");
    program.signal(Signal::INT);
    assert_eq!(program.wait().0.code(), Some(130));
}

#[test]
fn of_two_turns_of_a_thread_the_second_is_refused_and_leaves_no_record() {
    let world = World::playing(&format!("out {INIT}; hang"));
    let first = ["run", "-c", THREAD, "-ostream-json", "--no-record", "one"];
    let mut program = Program::start(world, &first);
    program.wait_for("init");
    let refused = program.world().run(&["run", "-c", THREAD, "two"]);
    assert_eq!(refused.code, amp_cli::ExitCode::Failed);
    let expected = format!(
        "error: a turn of thread {THREAD} is still running\n  \
         hint: it can be continued when the run has ended\n"
    );
    assert_eq!(refused.stderr(), expected);
    let listed = program.world().run(&["sessions", "list", "--json"]).json();
    assert_eq!(listed["sessions"], serde_json::json!([]));
    program.signal(Signal::INT);
    assert_eq!(program.wait().0.code(), Some(130));
}

#[test]
fn an_export_whose_reader_has_seen_enough_is_no_failure() {
    let line = format!("{{\"type\":\"novelty\",\"text\":\"{}\"}}", "x".repeat(3000));
    let world = World::playing(&format!("read-all; repeat 200 out {line}; exit 1"));
    world.run(&["run", "hi"]);
    let arguments = ["sessions", "export", "last", "--format", "json"];
    let mut program = Program::start(world, &arguments);
    program.wait_until_unread(40 << 10);
    program.close_stdout();
    let (status, stderr) = program.wait();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_killed_ampctl_takes_the_agent_with_it() {
    let program = running("orphaned", "", "hang");
    let agents = agents_marked("orphaned");
    program.signal(Signal::KILL);
    agents.into_iter().for_each(wait_until_gone);
    assert_eq!(agents_marked("orphaned"), [0_u32; 0]);
}

#[test]
fn a_parent_that_ignores_its_children_loses_no_exit_code() {
    let success = r#"{"type":"result","subtype":"success","is_error":false,"result":"Hi."}"#;
    for (script, code, status, exit) in [
        (
            format!("out {INIT}; out {success}"),
            0,
            "completed",
            "exit code 0",
        ),
        (
            "err broken; exit 3".to_owned(),
            5,
            "no_result",
            "exit code 3",
        ),
    ] {
        let mut program = Program::start_by_deaf_parent(World::playing(&script), &["run", "hi"]);
        let (ended, stderr) = program.wait_for_end();
        assert_eq!(ended.code(), Some(code), "{stderr}");
        let shown = program.world().run(&["sessions", "show", "last", "--json"]);
        let end = &shown.json()["turns"][0]["end"];
        assert_eq!(
            (&end["status"], &end["exit"]),
            (&status.into(), &exit.into())
        );
    }
}
