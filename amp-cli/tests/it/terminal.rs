//! The live view and the keyboard, on a real pseudo-terminal.

use serde_json::json;

use crate::support::pseudo_terminal::Terminal;
use crate::support::{World, without_times};

/// Plays a turn on a terminal and returns the screen it leaves, times replaced.
fn screen_after(world: &World, arguments: &[&str], size: (u16, u16)) -> String {
    let mut terminal = Terminal::start(world, arguments, size);
    let status = terminal.wait_for_exit();
    format!(
        "exit code: {:?}\n{}",
        status.code(),
        without_times(&terminal.screen())
    )
}

#[test]
fn a_turn_leaves_a_transcript() {
    let world = World::replaying(&["files"]);
    insta::assert_snapshot!(screen_after(&world, &["run", "create a file"], (24, 80)));
}

#[test]
fn subagents_of_older_versions_are_shown_in_their_place() {
    // The build of January 2026 is the last one whose stream has lines of its subagents.
    let world = World::replaying_version("0.0.1767830505-ga62310", &["task"]);
    insta::assert_snapshot!(screen_after(&world, &["run", "delegate it"], (24, 80)));
}

#[test]
fn subagents_of_newer_versions_are_one_call() {
    let world = World::replaying(&["twotasks"]);
    insta::assert_snapshot!(screen_after(&world, &["run", "delegate it"], (24, 80)));
}

#[test]
fn what_the_agent_did_is_seen_at_every_width() {
    // An edit; three calls at once, one of them a failing command; a refusal; a subagent.
    let old = "0.0.1767830505-ga62310";
    let runs = [
        (fixtures::NEWEST_VERSION, "files"),
        (fixtures::NEWEST_VERSION, "parallel"),
        (fixtures::NEWEST_VERSION, "toolerror"),
        (fixtures::NEWEST_VERSION, "perm-reject"),
        (fixtures::LAST_JAVASCRIPT_VERSION, "mode-deep-applypatch"),
        (old, "task"),
    ];
    for columns in [120, 80, 40] {
        let mut screens = String::new();
        for (version, scenario) in runs {
            let world = World::replaying_version(version, &[scenario]);
            let mut terminal = Terminal::start(&world, &["run", "do it"], (40, columns));
            assert!(terminal.wait_for_exit().success());
            let screen = terminal.screen();
            let widest = screen.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(columns.into()), "{screen}");
            let screen = without_times(&screen);
            screens.push_str(&format!("== {scenario}\n{screen}\n"));
        }
        insta::assert_snapshot!(format!("at_{columns}_columns"), screens);
    }
}

#[test]
fn a_long_output_is_trimmed_to_the_height_unless_all_of_it_is_asked_for() {
    let output: Vec<String> = (1..=60).map(|line| format!("line {line}")).collect();
    let result = json!({"output": output.join("\n"), "exitCode": 0}).to_string();
    let call = json!({"type": "tool_use", "id": "1", "name": "shell_command",
        "input": {"command": "seq 60"}});
    let result = json!({"type": "tool_result", "tool_use_id": "1", "content": result});
    let lines = [
        json!({"type": "assistant", "message": {"content": [call]}}),
        json!({"type": "user", "message": {"role": "user", "content": [result]}}),
        json!({"type": "result", "subtype": "success", "is_error": false,
            "duration_ms": 1, "num_turns": 1, "result": "ok"}),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let world = World::playing("read-all; file stream.jsonl");
    world.write("project/stream.jsonl", &lines);
    let short = screen_after(&world, &["run", "count"], (24, 80));
    assert!(
        short.contains("    … 53 earlier lines\n    line 54\n") && short.contains("line 60\n"),
        "{short}"
    );
    let mut terminal = Terminal::start(&world, &["run", "-v", "count"], (80, 80));
    assert!(terminal.wait_for_exit().success());
    let whole = terminal.screen();
    assert!(whole.contains("    line 1\n    line 2\n"), "{whole}");
    assert!(!whole.contains("earlier lines"), "{whole}");
}

#[test]
fn a_narrow_terminal_cuts_no_word_in_two() {
    let world = World::replaying(&["files"]);
    insta::assert_snapshot!(screen_after(&world, &["run", "create a file"], (24, 32)));
}

#[test]
fn the_narrowest_terminals_show_something() {
    // The screen of the test itself has no place for wide characters in one column.
    for (columns, scenario) in [
        (1, "files"),
        (2, "files"),
        (3, "files"),
        (8, "unicode"),
        (20, "unicode"),
    ] {
        let world = World::replaying(&[scenario]);
        let mut terminal = Terminal::start(&world, &["run", "wide"], (24, columns));
        let status = terminal.wait_for_exit();
        assert_eq!(status.code(), Some(0), "{columns}: {}", terminal.screen());
        assert!(!terminal.raw().contains("panicked"), "{}", terminal.raw());
    }
}

#[test]
fn the_status_line_follows_the_size_of_the_terminal() {
    let init = r#"{"type":"system","subtype":"init","agent_mode":"high"}"#;
    let call = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"shell_command","input":{"command":"cargo test --workspace --all-features --no-fail-fast"}}]}}"#;
    let world = World::playing(&format!("out {init}; out {call}; hang"));
    let mut terminal = Terminal::start(&world, &["run", "test it"], (24, 80));
    terminal.wait_for_line(&["high", "running cargo test --workspace", "…"]);
    terminal.resize((24, 30));
    // Lines drawn for the old width may still come and break; what comes last fits.
    terminal.wait_until("a shorter line", |screen| {
        let last = screen.trim_end().lines().next_back().unwrap_or_default();
        last.contains("running cargo") && last.contains('…') && last.chars().count() <= 30
    });
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
}

