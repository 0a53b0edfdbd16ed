//! The same CLI in a PID namespace, and processes that only look like it there.

use fixtures::requirement::Requirement;

use super::*;
use crate::approval::helper::tests::{HELPER, code_and_reason, helper, run};
use crate::approval::protocol::TOKEN;

/// Runs a program as the first process of a PID namespace.
const NAMESPACE: [&str; 10] = [
    "bwrap",
    "--dev-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--unshare-pid",
    "--as-pid-1",
    "--die-with-parent",
    "--",
];

/// Plays the CLI: starts the helper and goes as it went.
const CLI: [&str; 4] = ["/bin/sh", "-c", "\"$@\"; exit $?", "sh"];

/// What the host knows of a CLI that is the first process of a namespace below its own.
const FIRST: Agent = Agent {
    id: 1,
    namespaces: 1,
};

/// Asks a host that allows everything, from a helper that these programs start; returns the exit
/// code and what was said.
async fn asked_through(agent: Agent, programs: &[&[&str]]) -> (Option<i32>, String) {
    let world = World::of(always(Answer::Allow), agent);
    let program = std::env::current_exe().unwrap();
    let mut command = programs.concat();
    command.push(program.to_str().unwrap());
    command.extend(HELPER);
    let mut command = helper(&world.socket, &whereabouts().unwrap(), &command);
    command.env(TOKEN, &world.token);
    blocking(move || code_and_reason(&run(command, b"{}"))).await
}

fn is_here() -> bool {
    let trial = [&NAMESPACE[..], &["true"]].concat();
    let trial = helper("/nowhere".as_ref(), "", &trial).output();
    if !trial.is_ok_and(|output| output.status.success()) {
        Requirement::Namespace.is_missing("bwrap cannot make one");
        return false;
    }
    true
}

#[tokio::test]
async fn a_helper_of_the_cli_in_its_namespace_is_heard() {
    if is_here() {
        let (code, said) = asked_through(FIRST, &[&NAMESPACE, &CLI]).await;
        assert_eq!(code, Some(0), "{said}");
    }
}

#[tokio::test]
async fn a_process_that_looks_like_the_cli_is_not_heard() {
    if !is_here() {
        return;
    }
    let nested: &[&[&str]] = &[&NAMESPACE, &CLI, &NAMESPACE, &CLI];
    let another = Agent { id: 2, ..FIRST };
    let outside = Agent {
        namespaces: 0,
        ..FIRST
    };
    for (agent, programs) in [
        // The same number again, in a namespace that a tool has made.
        (FIRST, nested),
        (another, &nested[..2]),
        (outside, &nested[..2]),
        // A helper whose parent is a tool, not the CLI.
        (FIRST, &[&NAMESPACE[..], &CLI, &CLI][..]),
    ] {
        let (code, said) = asked_through(agent, programs).await;
        assert_eq!(code, Some(2), "{agent:?} {programs:?}: {said}");
        assert!(said.contains("was not started by the CLI"), "{said}");
    }
}
