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

/// Returns the name and the text of every workflow.
fn workflows() -> Vec<(String, String)> {
    let folder = xtask::workspace_root().join(".github/workflows");
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn every_action_is_pinned_by_hash_and_says_its_version() {
    let mut seen = 0;
    for (name, text) in workflows() {
        for line in text.lines() {
            let Some((_, action)) = line.split_once("uses: ") else {
                continue;
            };
            seen += 1;
            let (action, version) = action.split_once(" # ").unwrap_or((action, ""));
            let (_, commit) = action.split_once('@').unwrap_or_default();
            let is_hash = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hash && version.starts_with('v'), "{name}: {line}");
        }
    }
    assert!(seen > 10);
}

#[test]
fn every_job_that_the_script_does_not_do_is_named_in_it() {
    let script = std::fs::read_to_string(xtask::workspace_root().join(".ci/run")).unwrap();
    let head: String = script
        .lines()
        .take_while(|line| line.starts_with('#'))
        .collect();
    let words: BTreeSet<&str> = head.split([' ', ',', '#', ';', '`']).collect();
    for (name, text) in workflows().iter().filter(|(name, _)| name != "release.yml") {
        let (_, jobs) = text.split_once("\njobs:\n").unwrap();
        let names = jobs.lines().filter_map(|line| {
            let name = line.strip_prefix("  ")?.strip_suffix(':')?;
            (!name.starts_with([' ', '#'])).then_some(name)
        });
        for job in names {
            assert!(words.contains(job), "{name}: {job} is not named in .ci/run");
        }
        assert!(script.contains(name.as_str()), "{name}");
    }
}

#[test]
fn no_workflow_may_write_but_where_a_job_says_so() {
    for (name, text) in workflows() {
        let (head, _) = text.split_once("\njobs:\n").unwrap();
        assert!(
            head.contains("permissions:\n  contents: read\n") && !head.contains(": write"),
            "{name}"
        );
    }
}