#[test]
fn a_status_line_that_a_shrinking_terminal_breaks_leaves_no_piece_behind() {
    let init = r#"{"type":"system","subtype":"init","agent_mode":"high"}"#;
    let call = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"shell_command","input":{"command":"cargo test --workspace --all-features --no-fail-fast"}}]}}"#;
    let world = World::playing(&format!("out {init}; out {call}; hang"));
    let mut terminal = Terminal::start(&world, &["run", "test it"], (24, 80));
    terminal.wait_for_line(&["high", "running cargo test --workspace", "…"]);
    terminal.reflow((24, 30));
    terminal.tell_size((24, 30));
    // The pieces of a broken line count as one.
    let is_broken = |screen: &str| screen.trim().chars().count() > 30;
    assert!(is_broken(&terminal.screen()), "{}", terminal.screen());
    terminal.wait_until("one whole line", |screen| {
        screen.contains('…') && !is_broken(screen)
    });
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
}

#[test]
fn a_status_line_for_a_width_that_is_gone_breaks_nothing() {
    let init = r#"{"type":"system","subtype":"init","agent_mode":"high"}"#;
    let text =
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I test it."}]}}"#;
    let call = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"shell_command","input":{"command":"cargo test --workspace --all-features --no-fail-fast"}}]}}"#;
    let world = World::playing(&format!("out {init}; out {text}; out {call}; hang"));
    let mut terminal = Terminal::start(&world, &["run", "test it"], (24, 80));
    terminal.wait_for_line(&["high", "running cargo test --workspace", "…"]);
    for columns in [30, 50, 20] {
        // The terminal is narrower already, and what comes was drawn for the width before.
        terminal.reflow((24, columns));
        terminal.wait_for_pictures(3);
        assert_eq!(terminal.rows().len(), 2, "{}", terminal.screen());
        terminal.tell_size((24, columns));
        terminal.wait_until("a line for this width", |screen| {
            let line = screen.trim_end().lines().next_back().unwrap_or_default();
            line.contains('…') && line.chars().count() <= columns.into()
        });
        let rows = terminal.rows();
        assert_eq!((rows.len(), rows[0].as_str()), (2, "I test it."));
    }
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
}

#[test]
fn a_status_line_that_is_wider_than_its_letters_say_spares_the_transcript() {
    // One character to some, seven to others: terminals differ about what they are wide.
    let families = "👩\u{200d}👩\u{200d}👧\u{200d}👦".repeat(15);
    let text =
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I test it."}]}}"#;
    let call = format!(
        r#"{{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"1","name":"shell_command","input":{{"command":"echo {families}"}}}}]}}}}"#
    );
    let world = World::playing(&format!("out {text}; out {call}; hang"));
    let mut terminal = Terminal::start(&world, &["run", "test it"], (24, 80));
    terminal.wait_for_line(&["running echo"]);
    terminal.wait_for_pictures(3);
    let rows = terminal.rows();
    assert_eq!((rows.len(), rows[0].as_str()), (2, "I test it."));
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
}

#[test]
fn a_prompt_that_is_typed_is_asked_for() {
    let world = World::replaying(&["text"]);
    let mut terminal = Terminal::start(&world, &["run", "-"], (24, 80));
    terminal.wait_for("type the prompt, then Ctrl-D");
    terminal.type_keys("hello\n\x04");
    assert!(terminal.wait_for_exit().success());
    assert!(
        terminal.screen().contains("Hello from the stub."),
        "{}",
        terminal.screen()
    );
}

#[test]
fn a_failed_turn_ends_with_the_way_on() {
    let world = World::replaying(&["e402"]);
    insta::assert_snapshot!(screen_after(&world, &["run", "spend it"], (24, 100)));
}

