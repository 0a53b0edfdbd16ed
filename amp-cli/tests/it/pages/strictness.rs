//! What is wrong with a page, or with its commands, is noticed.

use std::time::Duration;

use super::page::{commands, shows};
use super::walk::Walk;
use super::{walk_through, world_of_a_newcomer};
use crate::support::World;

#[test]
fn what_might_be_a_command_and_is_not_checked_is_refused() {
    let refused = |page: &str, problem: &str| {
        let error = commands("page", page).expect_err(page);
        assert!(error.contains(problem), "{error}");
    };
    refused(
        "```bash\nls\n```\n",
        "page:1: nobody checks a fence of `bash`",
    );
    refused("Type\n\n    ls\n", "page:3: a block without a fence");
    refused("```console\nls\n```\n", "page:2: output of no command");
    refused(
        "```sh\nls \\\n-l\n```\n",
        "page:2: a command takes one line",
    );
    refused("```sh\nls # exits badly\n```\n", "without a number");
    refused("```sh\nls\n", "the last fence is open");
}

#[test]
fn a_page_that_is_wrong_about_its_commands_would_be_noticed() {
    let world = world_of_a_newcomer();
    let problem = |page: &str| {
        let problems = walk_through(&world, "page", page);
        problems.first().cloned().unwrap_or_default()
    };
    assert_eq!(problem("```sh\nfalse # exits 1\n```\n"), "");
    assert_eq!(problem("```console\n$ echo a b; echo c\na …\n…\n```\n"), "");
    assert_eq!(
        problem("```sh\nA=1\nexport B=2\ncd /\n[ \"$A$B$PWD\" = 2/ ]\n```\n"),
        ""
    );
    assert!(problem("```sh\nfalse\n```\n").contains("ended with exit code 1"));
    assert!(problem("```sh\ntrue # exits 1\n```\n").contains("ended with exit code 0"));
    assert!(problem("```console\n$ echo a\nb\n```\n").contains("does not write that"));
    assert!(problem("```sh\necho T-…\n```\n").contains("no thread so far"));
    assert!(problem("```sh\necho …\n```\n").contains("nobody knows what to fill in"));
    assert!(problem("```sh\nno-such-program | true\n```\n").contains("found no program"));
    assert!(problem("```sh\nsleep 600 > /dev/null &\n```\n").contains("left a process behind"));
    assert!(shows("a\n…\nd", "a\nb\nc\nd\n") && !shows("a\n…\nd", "a\nb\n"));
}

#[test]
fn a_command_that_does_not_end_is_stopped_and_told() {
    let world = World::new();
    let hanging = commands("page", "```sh\nsleep 600\n```\n").expect("a command");
    let mut walk = Walk::begin(&world).with_limit(Duration::from_millis(100));
    let problem = walk.take(&hanging[0]).expect_err("a problem");
    assert!(problem.contains("did not end in time"), "{problem}");
}
