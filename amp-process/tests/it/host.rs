//! Hosts that are killed, abort, are told to stop, or run out of something: a real one, the
//! supervise example, contained by nobody.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{KINDS, Mark, can_trace, fake, host, state_of, wait_until, within};
use amp_process::ContainmentKind;

/// Starts a host whose program has one descendant of `kind`, and waits until all are up.
fn start(containment: &str, kind: &str, mark: &Mark) -> Child {
    let script = format!("spawn {kind} {{ ignore SIGTERM; ignore SIGHUP; hang }}; out ready; hang");
    let mut child = host(&["--containment", containment], &script, mark)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "{}", complaint(&mut child));
    child
}

fn complaint(child: &mut Child) -> String {
    let mut text = String::new();
    // Only for the message of a test that fails anyway.
    let _ = child.stderr.as_mut().unwrap().read_to_string(&mut text);
    text
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Ends a host by a signal that it cannot handle, and checks that its tree goes with it.
fn end_leaves_nobody(containment: ContainmentKind, kind: &str, by: Signal) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if runtime
        .block_on(within(containment, fake("exit 0")))
        .is_none()
    {
        return;
    }
    let mark = Mark::new();
    let mut child = start(containment.as_str(), kind, &mark);
    signal(&child, by);
    child.wait().unwrap();
    mark.wait_until_gone();
}

macro_rules! every_kind {
    ($containment:ident, $($kind:ident),*) => {
        $(
            #[test]
            fn $kind() {
                let containment = amp_process::ContainmentKind::$containment;
                let by = rustix::process::Signal::KILL;
                super::end_leaves_nobody(containment, stringify!($kind), by);
            }
        )*
    };
}

mod killed_takes_along_in_a_namespace {
    every_kind!(Namespace, child, group, session, daemon);
}

mod killed_takes_along_below_a_shim {
    every_kind!(Shim, child, group, session, daemon);
}

#[test]
fn an_abort_takes_the_tree_along() {
    end_leaves_nobody(ContainmentKind::Shim, "daemon", Signal::ABORT);
    end_leaves_nobody(ContainmentKind::Namespace, "daemon", Signal::ABORT);
}

#[test]
fn the_group_is_left_behind_when_the_host_is_killed() {
    let mark = Mark::new();
    let mut child = start("group", "child", &mark);
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    assert_eq!(mark.alive().len(), 2);
}

#[test]
fn an_interrupt_stops_the_tree_and_tells_how() {
    for by in [Signal::INT, Signal::TERM] {
        let mark = Mark::new();
        let child = start("shim", "daemon", &mark);
        signal(&child, by);
        let output = child.wait_with_output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(report["cause"], "stopped");
        assert_eq!(report["signal"], "SIGTERM");
        assert_eq!(report["survivors"][0]["name"], "fake-agent");
        assert_eq!(report["proven_empty"], true);
        assert_eq!(output.status.code(), Some(128 + 15));
        assert_eq!(mark.alive(), [0; 0]);
    }
}

/// What a program does that is suspended and continued in between.
const WOKEN: &str = "out ready; read-line; out awake";

/// Starts `command` with a pipe for its input, and waits for its first line.
fn start_woken(command: &mut Command) -> (Child, BufReader<ChildStdout>) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "{}", complaint(&mut child));
    (child, stdout)
}

/// Gives the program its line, and checks that it reads it and ends.
fn assert_awake((mut child, mut stdout): (Child, BufReader<ChildStdout>)) {
    child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "awake\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn suspending_the_host_suspends_the_program() {
    let mark = Mark::new();
    let options = ["--containment", "group", "--startup", "30s"];
    // A group of its own, as a shell would give it; it could not be continued otherwise.
    let (child, stdout) = start_woken(host(&options, WOKEN, &mark).process_group(0));
    let is = |wanted: char| {
        move |pid: &i32| {
            state_of(pid.unsigned_abs()).is_some_and(|(state, _)| (state == 'T') == (wanted == 'T'))
        }
    };
    signal(&child, Signal::TSTP);
    wait_until("both are suspended", || mark.alive().iter().all(is('T')));
    signal(&child, Signal::CONT);
    wait_until("both go on", || mark.alive().iter().all(is('S')));
    assert_awake((child, stdout));
}

#[test]
fn a_host_that_nobody_could_continue_is_not_suspended() {
    let mark = Mark::new();
    let host = host(&["--containment", "group"], WOKEN, &mark);
    // In a session of its own nobody has job control over it.
    let mut orphaned = below("setsid", &[], &host);
    let (child, stdout) = start_woken(&mut orphaned);
    signal(&child, Signal::TSTP);
    assert_awake((child, stdout));
}

