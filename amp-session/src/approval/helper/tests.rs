//! The helper as a process: what it says and how it ends, whatever its host and the CLI do.
#![expect(
    clippy::disallowed_methods,
    reason = "the CLI's part is played here, which starts its helper by itself"
)]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fixtures::requirement::Requirement;
use tempfile::TempDir;

use super::linux::{Call, serve};
use crate::approval::protocol::{HOST, MOST_ARGUMENTS, SOCKET, TOKEN, TOOL, whereabouts};

/// The test below, which is the helper when it is started with the helper's variables.
pub(in crate::approval) const HELPER: [&str; 3] = [
    "--exact",
    "--nocapture",
    "approval::helper::tests::without_its_variables_it_is_no_helper",
];

#[test]
fn without_its_variables_it_is_no_helper() {
    if let Some(call) = Call::from_environment() {
        std::process::exit(serve(&call));
    }
}

/// A host that is played by the test.
struct World {
    folder: TempDir,
    listener: UnixListener,
    host: String,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            listener: UnixListener::bind(folder.path().join("socket")).unwrap(),
            host: whereabouts().unwrap(),
            folder,
        }
    }

    fn helper(&self, command: &[&str]) -> Command {
        helper(&self.folder.path().join("socket"), &self.host, command)
    }

    fn started(&self) -> Command {
        let program = std::env::current_exe().unwrap();
        self.helper(&[&[program.to_str().unwrap()], &HELPER[..]].concat())
    }

    /// Answers the helper, if it asks.
    fn answering(self, answer: &'static str) -> Self {
        let listener = self.listener.try_clone().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Whoever is no host is left before a word is said.
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        self
    }
}

/// Returns a command with the environment of a helper.
pub(in crate::approval) fn helper(socket: &Path, host: &str, command: &[&str]) -> Command {
    let mut helper = Command::new(command[0]);
    helper
        .args(&command[1..])
        .env(SOCKET, socket)
        .env(TOKEN, "token")
        .env(HOST, host)
        .env(TOOL, "Bash")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    helper
}

/// Runs a helper with these arguments of a call.
pub(in crate::approval) fn run(mut command: Command, arguments: &[u8]) -> Output {
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(arguments).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

pub(in crate::approval) fn code_and_reason(output: &Output) -> (Option<i32>, String) {
    let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    (output.status.code(), reason)
}

#[test]
fn it_allows_what_its_host_allows_and_refuses_the_rest() {
    let world = World::new().answering("\"allow\"\n");
    assert_eq!(run(world.started(), b"{}").status.code(), Some(0));
    for (answer, reason) in [
        ("{\"reject\":\"not today\"}\n", "not today"),
        ("\"allow\"", "the host has gone away"),
        ("\"yes\"\n", "unknown variant"),
        ("", "the host has gone away"),
    ] {
        let world = World::new().answering(answer);
        let (code, said) = code_and_reason(&run(world.started(), b"{}"));
        assert_eq!(code, Some(2), "{answer}: {said}");
        assert!(said.contains(reason), "{answer}: {said}");
    }
}

#[test]
fn it_believes_no_other_process_in_its_hosts_place() {
    let ours = whereabouts().unwrap();
    let (pid, namespace) = ours.split_once(' ').unwrap();
    for host in [
        format!("1 {namespace}"),
        // A host outside of the helper's namespace has no number in it.
        format!("{pid} pid:[1]"),
        format!("0 {namespace}"),
        String::new(),
    ] {
        let mut world = World::new().answering("\"allow\"\n");
        world.host = host;
        let (code, said) = code_and_reason(&run(world.started(), b"{}"));
        assert_eq!(code, Some(2), "{}: {said}", world.host);
        assert!(said.contains("another process"), "{}: {said}", world.host);
    }
}

#[test]
fn too_many_arguments_are_read_to_their_end_and_refused() {
    let world = World::new().answering("\"allow\"\n");
    let arguments = vec![b' '; MOST_ARGUMENTS + (1 << 20)];
    let (code, said) = code_and_reason(&run(world.started(), &arguments));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("longer than 16 MiB"), "{said}");
}

#[test]
fn it_goes_when_the_cli_is_gone() {
    for stream in ["stdout", "stderr"] {
        let world = World::new();
        let mut child = world.started().spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"{}").unwrap();
        // The host has heard the question and never answers it.
        let (mut host, _) = world.listener.accept().unwrap();
        host.read_exact(&mut [0]).unwrap();
        match stream {
            "stdout" => drop(child.stdout.take()),
            _ => drop(child.stderr.take()),
        }
        assert_eq!(child.wait().unwrap().code(), Some(2), "{stream}");
    }
}

#[test]
fn in_a_namespace_of_its_own_it_knows_a_host_outside() {
    let world = World::new().answering("\"allow\"\n");
    let program = std::env::current_exe().unwrap();
    let mut command = vec![
        "bwrap",
        "--dev-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--unshare-pid",
        "--die-with-parent",
        "--",
    ];
    let probe = world.helper(&[&command[..], &["true"]].concat()).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        return Requirement::Namespace.is_missing("bwrap cannot make one");
    }
    command.push(program.to_str().unwrap());
    command.extend(HELPER);
    let (code, said) = code_and_reason(&run(world.helper(&command), b"{}"));
    assert_eq!(code, Some(0), "{said}");
}
