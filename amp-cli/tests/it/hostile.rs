//! Things that go wrong around `ampctl`: full disks, missing homes, strange names, strange Amps.

use amp_cli::ExitCode;

use crate::support::World;
use crate::support::pseudo_terminal::Terminal;

/// Runs a line of shell and returns its exit code and what it wrote to the terminal.
fn shell(world: &World, line: &str) -> (Option<i32>, String) {
    let mut terminal = Terminal::start_shell(world, line, (24, 120));
    let status = terminal.wait_for_exit();
    (status.code(), terminal.screen())
}

#[test]
fn output_that_cannot_be_written_is_a_failure_with_a_reason() {
    for arguments in [
        "run hello",
        "--version",
        "--help",
        "sessions list --json",
        "man",
    ] {
        let world = World::replaying(&["text"]);
        let (code, screen) = shell(&world, &format!("ampctl {arguments} > /dev/full"));
        assert_eq!(code, Some(1), "{arguments}: {screen}");
        assert!(
            screen.contains("error: output could not be written"),
            "{arguments}: {screen}"
        );
        assert!(
            screen.contains("No space left on device"),
            "{arguments}: {screen}"
        );
    }
}

#[test]
fn a_prompt_that_amp_finds_too_long_is_a_usage_error() {
    let refusal = "Error: Execute mode input is too large to send safely: 1048604 UTF-8 bytes exceeds the 1048576-byte limit.";
    let world = World::playing(&format!("err {refusal}; exit 1"));
    let finished = world.run(&["run", "a long story"]);
    assert_eq!(finished.code, ExitCode::Usage, "{}", finished.document());
    insta::assert_snapshot!(finished.document());
}

#[test]
fn a_folder_that_is_none_is_refused_before_anything_starts() {
    let world = World::playing("out hello");
    world.write("project/file", "");
    for folder in ["nowhere", "file"] {
        let finished = world.run(&["run", "hi", "-C", folder]);
        assert_eq!(finished.code, ExitCode::Usage, "{}", finished.document());
        assert!(
            finished
                .stderr()
                .contains(&format!("{folder} is not a folder to work in\n")),
            "{}",
            finished.stderr()
        );
    }
}

#[test]
fn an_amp_that_was_named_and_is_none_is_what_the_failure_is_about() {
    let world = World::new();
    world.write("project/notes.txt", "no program");
    insta::assert_snapshot!(
        "named_amp_absent",
        world.run(&["run", "hi", "--amp", "nowhere"]).document()
    );
    insta::assert_snapshot!(
        "named_amp_unusable",
        world.run(&["which", "--amp", "notes.txt"]).document()
    );
}

#[test]
fn an_amp_that_fails_to_start_is_quoted() {
    let world = World::new().with_amp_script(
        "echo '10:00 ERR CLI Error {' >&2; echo \"EACCES: permission denied, mkdir '/h'\" >&2; exit 1",
    );
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    let expected =
        "--version prints nothing (exit code 1): EACCES: permission denied, mkdir '/h'\n";
    assert!(
        finished.stderr().contains(expected),
        "{}",
        finished.stderr()
    );
}

#[test]
fn the_cause_in_the_middle_of_a_dump_is_shown_first() {
    let source = "err source; err code; err more; err more; err more; err more";
    let world = World::playing(&format!(
        "{source}; err EROFS: read-only file system, open '/x'; {source}; exit 1"
    ));
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::NoResult);
    assert!(
        finished
            .stderr()
            .contains("\n       EROFS: read-only file system, open '/x'\n"),
        "{}",
        finished.stderr()
    );
}

