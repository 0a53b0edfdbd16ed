//! Checks of the work of a turn.

use std::time::Duration;

use amp_session::{Check, Environment};
use tempfile::TempDir;

fn check(command: &str, folder: &TempDir) -> Check {
    let path = ("PATH".into(), "/usr/bin:/bin".into());
    Check::new(command, folder.path(), Environment::from([path]))
}

#[tokio::test]
async fn both_outputs_are_kept_in_their_order_without_escapes() {
    let folder = TempDir::new().unwrap();
    let report = check(
        "echo one; echo two >&2; printf '\\033[31mthree\\033[0m\\n'",
        &folder,
    );
    let report = report.run().await;
    assert!(report.passed);
    assert_eq!(
        (report.end.as_str(), report.output.as_str()),
        ("exit code 0", "one\ntwo\nthree\n")
    );
}

#[tokio::test]
async fn a_check_that_takes_too_long_has_not_passed_and_is_gone() {
    let folder = TempDir::new().unwrap();
    let check = check("echo begun; sleep 1000", &folder).with_deadline(Duration::from_millis(200));
    let report = check.run().await;
    assert!(!report.passed);
    assert_eq!(report.end, "it took longer than 0.2 s");
}

#[tokio::test]
async fn a_check_that_cannot_be_started_has_not_passed() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing");
    let report = Check::new("true", missing, Environment::new()).run().await;
    assert!(!report.passed && !report.end.is_empty(), "{report:?}");
}
