//! Programs that cannot be started, and what those that can are given.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use amp_process::{ContainmentKind, ErrorKind, ProcessSpec};

use crate::support::{KINDS, fake, run, start, supervise, text, within};

/// Checks that `spec` is refused for the same reason whatever contains it.
async fn check(spec: ProcessSpec, expected: ErrorKind) {
    let spec = spec.with_shim_program(supervise());
    for kind in KINDS {
        if let Some(spec) = within(kind, spec.clone()).await {
            let error = spec.spawn().await.expect_err("it cannot start");
            assert_eq!(error.kind(), expected, "within {kind}: {error:?}");
        }
    }
}

fn file(folder: &Path, text: &str, mode: u32) -> PathBuf {
    let path = folder.join("program");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[tokio::test]
async fn a_path_that_does_not_exist() {
    check(
        ProcessSpec::new("/no/such/program"),
        ErrorKind::ProgramNotFound,
    )
    .await;
}

#[tokio::test]
async fn a_name_that_is_not_in_the_path_of_the_environment() {
    let spec = ProcessSpec::new("sh").with_variable("PATH", "/no/such/folder");
    check(spec, ErrorKind::ProgramNotFound).await;
}

#[tokio::test]
async fn a_name_without_any_path_in_the_environment() {
    check(ProcessSpec::new("sh"), ErrorKind::ProgramNotFound).await;
}

#[tokio::test]
async fn a_file_that_is_not_executable() {
    let folder = tempfile::tempdir().unwrap();
    let program = file(folder.path(), "#!/bin/sh\n", 0o644);
    check(ProcessSpec::new(program), ErrorKind::PermissionDenied).await;
}

#[tokio::test]
async fn a_name_whose_only_file_is_not_executable() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "#!/bin/sh\n", 0o644);
    let spec = ProcessSpec::new("program").with_variable("PATH", folder.path());
    check(spec, ErrorKind::PermissionDenied).await;
}

#[tokio::test]
async fn a_file_that_is_no_program() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    fixtures::write_program(&program, "\x7fELF of another world");
    check(ProcessSpec::new(program), ErrorKind::NotExecutable).await;
}

#[tokio::test]
async fn a_script_whose_interpreter_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    fixtures::write_program(&program, "#!/no/such/interpreter\n");
    check(ProcessSpec::new(program), ErrorKind::InterpreterNotFound).await;
}

#[tokio::test]
async fn a_working_directory_that_does_not_exist() {
    let spec = fake("exit 0").with_working_directory("/no/such/folder");
    check(spec, ErrorKind::WorkingDirectory).await;
}

#[tokio::test]
async fn a_working_directory_that_is_a_file() {
    let spec = fake("exit 0").with_working_directory("/etc/passwd");
    check(spec, ErrorKind::WorkingDirectory).await;
}

#[tokio::test]
async fn an_argument_with_a_nul_byte() {
    check(
        fake("exit 0").with_argument("a\0b"),
        ErrorKind::InvalidArgument,
    )
    .await;
}

#[tokio::test]
async fn an_argument_that_is_too_long() {
    let spec = fake("exit 0").with_argument("x".repeat(1 << 20));
    check(spec, ErrorKind::ArgumentsTooLong).await;
}

#[tokio::test]
async fn an_environment_that_is_too_long() {
    let spec = fake("exit 0").with_variable("LONG", "x".repeat(1 << 20));
    check(spec, ErrorKind::ArgumentsTooLong).await;
}

#[tokio::test]
async fn the_error_names_the_program_and_keeps_the_cause() {
    let error = ProcessSpec::new("/no/such/program")
        .spawn()
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "cannot start /no/such/program");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn outside_a_runtime_there_is_an_error_and_no_panic() {
    let spec = fake("exit 0");
    let spawn = std::pin::pin!(spec.spawn());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = spawn.poll(&mut context) else {
        panic!("there is no runtime");
    };
    assert_eq!(error.kind(), ErrorKind::NoRuntime);
}

#[tokio::test]
async fn arguments_environment_and_directory_arrive_as_given() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let spec = fake("show arguments; show directory; show environment")
            .with_arguments(["--flag=a b", "", "é\n"])
            .with_variable("KEY", "value")
            .with_working_directory(folder.path());
        let Some(spec) = within(kind, spec).await else {
            continue;
        };
        let (lines, _) = run(spec).await;
        let directory = folder.path().display().to_string();
        // bubblewrap adds PWD; nothing else may be seen.
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let lines: Vec<&str> = lines
            .into_iter()
            .filter(|line| !line.starts_with("PWD="))
            .collect();
        let script = "FAKE_AGENT_SCRIPT=show arguments; show directory; show environment";
        let expected = ["--flag=a b", "", "é", "", &directory, script, "KEY=value"];
        assert_eq!(lines, expected, "within {kind}");
    }
}