#[test]
fn without_a_home_each_command_says_what_it_lacks() {
    let world = || World::replaying(&["text"]).without("HOME");
    for (arguments, variable) in [
        (&["versions"] as &[&str], "AMPCTL_CACHE_DIR"),
        (&["gc"], "AMPCTL_CACHE_DIR"),
        (&["uninstall", "--all"], "AMPCTL_CACHE_DIR"),
        (&["install", "--offline"], "AMPCTL_CACHE_DIR"),
        (&["sessions", "list"], "XDG_STATE_HOME"),
        (&["run", "hi"], "XDG_STATE_HOME"),
    ] {
        let finished = world().run(arguments);
        assert_eq!(finished.code, ExitCode::Usage, "{}", finished.document());
        let stderr = finished.stderr();
        assert!(stderr.starts_with("error: there is no "), "{stderr}");
        assert!(
            stderr.contains(&format!("export {variable}=DIR")),
            "{stderr}"
        );
    }
    let finished = world().run(&["run", "--no-record", "hi"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
}

#[test]
fn uninstalling_what_is_not_there_says_so() {
    let world = World::new();
    for (version, code, what) in [
        (
            "nonsense",
            ExitCode::Usage,
            "`nonsense` is no version of Amp",
        ),
        (
            "0.0.1-g1",
            ExitCode::NoUsableAmp,
            "Amp 0.0.1-g1 is not installed",
        ),
    ] {
        let finished = world.run(&["uninstall", version]);
        assert_eq!(finished.code, code, "{}", finished.document());
        let stderr = finished.stderr();
        assert!(stderr.starts_with(&format!("error: {what}\n")), "{stderr}");
        assert!(stderr.contains("try: ampctl versions"), "{stderr}");
    }
}

#[test]
fn a_folder_whose_name_is_no_text_holds_sessions_too() {
    use std::os::unix::ffi::OsStrExt;

    let world = World::replaying(&["continue-first", "continue-second"]);
    let folder = world
        .project()
        .join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&folder).expect("a folder");
    let run = |arguments: &[&str]| {
        let (output, text) = amp_cli::Output::captured();
        let context = world.context().in_directory(&folder);
        let mut context = context.with_stdout(output.clone()).with_stderr(output);
        let code = amp_cli::run(["ampctl"].iter().chain(arguments), &mut context);
        (code, text.text())
    };
    for arguments in [&["run", "hello"] as &[&str], &["continue", "again"]] {
        let (code, text) = run(arguments);
        assert_eq!(code, ExitCode::Done, "{text}");
    }
    let (_, listed) = run(&["sessions", "list", "--here"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
}

#[test]
fn words_that_mean_no_session_or_too_many_are_refused_briefly() {
    let world = World::replaying(&["text"]);
    for _ in 0..7 {
        assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    }
    let empty = world.run(&["sessions", "show", ""]);
    assert_eq!(empty.code, ExitCode::Usage);
    assert!(
        empty.stderr().contains("no recorded session is called ``"),
        "{}",
        empty.stderr()
    );
    // Every id begins with its date.
    let several = world.run(&["sessions", "show", "20"]);
    assert_eq!(several.code, ExitCode::Usage);
    assert!(
        several.stderr().contains(" and 2 more\n"),
        "{}",
        several.stderr()
    );
}

#[test]
fn an_empty_list_claims_nothing_that_is_not_so() {
    let world = World::replaying(&["text"]);
    let hint = |arguments: &[&str]| world.run(arguments).stderr();
    assert!(hint(&["sessions", "list"]).starts_with("no sessions are recorded yet"));
    let here = hint(&["sessions", "list", "--here"]);
    assert!(
        here.starts_with("no sessions are recorded in this folder yet"),
        "{here}"
    );
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    assert_eq!(hint(&["sessions", "list", "-n", "0"]), "");
}

#[test]
fn lists_and_reports_stay_readable_on_a_narrow_terminal() {
    let world = World::replaying(&["text"]).with("COLUMNS", "30");
    assert_eq!(
        world.run(&["run", "hello", "--name", "greeting"]).code,
        ExitCode::Done
    );
    let list = world.run(&["sessions", "list"]).stdout();
    assert!(list.ends_with("\n  greeting\n"), "{list}");
    let report = world.run(&["doctor"]).stdout();
    assert!(report.contains("✓ platform\n  linux on"), "{report}");
}

#[test]
fn each_wrong_option_is_followed_by_what_helps_against_it() {
    let try_next = |world: World, arguments: &[&str], input: &str| {
        let finished = world.run_with_input(arguments, input);
        assert_eq!(finished.code, ExitCode::Usage, "{}", finished.document());
        finished.stderr()
    };
    let world = || World::replaying(&["text"]);
    let address = try_next(world().with("AMP_URL", "notaurl"), &["run", "hi"], "");
    assert!(
        address.contains("try: export AMP_URL=https://"),
        "{address}"
    );
    let key = try_next(world(), &["credentials", "set"], "two\nlines\n");
    assert!(key.contains("try: ampctl credentials set"), "{key}");
    let label = try_next(world(), &["run", "hi", "-l", "bad label!"], "");
    assert!(label.contains("try: ampctl capabilities"), "{label}");
}