#[test]
fn a_host_whose_parent_ignored_the_end_of_children_still_learns_the_exit_code() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for kind in KINDS {
        if runtime.block_on(within(kind, fake("exit 0"))).is_none() {
            continue;
        }
        let mark = Mark::new();
        let host = host(&["--containment", kind.as_str()], "out fine; exit 7", &mark);
        let deaf = ["-c", "trap '' CHLD && exec \"$@\"", "sh"];
        let output = below("/bin/sh", &deaf, &host).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(report["code"], 7, "{kind}: {report}");
        assert_eq!(report["leaked"], serde_json::json!([]), "{kind}: {report}");
        assert_eq!(report["force"], "none", "{kind}: {report}");
        // Only a group leaves it open whether somebody has left it.
        let proves = kind != ContainmentKind::Group;
        assert_eq!(report["proven_empty"], proves, "{kind}: {report}");
        assert_eq!(output.status.code(), Some(7), "{kind}");
        mark.wait_until_gone();
    }
}

#[test]
fn standard_streams_and_the_exit_code_pass_through() {
    let mark = Mark::new();
    let options = ["--containment", "shim"];
    let mut child = host(&options, "echo; write-err note\\n; exit 7", &mark)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"one\r\n\ntwo").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"one\r\n\ntwo");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_deadline_is_told_apart_from_every_exit_code() {
    let mark = Mark::new();
    let options = ["--containment", "shim", "--startup", "50ms"];
    let output = host(&options, "hang", &mark).output().unwrap();
    assert_eq!(output.status.code(), Some(124));
    let report: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(report["cause"], "startup deadline");
}

#[test]
fn a_reader_that_stalls_outlasts_neither_a_deadline_nor_a_signal() {
    let mark = Mark::new();
    let options = ["--containment", "shim", "--total", "50ms"];
    let mut child = host(&options, "flood stdout 1g 80", &mark).spawn().unwrap();
    // Its output is held open, and not read.
    assert_eq!(child.wait().unwrap().code(), Some(124));
    mark.wait_until_gone();

    let script = "out ready; flood stdout 1g 80";
    let mut child = host(&["--containment", "shim"], script, &mark)
        .spawn()
        .unwrap();
    let stdout = child.stdout.as_mut().unwrap();
    stdout.read_exact(&mut [0; 5]).unwrap();
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    mark.wait_until_gone();
}

/// Returns a command that runs a host below another program, which takes something away from it.
#[expect(
    clippy::disallowed_methods,
    reason = "only programs can take away from themselves"
)]
fn below(program: &str, arguments: &[&str], host: &Command) -> Command {
    let variables = host.get_envs();
    let variables = variables.filter_map(|(name, value)| Some((name, value?)));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(host.get_program())
        .args(host.get_args())
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a host to its end below a program that takes something away from it.
fn run_below(program: &str, arguments: &[&str], containment: &str, mark: &Mark) -> Output {
    let host = host(&["--containment", containment], "out fine", mark);
    below(program, arguments, &host).output().unwrap()
}

#[test]
fn a_host_without_descriptors_fails_and_does_not_hang() {
    let mark = Mark::new();
    let mut codes = Vec::new();
    for limit in [8, 12, 14, 16, 18, 20, 24, 64] {
        let limited = format!("ulimit -n {limit} && exec \"$@\"");
        let output = run_below("/bin/sh", &["-c", &limited, "sh"], "shim", &mark);
        codes.push(output.status.code());
    }
    assert!(codes.contains(&Some(125)), "{codes:?}");
    assert_eq!(codes.last(), Some(&Some(0)), "{codes:?}");
    mark.wait_until_gone();
}

#[test]
fn a_host_without_processes_fails_and_says_why() {
    if !can_trace() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mark = Mark::new();
    for kind in KINDS {
        if runtime.block_on(within(kind, fake("exit 0"))).is_none() {
            continue;
        }
        // In every process the last thread or child that the system grants comes one later.
        let outputs: Vec<Output> = (1..=8)
            .map(|nth| {
                let fault = format!("inject=clone,clone3,fork,vfork:error=EAGAIN:when={nth}+");
                let traced = ["-f", "-qq", "-o", "/dev/null", "-e", &fault];
                run_below("strace", &traced, kind.as_str(), &mark)
            })
            .collect();
        let (last, failed) = outputs.split_last().unwrap();
        assert_eq!(last.stdout, b"fine\n", "{kind}");
        for output in failed.iter().filter(|output| output.stdout.is_empty()) {
            assert_eq!(output.status.code(), Some(125), "{kind}: {output:?}");
            let report: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
            let error = report["error"].as_str().unwrap();
            let reason = "Resource temporarily unavailable (os error 11)";
            assert!(error.ends_with(reason), "{kind}: {error}");
        }
        assert!(outputs[0].stdout.is_empty(), "{kind}");
    }
    mark.wait_until_gone();
}
