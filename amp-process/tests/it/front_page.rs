//! The program of the front page, run as its readers would.

use crate::support::example;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the program is started from outside, as a user would"
)]
fn the_program_of_the_front_page_shows_lines_and_how_it_ended() {
    let output = std::process::Command::new(example("front_page"))
        .arg(fixtures::fake_agent())
        .args(["--script", "out one; err two; out three; exit 7"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, "one\nthree\nexit code 7\n");
}
