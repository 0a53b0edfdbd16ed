//! The program of the front page, as a process of its own.

use amp_cli::{Context, ExitCode, Output};

#[expect(clippy::disallowed_macros, reason = "it is a program and prints")]
fn main() {
    let (stdout, written) = Output::captured();
    let mut context = Context::from_process().with_stdout(stdout);
    let code = amp_cli::run(["ampctl", "run", "What is in this folder?"], &mut context);
    assert_eq!(code, ExitCode::Done);
    println!("The agent says: {}", written.text());
}

/// Tells a copy of this test to be the program.
const PROGRAM: &str = "AMP_CLI_TEST_PROGRAM";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the program is started from outside, as a user would"
)]
fn the_program_of_the_front_page_prints_the_answer() {
    if std::env::var_os(PROGRAM).is_some() {
        main();
        return;
    }
    let world = crate::support::World::replaying(&["text"]);
    let test = "front_page::the_program_of_the_front_page_prints_the_answer";
    let output = std::process::Command::new(std::env::current_exe().expect("a test has a path"))
        .args([test, "--exact", "--nocapture"])
        .env_clear()
        .envs(world.environment())
        .env(PROGRAM, "1")
        .current_dir(world.project())
        .output()
        .expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let answer = world.run(&["run", "hello"]).stdout();
    assert!(!answer.is_empty(), "{output:?}");
    assert!(
        printed.contains(&format!("The agent says: {answer}")),
        "{output:?}"
    );
}
