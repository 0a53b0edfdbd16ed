//! The manual page on a terminal.

use amp_cli::ExitCode;

use crate::support::World;
use crate::support::pseudo_terminal::Terminal;

/// A world whose `man` shows the first line of a page and waits for a key, as a pager does.
fn world_with_man() -> World {
    let world = World::new();
    let script = "trap '' INT\ngrep '^.TH' \"$1\"\nread key\necho \"key $key\"";
    let man = world.script("bin/man", script);
    let folder = man.parent().expect("a folder").display().to_string();
    world.with("PATH", &format!("{folder}:/usr/bin:/bin"))
}

#[test]
fn on_a_terminal_man_shows_the_page_and_has_the_keyboard() {
    let world = world_with_man();
    let mut terminal = Terminal::start(&world, &["man", "sessions", "list"], (24, 80));
    terminal.wait_for(".TH ampctl-sessions-list");
    // Ctrl-C is the pager's.
    terminal.type_keys("\x03");
    terminal.type_keys("q\n");
    terminal.wait_for("key q");
    assert!(terminal.wait_for_exit().success());
}

#[test]
fn without_man_the_help_is_shown() {
    let world = World::new().with("PATH", "/nowhere");
    let mut terminal = Terminal::start(&world, &["man", "gc"], (24, 80));
    assert!(terminal.wait_for_exit().success());
    let shown = terminal.raw();
    assert!(shown.contains("--keep <COUNT>"), "{shown}");
}

#[test]
fn in_a_pipe_the_source_is_written() {
    let world = world_with_man();
    let page = world.run(&["man", "gc"]);
    assert_eq!(page.code, ExitCode::Done);
    let head = format!(".TH ampctl-gc 1  \"ampctl {}\"", env!("CARGO_PKG_VERSION"));
    assert!(page.stdout().contains(&head), "{}", page.stdout());
    let unknown = world.run(&["man", "nothing"]);
    assert_eq!(unknown.code, ExitCode::Usage);
}
