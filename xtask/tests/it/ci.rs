//! In CI nothing that a check needs may be missing.

use std::collections::BTreeSet;

use fixtures::Requirement;
use fixtures::requirement::VARIABLE;

#[test]
fn every_requirement_of_a_test_is_demanded() {
    let script = std::fs::read_to_string(xtask::workspace_root().join(".ci/run")).unwrap();
    let (_, in_ci) = script.split_once("if [ -n \"${CI:-}\" ]; then").unwrap();
    let (in_ci, _) = in_ci.split_once("\nelif ").unwrap();
    let demanded = in_ci.lines().filter(|line| line.contains(VARIABLE));
    let demanded = demanded.filter_map(|line| line.rsplit('"').nth(1));
    let demanded: BTreeSet<&str> = demanded.flat_map(str::split_whitespace).collect();
    let needed = Requirement::ALL
        .iter()
        .map(|requirement| requirement.as_str());
    assert_eq!(demanded, needed.collect());
}

#[test]
fn the_tests_for_windows_are_not_skipped_in_ci() {
    let missing = || anyhow::anyhow!("wine is not on the path");
    assert!(xtask::windows::skip(missing(), false).is_ok());
    let error = xtask::windows::skip(missing(), true).unwrap_err();
    assert!(format!("{error:#}").contains("wine is not on the path"));
}
