//! Questions about tool calls, answered at a terminal or by a program.
//!
//! The fake agent plays the delegation of the real CLI: it starts the helper, which is `ampctl`.

use rustix::process::Signal;
use rustix::termios::LocalModes;

use crate::support::program::{Program, processes_in, wait_for_process};
use crate::support::pseudo_terminal::Terminal;
use crate::support::{World, without_times};

const INIT: &str = r#"out {"type":"system","subtype":"init","agent_mode":"high","tools":["shell_command"],"mcp_servers":[]}"#;
const SUCCESS: &str =
    r#"out {"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done."}"#;

/// Creates a world whose agent makes calls in a turn that succeeds.
fn calling(calls: &str) -> World {
    World::playing(&format!("{INIT}; {calls}; {SUCCESS}"))
}

/// Writes a call of the shell tool that leaves a file of this name.
fn call(command: &str, trace: &str) -> String {
    format!(r#"call shell_command {{"command":"{command}"}} {{ touch {trace} }}"#)
}

fn ask(world: &World, size: (u16, u16)) -> Terminal {
    Terminal::start(world, &["run", "--approve", "ask", "do it"], size)
}

fn exists(world: &World, name: &str) -> bool {
    world.project().join(name).exists()
}

/// Answers a question with the rule that is proposed, kept for what this letter stands for.
fn always(terminal: &mut Terminal, keep_for: &str) {
    terminal.type_keys("l\n");
    terminal.wait_for("Enter takes this rule");
    terminal.type_keys("\n");
    terminal.wait_for("or for [m]e?");
    terminal.type_keys(&format!("{keep_for}\n"));
}

/// Returns what is recorded of the questions of the last run.
fn recorded(world: &World) -> String {
    world
        .run(&["sessions", "export", "last", "--format", "json"])
        .stdout()
}

#[test]
fn yes_lets_the_call_run_and_the_status_line_keeps_away_from_the_question() {
    let world = calling(&call("cargo test -p core", "ran"));
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("y\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(exists(&world, "ran"));
    insta::assert_snapshot!(without_times(&terminal.screen()));
}

#[test]
fn a_question_comes_out_of_a_sandbox() {
    let world = calling(&call("cargo test -p core", "ran"));
    if !crate::sandbox::is_here(&world) {
        return;
    }
    for (key, runs) in [("n", false), ("y", true)] {
        let run = ["run", "--sandbox", "--allow-env", "FAKE_AGENT*"];
        let arguments = [&run[..], &["--approve", "ask", "do it"]].concat();
        let mut terminal = Terminal::start(&world, &arguments, (24, 100));
        terminal.wait_for("[s]top the run?");
        terminal.type_keys(&format!("{key}\n"));
        assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
        assert_eq!(exists(&world, "ran"), runs, "{}", terminal.screen());
    }
}

#[test]
fn a_question_outlives_ctrl_z_and_leaves_the_terminal_to_the_shell_meanwhile() {
    let world = calling(&call("cargo test -p core", "ran"));
    let line = "set -m; ampctl run --approve ask 'do it'; echo \"stopped with $?\"; \
                read word; echo \"the shell read $word\"; fg; echo \"ended with $?\"";
    let mut terminal = Terminal::start_shell(&world, line, (30, 100));
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("\x1a");
    terminal.wait_for("stopped with 148");
    let modes = terminal.local_modes();
    assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    // What is typed at the shell is no answer.
    terminal.type_keys("y\n");
    terminal.wait_for("the shell read y");
    let questions = |screen: &str| screen.matches("[s]top the run?").count();
    terminal.wait_until("the question again", |screen| questions(screen) == 2);
    assert!(!exists(&world, "ran"));
    terminal.type_keys("y\n");
    terminal.wait_for("ended with 0");
    assert!(exists(&world, "ran"), "{}", terminal.screen());
    assert_eq!(terminal.local_modes(), modes);
    assert!(terminal.wait_for_exit().success());
}

#[test]
fn the_page_shows_a_question_as_it_is() {
    let page = include_str!("../../docs/permissions.md");
    let (_, shown) = page.split_once("```text\n").expect("a transcript");
    let (shown, _) = shown.split_once("```").expect("its end");
    let world = calling(&call("cargo test -p core", "ran"));
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("a\n");
    terminal.wait_for("reason for the agent:");
    terminal.type_keys("the whole workspace, please\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(screen.starts_with(shown), "{screen}");
}

#[test]
fn forty_columns_are_enough() {
    let world = calling(&call(
        "cargo test --workspace --all-features --no-fail-fast",
        "ran",
    ));
    let mut terminal = ask(&world, (24, 40));
    terminal.wait_for("[s]top >");
    terminal.type_keys("y\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    insta::assert_snapshot!(without_times(&terminal.screen()));
}

#[test]
fn no_keeps_the_call_from_running_and_a_reason_reaches_the_agent() {
    let world = calling(&call("cargo publish", "ran"));
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("what?\n");
    terminal.wait_for_line(&["[s]top the run?"]);
    terminal.type_keys("a\n");
    terminal.wait_for("reason for the agent:");
    terminal.type_keys("not on a Saturday\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(!exists(&world, "ran"));
    let record = recorded(&world);
    assert!(
        record.contains(r#""content":"not on a Saturday"#),
        "{record}"
    );
    assert!(record.contains(r#""approver":"you""#), "{record}");
}

#[test]
fn what_was_typed_before_the_question_is_no_answer_to_it() {
    let world = World::playing(&format!(
        "{INIT}; out {{\"type\":\"assistant\",\"message\":{{\"role\":\"assistant\",\"content\":[{{\"type\":\"text\",\"text\":\"first this\"}}]}}}}; sleep 1s; {}; {SUCCESS}",
        call("cargo test", "ran")
    ));
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("first this");
    terminal.type_keys("y\n");
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("n\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(!exists(&world, "ran"));
}

#[test]
fn always_asks_once_and_the_rule_stands_in_the_users_settings() {
    let calls = [
        call("cargo test -p core", "one"),
        call("cargo test -p cli", "two"),
    ];
    let world = calling(&calls.join("; "));
    world.write(
        "home/.config/amp/settings.json",
        "{\n  // mine\n  \"amp.notifications.enabled\": false\n}\n",
    );
    let mut terminal = ask(&world, (40, 100));
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("l\n");
    terminal.wait_for("Enter takes this rule");
    terminal.type_keys("cargo *\n");
    terminal.wait_for("allows other commands as well");
    terminal.type_keys("cargo test -p core\n");
    terminal.wait_until("the rule again", |screen| {
        screen.matches("Enter takes").count() == 3
    });
    terminal.type_keys(r"/^cargo test -p (core|cli)$/");
    terminal.type_keys("\n");
    terminal.wait_until("the rule again", |screen| {
        screen.matches("Enter takes").count() == 4
    });
    terminal.type_keys("\n");
    terminal.wait_for("or for [m]e?");
    terminal.type_keys("m\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(exists(&world, "one") && exists(&world, "two"));
    let settings = std::fs::read_to_string(world.home().join(".config/amp/settings.json"));
    let settings = settings.expect("settings");
    assert!(settings.contains("// mine"), "{settings}");
    assert!(settings.contains("cargo test -p (core|cli)"), "{settings}");
    assert_eq!(recorded(&world).matches(r#""asked""#).count(), 1);
}

#[test]
fn a_rule_for_the_folder_is_kept_outside_of_it() {
    let world = calling(&call("cargo test -p core", "ran"));
    let mut terminal = ask(&world, (40, 100));
    terminal.wait_for("[s]top the run?");
    always(&mut terminal, "f");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    terminal.wait_for("the rule is kept in");
    assert!(!exists(&world, ".amp"));
    let kept = world.project().canonicalize().expect("a folder");
    let kept = kept.strip_prefix("/").expect("a whole path");
    let kept = world.home().join(".local/state/ampctl/folders").join(kept);
    let kept = std::fs::read_to_string(kept.join("amp-settings.json")).expect("the rule");
    assert!(kept.contains("cargo test"), "{kept}");
}

#[test]
fn two_questions_are_put_one_after_the_other() {
    let world = calling(&format!(
        "together {{ {}; {} }}",
        call("make one", "one"),
        call("make two", "two")
    ));
    let mut terminal = ask(&world, (40, 100));
    terminal.wait_for("[s]top the run?");
    assert_eq!(terminal.screen().matches("[s]top").count(), 1);
    terminal.type_keys("y\n");
    terminal.wait_until("the second question", |screen| {
        screen.matches("[s]top").count() == 2
    });
    terminal.type_keys("n\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(exists(&world, "one") != exists(&world, "two"));
}

#[test]
fn always_answers_a_question_that_is_open_already() {
    let world = calling(&format!(
        "together {{ {}; {} }}",
        call("cargo test -p one", "one"),
        call("cargo test -p two", "two")
    ));
    let mut terminal = ask(&world, (40, 100));
    terminal.wait_for("[s]top the run?");
    always(&mut terminal, "s");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(exists(&world, "one") && exists(&world, "two"));
}

#[test]
fn stop_ends_the_run_without_the_call_whatever_the_agent_makes_of_it() {
    let stoppable = call("make it", "ran");
    let ends_well_first = format!("ignore SIGTERM; {stoppable}");
    for calls in [stoppable, ends_well_first] {
        let world = calling(&calls);
        let mut terminal = ask(&world, (24, 100));
        terminal.wait_for("[s]top the run?");
        terminal.type_keys("s\n");
        let code = terminal.wait_for_exit().code();
        assert_eq!(code, Some(130), "{}", terminal.screen());
        assert!(!exists(&world, "ran"));
    }
}

#[test]
fn ctrl_c_at_a_question_stops_the_run_as_anywhere() {
    let world = calling(&call("make it", "ran"));
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("\x03");
    assert_eq!(
        terminal.wait_for_exit().code(),
        Some(130),
        "{}",
        terminal.screen()
    );
    assert!(!exists(&world, "ran"));
    assert_eq!(processes_in(&world), [] as [String; 0]);
}

#[test]
fn what_the_agent_writes_cannot_steer_the_terminal() {
    let world =
        calling(r#"call shell_command {"command":"echo \u001b[2Jgone \u202etxt"} { touch ran }"#);
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("[s]top the run?");
    terminal.type_keys("n\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(
        !terminal.raw().contains("\u{1b}[2Jgone"),
        "{}",
        terminal.raw()
    );
}

#[test]
fn an_edit_is_shown_as_what_it_changes() {
    let world = World::playing(&format!(
        r#"{INIT}; call edit_file {{"path":"a.txt","old_str":"two","new_str":"2"}} {{ touch ran }}; {SUCCESS}"#
    ));
    world.write("project/a.txt", "one\ntwo\nthree\n");
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("[s]top the run?");
    let screen = terminal.screen();
    assert!(
        screen.contains("│ -two") && screen.contains("│ +2"),
        "{screen}"
    );
    terminal.type_keys("y\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
}

#[test]
fn a_host_that_is_killed_leaves_the_command_unrun_and_no_process() {
    let world = calling(&call("make it", "ran"));
    let mut terminal = ask(&world, (24, 100));
    terminal.wait_for("[s]top the run?");
    terminal.signal(Signal::KILL);
    let _ = terminal.wait_for_exit();
    crate::support::program::wait_until_none(&world);
    assert!(!exists(&world, "ran"));
}

#[test]
fn without_a_terminal_nobody_is_asked_and_the_run_does_not_start() {
    let world = calling(&call("make it", "ran"));
    let finished = world.run(&["run", "--approve", "ask", "do it"]);
    assert_eq!(finished.code, amp_cli::ExitCode::Refused);
    insta::assert_snapshot!(finished.document());
}

/// Writes an executable script into the project.
fn program(world: &World, name: &str, script: &str) {
    world.script(&format!("project/{name}"), script);
}

#[test]
fn a_program_answers_by_its_path_and_the_json_names_what_was_decided() {
    let calls = [call("cargo test", "one"), call("cargo publish", "two")];
    let world = calling(&calls.join("; "));
    program(
        &world,
        "approve",
        r#"grep -q 'cargo test' && echo '{"answer":"allow"}' || echo '{"answer":"reject","reason":"tests alone"}'"#,
    );
    let run = [
        "run",
        "--approve",
        "./approve",
        "--json",
        "--fail-on-refusal",
        "do it",
    ];
    let mut run = Program::start(world, &run);
    let json = run.read_stdout();
    let (status, stderr) = run.wait_for_end();
    assert_eq!(status.code(), Some(7), "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let decisions = json["decisions"].as_array().expect("decisions");
    let allowed: Vec<_> = decisions
        .iter()
        .map(|one| one["allowed"].as_bool())
        .collect();
    assert_eq!(allowed, [Some(true), Some(false)]);
    assert_eq!(decisions[1]["reason"], "tests alone");
    assert!(exists(run.world(), "one") && !exists(run.world(), "two"));
    let shown = run.world().run(&["sessions", "show", "last"]).stdout();
    assert!(
        shown.contains("rejected by") && shown.contains("tests alone"),
        "{shown}"
    );
    let replayed = run.world().run(&["sessions", "replay", "last"]).stdout();
    assert!(
        replayed.contains("? shell_command cargo publish: rejected by"),
        "{replayed}"
    );
}

#[test]
fn a_program_that_hangs_is_gone_with_its_run() {
    let world = calling(&call("make it", "ran"));
    program(&world, "approve", "exec sleep 600");
    let run = ["run", "--approve", "./approve", "do it"];
    let mut run = Program::start(world, &run);
    wait_for_process(run.world(), "sleep 600");
    run.signal(Signal::TERM);
    let (status, stderr) = run.wait_for_end();
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(!exists(run.world(), "ran"));
    assert_eq!(processes_in(run.world()), [] as [String; 0]);
}

#[test]
fn rules_that_a_person_would_want_to_mend_are_told_of_once_or_refused() {
    let world = calling(&call("make it", "ran"));
    let loose = r#"[{"tool":"shell_command","matches":{"command":"git push*"},"action":"reject"}]"#;
    world.write("project/loose.json", loose);
    let run = |rules: &str, world| {
        let run = ["run", "--approve", "deny", "--rules", rules, "do it"];
        let mut run = Program::start(world, &run);
        let (status, stderr) = run.wait_for_end();
        (status.code(), stderr)
    };
    let broken = calling(&call("make it", "ran"));
    broken.write(
        "project/wrong.json",
        &loose.replace("\"command\"", "\"cmd\""),
    );
    let (code, stderr) = run("wrong.json", broken);
    assert_eq!(code, Some(6), "{stderr}");
    assert!(stderr.contains("rule 1: "), "{stderr}");
    let (code, stderr) = run("loose.json", world);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stderr.matches("rule 1: ").count(), 1, "{stderr}");
}
