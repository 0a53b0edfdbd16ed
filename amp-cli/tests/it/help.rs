//! Every help text, the version and the usage errors.

use amp_cli::{Context, ExitCode};

use crate::support::{Finished, every_command, run_in};

fn ampctl(arguments: &[&str]) -> Finished {
    run_in(Context::new("/"), arguments)
}

#[test]
fn the_first_screen_lists_the_commands_and_exit_codes() {
    let finished = ampctl(&["--help"]);
    assert_eq!(finished.code, ExitCode::Done);
    insta::assert_snapshot!(finished.stdout());
}

#[test]
fn every_command_explains_itself() {
    for command in every_command() {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--help");
        let finished = ampctl(&arguments);
        assert_eq!(finished.code, ExitCode::Done, "{command}");
        insta::assert_snapshot!(
            format!("help_{}", command.replace(' ', "_")),
            finished.stdout()
        );
    }
}

#[test]
fn help_can_be_asked_for_in_a_word() {
    for command in every_command() {
        let arguments: Vec<&str> = ["help"].into_iter().chain(command.split(' ')).collect();
        let mut flag: Vec<&str> = command.split(' ').collect();
        flag.push("--help");
        assert_eq!(ampctl(&arguments).stdout(), ampctl(&flag).stdout());
        assert_eq!(ampctl(&arguments).code, ExitCode::Done, "{command}");
    }
}

#[test]
fn help_is_written_in_the_imperative_without_a_full_stop() {
    for command in every_command() {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("-h");
        let help = ampctl(&arguments).stdout();
        let about = help.lines().next().expect("a first line");
        assert!(!about.ends_with('.'), "{command}: {about}");
        assert!(about.starts_with(char::is_uppercase), "{command}: {about}");
    }
}

#[test]
fn the_version_is_one_line() {
    let finished = ampctl(&["--version"]);
    assert_eq!(finished.code, ExitCode::Done);
    assert_eq!(
        finished.stdout(),
        format!("ampctl {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn without_a_command_three_first_steps_are_shown_as_an_error() {
    insta::assert_snapshot!(ampctl(&[]).document());
    let elsewhere = Context::new("/").with_environment([("AMP_URL", "https://amp.example/")]);
    let told = run_in(elsewhere, &[]).stderr();
    assert!(told.contains("https://amp.example/settings"), "{told}");
}

#[test]
fn the_first_screen_stays_within_a_narrow_terminal() {
    let (stdout, written) = amp_cli::Output::captured();
    let stdout = stdout.on_terminal(amp_cli::Terminal::with_columns(40));
    let mut context = Context::new("/")
        .with_stdout(stdout)
        .with_environment([("NO_COLOR", "1")]);
    assert_eq!(amp_cli::run(["ampctl", "-h"], &mut context), ExitCode::Done);
    insta::assert_snapshot!(written.text());
}

#[test]
fn mistyped_commands_and_options_get_a_suggestion() {
    insta::assert_snapshot!(ampctl(&["instal"]).document());
    insta::assert_snapshot!(ampctl(&["run", "--contine", "x"]).document());
}

#[test]
fn words_of_other_programs_point_to_the_command_that_is_meant() {
    for (word, command) in [
        ("hi there", "ampctl run 'hi there'"),
        ("exec", "ampctl run \"…\""),
        ("resume", "ampctl continue \"…\""),
        ("update", "ampctl install"),
    ] {
        let finished = ampctl(&[word]);
        assert_eq!(finished.code, ExitCode::Usage, "{word}");
        let told = finished.stderr();
        assert!(told.ends_with(&format!("\n  try: {command}\n")), "{told}");
    }
    assert!(!ampctl(&["instal"]).stderr().contains("try:"));
    assert!(!ampctl(&["sessions", "update"]).stderr().contains("try:"));
}

#[test]
fn a_narrow_terminal_wraps_the_help() {
    let (stdout, written) = amp_cli::Output::captured();
    let stdout = stdout.on_terminal(amp_cli::Terminal::with_columns(40));
    let mut context = Context::new("/")
        .with_stdout(stdout)
        .with_environment([("NO_COLOR", "1")]);
    assert_eq!(
        amp_cli::run(["ampctl", "run", "-h"], &mut context),
        ExitCode::Done
    );
    let widest = written
        .text()
        .lines()
        .map(|line| line.chars().count())
        .max();
    assert!(widest <= Some(40), "{}", written.text());
}

#[test]
fn the_manual_has_a_page_for_every_command_and_the_exit_codes() {
    let page = ampctl(&["man"]).stdout();
    assert!(page.starts_with(".ie"), "{page}");
    for code in ExitCode::ALL {
        let line = format!("{}  {}", code.number(), code.meaning());
        assert!(page.contains(&line), "no {line} in {page}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let directory = folder.path().to_str().expect("UTF-8");
    assert_eq!(
        ampctl(&["man", "--directory", directory]).code,
        ExitCode::Done
    );
    for command in every_command() {
        let name = format!("ampctl-{}.1", command.replace(' ', "-"));
        assert!(folder.path().join(&name).is_file(), "no {name}");
    }
}
