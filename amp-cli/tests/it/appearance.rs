//! Colours, moving lines and widths: who decides, and in which order.

use amp_cli::{ExitCode, Output, Terminal};

use crate::support::World;
use crate::support::mirror::{NEWER, OLDER, with_mirror_of};

/// Runs a command whose output goes to a terminal or to a pipe, and returns all it wrote.
fn written(world: &World, arguments: &[&str], terminal: Option<u16>) -> (ExitCode, String) {
    let (output, text) = Output::captured();
    let output = match terminal {
        Some(columns) => output.on_terminal(Terminal::with_columns(columns)),
        None => output,
    };
    let context = world.context();
    let mut context = context.with_stdout(output.clone()).with_stderr(output);
    let code = amp_cli::run(["ampctl"].iter().chain(arguments), &mut context);
    (code, text.text())
}

fn is_coloured(world: &World, arguments: &[&str], terminal: Option<u16>) -> bool {
    written(world, arguments, terminal).1.contains("\u{1b}[")
}

/// Creates a world with variables such as `NO_COLOR=1 CI=true`.
fn world_with(variables: &str) -> World {
    let pairs = variables
        .split_whitespace()
        .map(|pair| pair.split_once('='));
    let pairs = pairs.map(|pair| pair.expect("a name and a value"));
    pairs.fold(World::replaying(&["files"]), |world, (name, value)| {
        world.with(name, value)
    })
}

#[test]
fn colours_are_decided_in_the_documented_order() {
    // What is set, an option, and whether a pipe and a terminal get colours.
    let cases = [
        ("", "", false, true),
        ("NO_COLOR=1", "", false, false),
        ("NO_COLOR=", "", false, true),
        ("CLICOLOR_FORCE=1", "", true, true),
        ("CLICOLOR_FORCE=0", "", false, true),
        ("NO_COLOR=1 CLICOLOR_FORCE=1", "", false, false),
        ("CLICOLOR=0", "", false, false),
        ("CLICOLOR=0 CLICOLOR_FORCE=1", "", true, true),
        ("TERM=dumb", "", false, false),
        ("TERM=dumb CLICOLOR_FORCE=1", "", true, true),
        ("AMPCTL_COLOR=always", "", true, true),
        ("AMPCTL_COLOR=never", "", false, false),
        ("AMPCTL_COLOR=always NO_COLOR=1", "", true, true),
        ("AMPCTL_COLOR=never CLICOLOR_FORCE=1", "", false, false),
        ("AMPCTL_COLOR=never", "--color=always", true, true),
        ("AMPCTL_COLOR=always", "--color never", false, false),
        ("AMPCTL_COLOR=never", "--color=auto", false, true),
        ("CI=true", "", false, true),
    ];
    // A result, a failure, a usage error and a help text.
    let commands = [
        "credentials status",
        "run without-a-key",
        "no-such-command",
        "--help",
    ];
    for (variables, option, in_a_pipe, on_a_terminal) in cases {
        let world = world_with(variables).without("AMP_API_KEY");
        for command in commands {
            let words = option.split_whitespace().chain(command.split(' '));
            let arguments: Vec<&str> = words.collect();
            let coloured = [None, Some(80)].map(|to| is_coloured(&world, &arguments, to));
            assert_eq!(
                coloured,
                [in_a_pipe, on_a_terminal],
                "{variables:?} {arguments:?}"
            );
        }
    }
}

#[test]
fn the_project_decides_before_the_user_and_both_after_the_environment() {
    let coloured = |world: &World| is_coloured(world, &["credentials", "status"], None);
    let world = world_with("").without("AMP_API_KEY");
    world.write("home/.config/ampctl/config.toml", "color = 'always'");
    assert!(coloured(&world), "the user's file");
    world.write("project/.ampctl.toml", "color = 'never'");
    assert!(!coloured(&world), "the project's file");
    assert!(coloured(&world.with("AMPCTL_COLOR", "always")));
}

#[test]
fn a_broken_configuration_is_complained_about_in_the_colours_of_the_flag() {
    let world = world_with("").without("AMP_API_KEY");
    world.write("home/.config/ampctl/config.toml", "color = 'blue'");
    let (code, text) = written(&world, &["versions", "--color=always"], None);
    assert_eq!(code, ExitCode::Usage, "{text}");
    assert!(text.starts_with("\u{1b}["), "{text:?}");
}

#[test]
fn what_follows_two_dashes_is_no_option() {
    let (_, text) = written(
        &world_with(""),
        &["run", "--nonsense", "--", "--color=always"],
        None,
    );
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn moving_lines_need_a_terminal_and_a_person() {
    let moves = |variables, arguments: &[&str], terminal| {
        let arguments = [&["run", "hi"], arguments].concat();
        let (_, text) = written(&world_with(variables), &arguments, terminal);
        text.contains("\u{1b}[J")
    };
    for variables in ["", "CI=false", "CI=0", "CI="] {
        assert!(moves(variables, &[], Some(80)), "{variables}");
        assert!(!moves(variables, &[], None), "{variables} in a pipe");
        assert!(!moves(variables, &["--no-progress"], Some(80)));
    }
    for variable in ["CI=true", "CI=1", "TERM=dumb", "AMPCTL_PROGRESS=false"] {
        assert!(!moves(variable, &[], Some(80)), "{variable}");
    }
}

/// Returns the columns of the widest line.
fn widest(text: &str) -> usize {
    let columns = text.lines().map(|line| line.chars().count());
    columns.max().unwrap_or(0)
}

#[test]
fn columns_narrows_a_terminal_and_stands_for_one_that_does_not_tell() {
    let width = |columns: Option<&str>, terminal| {
        let world = with_mirror_of(World::new(), &[OLDER, NEWER]);
        let world = match columns {
            Some(columns) => world.with("COLUMNS", columns),
            None => world,
        };
        widest(&written(&world, &["run", "-h", "--color=never"], terminal).1)
    };
    let (narrow, usual) = (40..=50, 70..=80);
    assert!(usual.contains(&width(None, Some(80))));
    assert!(narrow.contains(&width(Some("50"), Some(80))));
    assert!(
        narrow.contains(&width(Some("200"), Some(50))),
        "more than there are"
    );
    assert!(
        narrow.contains(&width(Some("50"), Some(0))),
        "the terminal does not tell"
    );
    assert!(usual.contains(&width(None, Some(0))), "nobody tells");
    assert!(narrow.contains(&width(Some("50"), None)), "a pipe");
    for nonsense in ["0", "-1", "wide", ""] {
        assert!(
            usual.contains(&width(Some(nonsense), Some(80))),
            "{nonsense:?}"
        );
    }
}