/// Returns what a program inherits that std alone starts: its streams, and what the test itself
/// was given by whoever started it.
#[expect(clippy::disallowed_methods, reason = "std alone is the yardstick")]
fn unavoidable_descriptors() -> Vec<String> {
    let output = std::process::Command::new(fixtures::fake_agent())
        .env("FAKE_AGENT_SCRIPT", "show descriptors")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_program_inherits_its_three_streams_and_nothing_of_ours() {
    let unavoidable = unavoidable_descriptors();
    for kind in KINDS {
        let Some(spec) = within(kind, fake("show descriptors; read-all")).await else {
            continue;
        };
        // Another program is running meanwhile; its pipes must not be seen.
        let _other = start(&fake("out ready; hang")).await;
        let (lines, _) = run(spec).await;
        assert_eq!(lines, unavoidable, "within {kind}");
    }
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_with_the_reason() {
    let spec =
        fake("exit 0").with_containment(amp_process::Containment::Require(ContainmentKind::Job));
    let error = spec.spawn().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContainmentUnavailable);
    let reason = "containment by job is not available: there are no job objects on Linux";
    assert_eq!(error.to_string(), reason);
}

#[tokio::test]
async fn the_probe_says_what_is_missing() {
    // The test's own main does not call the hook.
    let spec = ProcessSpec::new(fixtures::fake_agent());
    let found = spec.probe_containment().await;
    let shim = found
        .iter()
        .find(|status| status.kind == ContainmentKind::Shim);
    let reason = "the host's main does not call run_shim_if_requested";
    assert_eq!(shim.unwrap().unavailable.as_deref(), Some(reason));
    let group = found
        .iter()
        .find(|status| status.kind == ContainmentKind::Group);
    assert_eq!(group.unwrap().unavailable, None);
}

#[tokio::test]
async fn auto_takes_the_strongest_that_works() {
    let spec = fake("exit 0").with_containment(amp_process::Containment::Auto);
    let found = spec.probe_containment().await;
    let strongest = found.iter().find(|status| status.unavailable.is_none());
    let (_, exit) = run(spec).await;
    assert_eq!(exit.containment(), strongest.unwrap().kind);
}

/// Returns a program whose shim makes no namespace of its own, on a kernel that has none for it,
/// with the attempts written to a file.
#[cfg(target_os = "linux")]
fn without_own_namespace(folder: &Path, attempts: &Path) -> ProcessSpec {
    let script = format!(
        "case \"$2\" in __own-namespace) echo own >> '{}'; echo 'no namespace' >&2; exit 1;; esac\n\
         exec '{}' \"$@\"",
        attempts.display(),
        supervise().display()
    );
    let shim = folder.join("shim");
    fixtures::write_script(&shim, &script);
    fake("err own; exit 0")
        .with_shim_program(shim)
        .with_containment(amp_process::Containment::Auto)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_namespace_that_cannot_be_made_is_tried_once_and_its_reason_told() {
    let folder = tempfile::tempdir().unwrap();
    let attempts = folder.path().join("attempts");
    let script = format!(
        "echo bubblewrap >> {}\necho 'bwrap: not allowed' >&2\nexit 1",
        attempts.display()
    );
    fixtures::write_script(folder.path().join("bwrap"), &script);
    let auto = without_own_namespace(folder.path(), &attempts).with_variable("PATH", folder.path());
    for _ in 0..2 {
        let (_, exit) = run(auto.clone()).await;
        assert_eq!(exit.containment(), ContainmentKind::Shim);
        // What bubblewrap says is not what the program says.
        assert_eq!(exit.stderr().to_string().trim_end(), "own");
    }
    let attempts = std::fs::read_to_string(attempts).unwrap();
    assert_eq!(attempts, "own\nbubblewrap\n");
    let namespace = amp_process::Containment::Require(ContainmentKind::Namespace);
    let error = auto.with_containment(namespace).spawn().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContainmentUnavailable);
    let reasons = "containment by namespace is not available: no namespace; bwrap: not allowed";
    assert_eq!(error.to_string(), reasons);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_the_shim_may_not_make_a_namespace_bubblewrap_does() {
    let folder = tempfile::tempdir().unwrap();
    let attempts = folder.path().join("attempts");
    let auto = without_own_namespace(folder.path(), &attempts);
    let Some(spec) = within(ContainmentKind::Namespace, auto).await else {
        return;
    };
    let (_, exit) = run(spec).await;
    assert_eq!(exit.containment(), ContainmentKind::Namespace);
    assert_eq!(std::fs::read_to_string(attempts).unwrap(), "own\n");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nothing_in_a_namespace_gains_privileges() {
    let script = "grep -E '^(NoNewPrivs|CapEff|CapBnd):' /proc/self/status";
    let spec = ProcessSpec::new("/bin/sh").with_arguments(["-c", script]);
    let spec = spec.with_shim_program(supervise());
    let Some(spec) = within(ContainmentKind::Namespace, spec).await else {
        return;
    };
    let (found, _) = run(spec).await;
    let of = |name: &str| {
        let value = found.iter().find_map(|line| line.strip_prefix(name));
        value.expect("the kernel tells").trim().to_owned()
    };
    assert_eq!(of("NoNewPrivs:"), "1");
    if !rustix::process::geteuid().is_root() {
        assert_eq!(of("CapEff:"), "0000000000000000");
        assert_eq!(of("CapBnd:"), "0000000000000000");
    }
}

#[tokio::test]
async fn a_program_that_is_open_for_writing_is_started_once_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    fixtures::write_script(&program, "echo started");
    let spec = ProcessSpec::new(&program).with_shim_program(supervise());
    for kind in KINDS {
        let Some(spec) = within(kind, spec.clone()).await else {
            continue;
        };
        let writer = File::options().append(true).open(&program).unwrap();
        // The first try is made before the file is closed.
        let (process, ()) = tokio::join!(spec.spawn(), async { drop(writer) });
        let line = process.expect("it starts").next_line().await;
        assert_eq!(text(&line.unwrap().unwrap()), "started", "within {kind}");
    }
    let _writer = File::options().append(true).open(&program).unwrap();
    check(spec, ErrorKind::Io).await;
}
