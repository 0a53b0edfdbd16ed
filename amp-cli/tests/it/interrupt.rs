//! Signals that come before a turn has begun, during an installation and at the hidden prompt.

use rustix::process::Signal;
use rustix::termios::LocalModes;

use crate::support::World;
use crate::support::held_server::HeldServer;
use crate::support::program::{Program, processes_in, wait_for_process};
use crate::support::pseudo_terminal::Terminal;

/// A world whose Amp never answers, not even what its version is, and has a child.
fn without_an_answer() -> World {
    World::new().with_amp_script("sleep 86400 &\nexec sleep 86399")
}

#[test]
fn a_signal_while_amp_is_asked_for_its_version_ends_everything() {
    for (signal, name) in [(Signal::INT, "Ctrl-C"), (Signal::TERM, "SIGTERM")] {
        let mut program = Program::start(without_an_answer(), &["run", "hi"]);
        wait_for_process(program.world(), "sleep 86399");
        wait_for_process(program.world(), "sleep 86400");
        program.signal(signal);
        let (status, stderr) = program.wait_for_end();
        assert_eq!(status.code(), Some(130), "{stderr}");
        let expected = format!("error: interrupted\n  why: by {name}\n");
        assert_eq!(stderr, expected);
        assert_eq!(processes_in(program.world()), [""; 0]);
    }
}

#[test]
fn a_signal_before_the_first_line_ends_everything() {
    let world = World::playing("spawn daemon { hang }; hang");
    let mut program = Program::start(world, &["run", "unheard"]);
    wait_for_process(program.world(), "--execute");
    program.signal(Signal::INT);
    let (status, stderr) = program.wait_for_end();
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(stderr.starts_with("error: interrupted\n"), "{stderr}");
    assert_eq!(processes_in(program.world()), [""; 0]);
}

#[test]
fn ctrl_c_before_the_first_line_leaves_a_clean_screen() {
    let world = without_an_answer();
    let mut terminal = Terminal::start(&world, &["run", "hi"], (24, 80));
    wait_for_process(&world, "sleep 86399");
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
    assert_eq!(terminal.screen(), "error: interrupted\n  why: by Ctrl-C\n");
    assert_eq!(processes_in(&world), [""; 0]);
}

#[test]
fn questions_to_amp_can_be_interrupted() {
    for arguments in [&["modes"] as &[&str], &["capabilities"], &["doctor"]] {
        let mut program = Program::start(without_an_answer(), arguments);
        wait_for_process(program.world(), "sleep 86399");
        program.signal(Signal::INT);
        let (status, stderr) = program.wait_for_end();
        assert_eq!(status.code(), Some(130), "{arguments:?}: {stderr}");
        assert_eq!(processes_in(program.world()), [""; 0], "{arguments:?}");
    }
}

#[test]
fn a_signal_during_a_download_ends_the_installation() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (server, world) = HeldServer::start(World::new());
        let mut program = Program::start(world, &["install"]);
        server.wait_until_held();
        program.signal(signal);
        let (status, stderr) = program.wait_for_end();
        assert_eq!(status.code(), Some(130), "{stderr}");
        assert!(stderr.starts_with("error: interrupted\n"), "{stderr}");
        assert_eq!(processes_in(program.world()), [""; 0]);
    }
}

#[test]
fn a_terminal_shows_what_is_typed_again_after_a_signal_at_the_hidden_prompt() {
    let usual = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    for end in ["\x03", "INT", "TERM"] {
        let world = World::new().without("AMP_API_KEY");
        let mut terminal = Terminal::start(&world, &["credentials", "set"], (24, 80));
        terminal.wait_for("(not shown):");
        terminal.wait_for_hidden_input();
        match end {
            "INT" => terminal.signal(Signal::INT),
            "TERM" => terminal.signal(Signal::TERM),
            keys => terminal.type_keys(keys),
        }
        assert_eq!(terminal.wait_for_exit().code(), Some(130), "{end:?}");
        assert!(terminal.local_modes().contains(usual), "{end:?}");
        let screen = terminal.screen();
        assert!(
            screen.contains("\nerror: interrupted\n"),
            "{end:?}: {screen}"
        );
    }
}
