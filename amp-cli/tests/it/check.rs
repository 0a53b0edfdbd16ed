//! Runs whose work is checked.

use amp_cli::ExitCode;

use crate::support::World;

#[test]
fn work_that_passes_its_check_is_done() {
    let world = World::replaying(&["text"]);
    let finished = world.run(&[
        "run",
        "hi",
        "--check",
        "pwd > ../checked; test -z \"$AMP_API_KEY\"",
    ]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    let checked = std::fs::read_to_string(world.project().join("../checked")).expect("it ran");
    assert_eq!(checked.trim(), world.project().to_str().expect("UTF-8"));
}

#[test]
fn work_that_fails_its_check_is_a_failure_with_the_end_of_what_it_wrote() {
    let world = World::replaying(&["text"]);
    let check = "for n in $(seq 30); do echo line $n; done; echo wrong >&2; exit 3";
    let finished = world.run(&["run", "hi", "--check", check]);
    assert_eq!(finished.code, ExitCode::CheckFailed);
    insta::assert_snapshot!("check_failed", finished.document());
}

#[test]
fn the_agent_is_told_what_failed_until_the_check_passes() {
    let world = World::replaying(&["text", "text", "text"]);
    let check = "echo once >> ../count; test $(wc -l < ../count) = 3 || { echo broken; exit 1; }";
    let arguments = [
        "run",
        "hi",
        "--dangerously-allow-all",
        "--check",
        check,
        "--attempts",
        "5",
    ];
    let finished = world.run(&arguments);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    assert!(
        finished.stderr().contains("turn 3 of 5"),
        "{}",
        finished.stderr()
    );
    let prompts = world.prompts();
    assert_eq!((prompts.len(), prompts[0].as_str()), (3, "hi"));
    for prompt in &prompts[1..] {
        assert!(
            prompt.starts_with("A check of the work failed."),
            "{prompt}"
        );
        assert!(prompt.contains("```\nbroken\n```"), "{prompt}");
    }
}

#[test]
fn attempts_come_to_an_end() {
    let world = World::replaying(&["text", "text"]);
    let check = "echo once >> ../count; exit 1";
    let finished = world.run(&["run", "hi", "--check", check, "--attempts", "2"]);
    assert_eq!(finished.code, ExitCode::CheckFailed);
    let count = std::fs::read_to_string(world.project().join("../count")).expect("it ran");
    assert_eq!(count.lines().count(), 2);
}

#[test]
fn what_a_check_has_said_is_in_the_record_without_secrets() {
    let world = World::replaying(&["text"]).with("OTHER_TOKEN", "a-secret-of-the-environment");
    let check = "echo found $OTHER_TOKEN; exit 3";
    let finished = world.run(&["run", "hi", "--check", check, "--json"]);
    assert_eq!(finished.json()["check"]["passed"], false);
    let exported = world
        .run(&["sessions", "export", "last", "-f", "json"])
        .json();
    let kept = &exported["turns"][0]["check"];
    assert_eq!(
        (&kept["command"], &kept["end"]),
        (&check.into(), &"exit code 3".into())
    );
    assert_eq!(kept["output"], "found [redacted]\n");
    let page = world.run(&["sessions", "export", "last"]).stdout();
    assert!(page.contains("The check failed (exit code 3):"), "{page}");
}

#[test]
fn no_more_turns_follow_when_nothing_has_changed() {
    let world = World::replaying(&["text", "text", "text"]);
    // From the second turn on there is a work tree to compare.
    let check = "git init -q . && echo once >> ../count; exit 1";
    let finished = world.run(&["run", "hi", "--check", check, "--attempts", "9"]);
    assert_eq!(finished.code, ExitCode::CheckFailed);
    assert!(
        finished.stderr().contains("nothing has changed"),
        "{}",
        finished.stderr()
    );
    let count = std::fs::read_to_string(world.project().join("../count")).expect("it ran");
    assert_eq!(count.lines().count(), 3);
}

#[test]
fn a_turn_that_failed_is_not_checked() {
    let world = World::playing("exit 7");
    let finished = world.run(&["run", "hi", "--check", "touch ../checked"]);
    assert_eq!(finished.code, ExitCode::NoResult);
    assert!(!world.project().join("../checked").exists());
}

#[test]
fn attempts_need_a_check() {
    let finished = World::replaying(&["text"]).run(&["run", "hi", "--attempts", "2"]);
    assert_eq!(finished.code, ExitCode::Usage);
}

#[test]
fn a_setting_checks_every_run_and_an_empty_option_lifts_it() {
    let world = World::replaying(&["text", "text"])
        .with("AMPCTL_CHECK", "echo once >> ../count; exit 1")
        .with("AMPCTL_ATTEMPTS", "2");
    assert_eq!(world.run(&["run", "hi"]).code, ExitCode::CheckFailed);
    let count = std::fs::read_to_string(world.project().join("../count")).expect("it ran");
    assert_eq!(count.lines().count(), 2);
    let lifted = World::replaying(&["text"]).with("AMPCTL_CHECK", "exit 1");
    assert_eq!(
        lifted.run(&["run", "hi", "--check", ""]).code,
        ExitCode::Done
    );
    let wrong = world.with("AMPCTL_ATTEMPTS", "0").run(&["run", "hi"]);
    assert_eq!(wrong.code, ExitCode::Usage);
}