#[test]
fn a_failure_fits_the_terminal() {
    let world = World::replaying(&["auth-fail"]);
    insta::assert_snapshot!(screen_after(&world, &["run", "spend it"], (24, 60)));
}

#[test]
fn what_points_at_a_mistake_still_points_at_it() {
    let world = World::replaying(&["text"]);
    world.write("home/.config/ampctl/config.toml", "moed = 'high'\n");
    let screen = screen_after(&world, &["run", "hi"], (24, 80));
    assert!(
        screen.contains("1 | moed = 'high'\n         | ^^^^\n"),
        "{screen}"
    );
}

#[test]
fn the_end_counts_the_calls_that_were_refused() {
    let world = World::replaying(&["perm-reject"]);
    let screen = screen_after(&world, &["run", "push it"], (24, 120));
    assert!(screen.contains("· 1 tool call refused"), "{screen}");
}

#[test]
fn quiet_leaves_the_answer_alone() {
    let world = World::replaying(&["text"]);
    insta::assert_snapshot!(screen_after(&world, &["run", "-q", "hello"], (24, 80)));
    let with_a_call = World::replaying(&["bash"]);
    insta::assert_snapshot!(screen_after(
        &with_a_call,
        &["run", "-q", "hello"],
        (24, 80)
    ));
}

#[test]
fn the_status_line_names_the_tool_that_runs_and_goes_away() {
    let call = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"1","name":"shell_command","input":{"command":"cargo test"}}],"usage":{"input_tokens":1200,"output_tokens":34}}}"#;
    let init = r#"{"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001","agent_mode":"high"}"#;
    let world = World::playing(&format!("out {init}; out {call}; hang"));
    let mut terminal = Terminal::start(&world, &["run", "test it"], (24, 80));
    terminal.wait_for("high · ");
    terminal.wait_for_line(&["running cargo test ", "s · 1200 tokens in, 34 out"]);
    terminal.type_keys("\x03");
    let status = terminal.wait_for_exit();
    assert_eq!(status.code(), Some(130));
    assert!(
        !terminal.screen().contains("running cargo test"),
        "{}",
        terminal.screen()
    );
    insta::assert_snapshot!(without_times(&terminal.screen()));
}

#[test]
fn calls_at_once_are_named_together_and_end_in_the_order_of_time() {
    let call = |id: &str, command: &str| {
        let call = json!({"type": "tool_use", "id": id, "name": "shell_command",
            "input": {"command": command}});
        json!({"type": "assistant", "message": {"content": [call]}}).to_string()
    };
    let end = |id: &str, code: u8| {
        let said = json!({"output": format!("said by {id}"), "exitCode": code}).to_string();
        let result = json!({"type": "tool_result", "tool_use_id": id, "content": said});
        let message = json!({"role": "user", "content": [result]});
        format!("{}\n", json!({"type": "user", "message": message}))
    };
    let result = json!({"type": "result", "subtype": "success", "is_error": false,
        "duration_ms": 1, "num_turns": 1, "result": "ok"});
    let calls = [call("1", "make slow"), call("2", "make quick")];
    let world = World::playing(&format!(
        "out {}; out {}; file end-of-2; file end-of-1; out {result}",
        calls[0], calls[1]
    ));
    let ends = ["end-of-2", "end-of-1"].map(|name| world.named_pipe(name));
    let mut terminal = Terminal::start(&world, &["run", "make it"], (24, 80));
    terminal.wait_for_line(&["2 tools: running make slow, running make quick ", "s"]);
    std::fs::write(&ends[0], end("2", 0)).expect("an agent that reads");
    let line = terminal.wait_for_line(&["· running make slow ", "s"]);
    assert!(!line.contains("make quick"), "{line}");
    std::fs::write(&ends[1], end("1", 2)).expect("an agent that reads");
    assert!(terminal.wait_for_exit().success());
    insta::assert_snapshot!(without_times(&terminal.screen()));
}

#[test]
fn the_end_tells_the_time_that_the_status_line_has_counted() {
    // An Amp that says its version when it is told to: its start is part of the wait.
    let agent = fixtures::fake_agent().display();
    let world = World::replaying(&["text"]).with_amp_script(&format!(
        "[ \"$1\" = --version ] && read go < go\nexec '{agent}' \"$@\""
    ));
    let go = world.named_pipe("go");
    let mut terminal = Terminal::start(&world, &["run", "hello"], (24, 80));
    terminal.wait_for(" 1s");
    std::fs::write(go, "\n").expect("a reader");
    assert!(terminal.wait_for_exit().success());
    let screen = terminal.screen();
    let (_, end) = screen.split_once("done in ").expect("a summary");
    let seconds = end.split('s').next().expect("a time");
    assert!(seconds.parse::<f64>().expect("seconds") >= 1.0, "{screen}");
}

