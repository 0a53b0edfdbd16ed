//! The progress of a download, on a terminal and where nobody watches.

use amp_cli::ExitCode;

use crate::support::World;
use crate::support::held_server::{HALF, HeldServer};
use crate::support::mirror::NEWER;
use crate::support::pseudo_terminal::Terminal;

#[test]
fn a_bar_tells_how_much_is_here_how_fast_it_comes_and_how_long_it_takes() {
    let (server, world) = HeldServer::start(World::new());
    let mut terminal = Terminal::start(&world, &["install"], (24, 110));
    let begin = format!("Amp {NEWER}  [======");
    terminal.wait_for_line(&[
        &begin,
        ">",
        "]  ",
        "%  ",
        "KiB of 1.0 MiB  ",
        "B/s  ",
        " left",
    ]);
    server.let_go();
    assert!(terminal.wait_for_exit().success());
    let screen = terminal.screen();
    assert!(!screen.contains('%'), "the bar is gone: {screen}");
    assert!(
        screen.starts_with(&format!("installed Amp {NEWER}")),
        "{screen}"
    );
}

#[test]
fn a_narrow_terminal_gets_a_shorter_bar_on_one_line() {
    for (columns, line) in [
        (44, &["[==", ">", "]  ", "%  ", "B/s  ", " left"] as &[&str]),
        (18, &["%  ", " left"]),
    ] {
        let (server, world) = HeldServer::start(World::new());
        let mut terminal = Terminal::start(&world, &["install"], (24, columns));
        let shown = terminal.wait_for_line(line);
        assert!(shown.chars().count() < usize::from(columns), "{shown:?}");
        assert_eq!(
            terminal.screen().lines().count(),
            1,
            "{}",
            terminal.screen()
        );
        server.let_go();
        assert!(terminal.wait_for_exit().success());
    }
}

#[test]
fn a_bar_follows_the_size_of_the_terminal() {
    let (server, world) = HeldServer::start(World::new());
    let mut terminal = Terminal::start(&world, &["install"], (24, 110));
    terminal.wait_for_line(&["Amp", "KiB of", " left"]);
    terminal.resize((24, 40));
    // Only a line that was drawn for the new size has nothing before its bar.
    let bar_first = |line: &str| line.starts_with("[==") && line.ends_with(" left");
    terminal.wait_until("a shorter bar", |screen| screen.lines().any(bar_first));
    server.let_go();
    assert!(terminal.wait_for_exit().success());
}

#[test]
fn no_bar_is_drawn_where_nobody_watches() {
    let cases = [
        (World::new(), &["install", "--no-progress"] as &[&str]),
        (World::new(), &["install", "--quiet"]),
        (World::new().with("AMPCTL_PROGRESS", "false"), &["install"]),
        (World::new().with("CI", "true"), &["install"]),
        (World::new().with("TERM", "dumb"), &["install"]),
    ];
    for (world, arguments) in cases {
        let (server, world) = HeldServer::start(world);
        server.let_go();
        let mut terminal = Terminal::start(&world, arguments, (24, 110));
        assert!(terminal.wait_for_exit().success());
        let raw = terminal.raw();
        assert!(
            !raw.contains('%') && !raw.contains("asking") && !raw.contains("\x1b["),
            "{:?} {arguments:?}: {raw:?}",
            world.environment()
        );
    }
}

#[test]
fn a_pipe_gets_lines_and_no_bar() {
    let (server, world) = HeldServer::start(World::new());
    server.let_go();
    let finished = world.run(&["install"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    let stderr = finished.stderr();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("installed Amp "), "{stderr}");
}

#[test]
fn ctrl_c_removes_the_bar_and_the_next_installation_goes_on_from_there() {
    let (server, world) = HeldServer::start(World::new());
    let mut terminal = Terminal::start(&world, &["install"], (24, 110));
    terminal.wait_for_line(&["KiB of", " left"]);
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
    insta::assert_snapshot!(terminal.screen());
    assert_eq!(world.run(&["which"]).code, ExitCode::NoUsableAmp);
    // A word for the download that was given up, and one for the next.
    server.let_go();
    server.let_go();
    let finished = world.run(&["install"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    assert!(
        matches!(server.starts().as_slice(), [0, 1..=HALF]),
        "{:?}",
        server.starts()
    );
    assert_eq!(world.run(&["versions", "--verify"]).code, ExitCode::Done);
}
