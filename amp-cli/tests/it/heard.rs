//! What a user says to a run is heard: nothing of it is dropped without a word.

use amp_cli::ExitCode;

use crate::support::{World, without_times};

/// Returns the prompt of the last recorded turn.
fn prompt_of_the_last(world: &World) -> String {
    let shown = world.run(&["sessions", "show", "last", "--json"]).json();
    let turns = shown["turns"].as_array().expect("turns");
    let prompt = &turns.last().expect("a turn")["start"]["prompt"];
    prompt.as_str().expect("a prompt").to_owned()
}

#[test]
fn what_is_piped_in_beside_a_prompt_reaches_the_agent() {
    let world = World::replaying(&["continue-first", "continue-second"]);
    for command in ["run", "continue"] {
        let finished = world.run_with_input(&[command, "review this"], "+ a line\n");
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
        assert_eq!(prompt_of_the_last(&world), "review this\n\n+ a line");
    }
}

#[test]
fn what_is_piped_in_is_sent_whole_or_not_at_all() {
    let world = World::replaying(&["text"]);
    let finished = world.run_with_input(&["run", "review"], &"x".repeat(8 * 1024 * 1024 + 1));
    assert_eq!(finished.code, ExitCode::Usage);
    insta::assert_snapshot!(finished.document());
}

#[test]
fn a_mode_that_amp_takes_without_a_check_is_doubted() {
    for format in ["text", "json", "stream-json"] {
        let world = World::replaying(&["mode-bogus"]);
        let finished = world.run(&["run", "--mode", "hihg", "--output", format, "hello"]);
        assert_eq!(finished.code, ExitCode::Done);
        assert_eq!(
            finished.stderr(),
            "note: Amp takes mode \"hihg\" and does not say whether it has one of that name; it has \
             low, medium, high, ultra\n"
        );
    }
    let world = World::replaying(&["text"]);
    assert_eq!(world.run(&["run", "--mode", "High", "hello"]).stderr(), "");
}

#[test]
fn a_session_that_goes_on_takes_a_new_name() {
    let world = World::replaying(&["continue-first", "continue-second", "continue-second"]);
    world.run(&["run", "--name", "old", "hello"]);
    for (command, name) in [
        (&["continue", "--name"] as &[_], "new"),
        (&["run", "--continue", "last", "--name"], "newer"),
    ] {
        let arguments: Vec<&str> = command.iter().copied().chain([name, "go on"]).collect();
        assert_eq!(world.run(&arguments).code, ExitCode::Done);
        let shown = world.run(&["sessions", "show", name, "--json"]).json();
        assert_eq!(shown["session"]["name"], name);
    }
    assert_eq!(
        world.run(&["sessions", "show", "old"]).code,
        ExitCode::Usage
    );
}

#[test]
fn verbose_says_beside_the_answer_which_amp_does_what_and_where() {
    let world = World::replaying(&["bash"]);
    let finished = world.run(&["run", "--verbose", "print something"]);
    assert_eq!(finished.stdout(), "The command printed hello-from-bash.\n");
    let record = world.run(&["sessions", "list", "--json"]).json();
    let id = record["sessions"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let document = finished.document().replace(&id, "[id]");
    insta::assert_snapshot!(without_times(&document));

    let world = World::replaying(&["bash"]);
    let finished = world.run(&["run", "-v", "--no-record", "--json", "print something"]);
    assert_eq!(finished.json()["outcome"], "completed");
    assert!(
        finished.stderr().contains("not recorded"),
        "{}",
        finished.stderr()
    );
}

#[test]
fn verbose_names_each_tool_call_and_its_end_beside_an_answer_that_goes_elsewhere() {
    for (scenario, line) in [
        ("parallel", "✗ shell_command echo two; exit 3  exit 3  "),
        ("files", "✓ edit_file new.txt  +1 −1  "),
        (
            "perm-reject",
            "pwd  Rejected by user permissions rule 1: reject shell_command  ",
        ),
    ] {
        for output in ["text", "json", "stream-json"] {
            let world = World::replaying(&[scenario]);
            let told = world.run(&["run", "-v", "--output", output, "go"]).stderr();
            assert!(told.contains(line), "{told}");
            assert!(told.contains("\n· done in "), "{told}");
            let quiet = world.run(&["run", "--output", output, "go"]).stderr();
            assert!(!quiet.contains(line), "{quiet}");
        }
    }
}