#[test]
fn ctrl_c_twice_kills() {
    let init = r#"{"type":"system","subtype":"init","agent_mode":"high"}"#;
    let world = World::playing(&format!("ignore SIGTERM; out {init}; hang"));
    let mut terminal = Terminal::start(&world, &["run", "go"], (24, 100));
    terminal.wait_for("high · ");
    terminal.type_keys("\x03");
    terminal.wait_for("Ctrl-C: stopping the agent; once more kills it");
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
    assert!(
        terminal.screen().contains("the agent was killed"),
        "{}",
        terminal.screen()
    );
}

#[test]
fn a_pipe_gets_no_escape_sequences_while_the_terminal_beside_it_moves() {
    let world = World::replaying(&["files"]);
    let mut terminal = Terminal::start_shell(&world, "ampctl run go > answer.txt", (24, 80));
    assert!(terminal.wait_for_exit().success());
    assert!(terminal.raw().contains("\x1b[J"), "{:?}", terminal.raw());
    let answer = std::fs::read_to_string(world.project().join("answer.txt"));
    assert_eq!(answer.expect("an answer"), "File created and edited.\n");
}

#[test]
fn a_key_is_typed_unseen() {
    let world = World::new().without("AMP_API_KEY");
    let mut terminal = Terminal::start(&world, &["credentials", "set"], (24, 80));
    terminal.wait_for("(not shown):");
    terminal.wait_for_hidden_input();
    terminal.type_keys("a-typed-key\n");
    assert!(terminal.wait_for_exit().success());
    assert!(
        !terminal.raw().contains("a-typed-key"),
        "{}",
        terminal.raw()
    );
    let stored = std::fs::read_to_string(
        world
            .project()
            .join("../home/.local/share/amp/secrets.json"),
    );
    assert!(stored.expect("a secrets file").contains("a-typed-key"));
}

#[test]
fn a_key_is_hidden_from_keys_that_would_stop_the_program() {
    let world = World::new().without("AMP_API_KEY");
    let mut terminal = Terminal::start(&world, &["credentials", "set"], (24, 80));
    terminal.wait_for("(not shown):");
    terminal.wait_for_hidden_input();
    // After Ctrl-Z a shell shows what is typed again, and Ctrl-\\ leaves a core file.
    terminal.type_keys("\x1a\x1c\x15a-typed-key\n");
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    assert!(
        !terminal.raw().contains("a-typed-key"),
        "{}",
        terminal.raw()
    );
}

#[test]
fn the_end_of_input_is_no_key() {
    let world = World::new().without("AMP_API_KEY");
    let mut terminal = Terminal::start(&world, &["credentials", "set"], (24, 80));
    terminal.wait_for("(not shown):");
    terminal.wait_for_hidden_input();
    terminal.type_keys("\x04");
    assert_eq!(terminal.wait_for_exit().code(), Some(2));
    let screen = terminal.screen();
    assert!(
        screen.contains("(not shown):\nerror: no key was given\n"),
        "{screen}"
    );
}

#[test]
fn deleting_asks_first() {
    let world = World::replaying(&["text"]);
    assert_eq!(
        world.run(&["run", "hello", "--name", "draft"]).code,
        amp_cli::ExitCode::Done
    );
    for (answer, left) in [("n\n", 1), ("y\n", 0)] {
        let mut terminal = Terminal::start(&world, &["sessions", "delete", "draft"], (24, 80));
        terminal.wait_for("Delete 1 recorded session? [y/N]");
        terminal.type_keys(answer);
        terminal.wait_for_exit();
        let sessions = world.run(&["sessions", "list", "--json"]).json();
        assert_eq!(sessions["sessions"].as_array().map(Vec::len), Some(left));
    }
}

#[test]
fn pruning_asks_first() {
    let world = World::replaying(&["text"]);
    assert_eq!(
        world.run(&["run", "hello", "--name", "draft"]).code,
        amp_cli::ExitCode::Done
    );
    for (answer, code) in [("\n", 130), ("yes\n", 0)] {
        let arguments = ["sessions", "prune", "--max-size", "0"];
        let mut terminal = Terminal::start(&world, &arguments, (24, 80));
        terminal.wait_for("Delete 1 recorded session? [y/N]");
        assert!(
            terminal.screen().contains("just now  draft"),
            "{}",
            terminal.screen()
        );
        terminal.type_keys(answer);
        assert_eq!(terminal.wait_for_exit().code(), Some(code));
    }
    assert_eq!(world.run(&["sessions", "list"]).stdout(), "");
}
