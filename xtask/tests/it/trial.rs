//! When what was tried with real CLIs passes.

use xtask::trial::{Row, judge};

fn row(got: &str) -> Row {
    Row {
        version: "0.0.1-gabc".into(),
        case: "answer".into(),
        expected: "completed".into(),
        got: got.into(),
        conforms: got == "completed",
    }
}

#[test]
fn it_passes_when_every_outcome_is_the_expected_one() {
    assert!(judge(&[row("completed"), row("completed")]).is_ok());
    assert!(judge(&[row("completed"), row("failed")]).is_err());
}

#[test]
fn it_fails_when_nothing_was_compared() {
    assert!(judge(&[]).is_err());
}
