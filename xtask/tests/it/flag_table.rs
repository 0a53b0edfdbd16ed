//! What answers of real versions mean.

use xtask::flag_table::{Answer, read_answer};

/// Lines in the form of the options section of `amp --help`.
const HELP: &str = "Options:\n\n  -x, --execute [message]\n      Use it with --model.\n";

#[test]
fn a_complaint_about_the_last_option_means_taken() {
    let output = "Error: error: unknown option '--not-an-option-of-amp'\n";
    assert_eq!(read_answer(&["-x"], output, HELP), Answer::Listed);
    assert_eq!(read_answer(&["--execute"], output, HELP), Answer::Listed);
}

#[test]
fn a_flag_named_only_in_the_prose_of_the_help_is_hidden() {
    let output = "Error: error: unknown option '--not-an-option-of-amp'\n";
    assert_eq!(read_answer(&["--model", "a"], output, HELP), Answer::Hidden);
}

#[test]
fn a_complaint_about_the_flag_means_unknown() {
    let output = "Error: error: unknown option '--print'\n(Did you mean --mode?)\n";
    assert_eq!(read_answer(&["--print"], output, HELP), Answer::Unknown);
}

#[test]
fn a_refused_value_brings_the_allowed_ones() {
    let output = "Error: error: option '-m, --mode <value>' argument 'bogus' is invalid. \
                  Allowed choices are free, rush, smart, large.\n";
    assert_eq!(
        read_answer(&["--mode", "bogus"], output, HELP),
        Answer::Refused(Some("free, rush, smart, large".to_owned()))
    );
}

#[test]
fn printing_the_version_means_taken() {
    let output = "0.0.1790142911-g7618fb (released 2026-09-23T05:55:11.000Z, 1mo ago)\n";
    assert_eq!(read_answer(&["-v"], output, HELP), Answer::Hidden);
}

#[test]
fn anything_else_is_kept_as_it_was_said() {
    assert_eq!(
        read_answer(&["--fast"], "\nError: no such luck\n", HELP),
        Answer::Other("Error: no such luck".to_owned())
    );
}
