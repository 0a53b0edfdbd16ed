//! A newer Amp is told of: once a day, to a person, by what was heard anyway.

use amp_cli::ExitCode;

use crate::support::mirror::{NEWER, OLDER, publish, with_mirror_of};
use crate::support::pseudo_terminal::Terminal;
use crate::support::{INIT, SUCCESS, World};

/// A world whose installed Amp is not the newest that its source was heard to announce.
fn outdated() -> World {
    let world = with_mirror_of(World::new(), &[OLDER])
        .with("FAKE_AGENT_SCRIPT", &format!("{INIT}\n{SUCCESS}\n"));
    assert_eq!(world.run(&["install"]).code, ExitCode::Done);
    publish(&world, NEWER, 0);
    world
}

fn with_answer(world: World) -> World {
    let listed = world.run(&["versions", "--available"]);
    assert_eq!(listed.code, ExitCode::Done, "{}", listed.document());
    world
}

/// Runs on a terminal and returns what it shows in the end.
fn shown(world: &World, options: &[&str]) -> String {
    let arguments = [&["run", "hello"], options].concat();
    let mut terminal = Terminal::start(world, &arguments, (24, 120));
    assert!(terminal.wait_for_exit().success(), "{}", terminal.screen());
    terminal.screen()
}

#[test]
fn a_newer_amp_is_told_of_once_a_day() {
    let world = with_answer(outdated());
    let notice = format!("Amp {NEWER} is there, this one is ");
    let first = shown(&world, &[]);
    assert!(first.contains(&notice), "{first}");
    assert!(first.contains("`ampctl install` installs it"), "{first}");
    let second = shown(&world, &[]);
    assert!(!second.contains(NEWER), "{second}");
    assert!(second.contains("done in"), "{second}");
}

#[test]
fn nothing_is_told_of_what_no_source_was_asked_for() {
    let first = shown(&outdated(), &[]);
    assert!(!first.contains(NEWER), "{first}");
}

#[test]
fn nothing_is_told_to_programs_in_ci_or_where_it_is_not_wanted() {
    let mut world = with_answer(outdated());
    let captured = world.run(&["run", "hello"]);
    assert!(!captured.document().contains(NEWER));
    for options in [&["--quiet"] as &[&str], &["--json"]] {
        let screen = shown(&world, options);
        assert!(!screen.contains(NEWER), "{options:?}: {screen}");
    }
    for (name, value) in [
        ("CI", "true"),
        ("AMPCTL_UPDATE_NOTICE", "false"),
        ("AMPCTL_VERSION", OLDER),
    ] {
        world = world.with(name, value);
        let screen = shown(&world, &[]);
        assert!(!screen.contains(NEWER), "{name}: {screen}");
        world = world.without(name);
    }
    // None of them has used up the day.
    assert!(shown(&world, &[]).contains(NEWER));
}
