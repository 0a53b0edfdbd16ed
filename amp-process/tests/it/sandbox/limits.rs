//! Limits: each bites, and what the kernel would not count is refused.

use amp_process::ErrorKind;
use amp_process::sandbox::{Absence, Layer, Limits};

use super::{Place, Said, reach, shell};

/// Runs a script under limits.
async fn under(set: impl FnOnce(&mut Limits), script: &str) -> Option<Said> {
    let place = Place::new();
    let mut limits = Limits::default();
    set(&mut limits);
    shell(&place, place.policy().with_limits(limits), script).await
}

#[tokio::test]
async fn a_file_grows_no_longer_than_the_limit() {
    let script = "head -c 4000000 /dev/zero > large; stat -c %s large";
    if let Some(said) = under(|limits| limits.file_bytes = Some(1 << 20), script).await {
        assert_eq!(said.lines, [(1 << 20).to_string()], "{}", said.text());
    }
}

#[tokio::test]
async fn no_more_files_are_open_than_the_limit() {
    let script = "exec bash -c 'while exec {file}< .; do echo $file; done 2> /dev/null'";
    if let Some(said) = under(|limits| limits.open_files = Some(20), script).await {
        assert_eq!(
            said.lines.last().map(String::as_str),
            Some("19"),
            "{}",
            said.text()
        );
    }
}

#[tokio::test]
async fn no_process_has_more_memory_than_the_limit() {
    let script = "for size in 10 500; do dd if=/dev/zero of=/dev/null bs=${size}M count=1 \
                  2> /dev/null && echo $size; done; true";
    if let Some(said) = under(|limits| limits.memory_bytes = Some(200 << 20), script).await {
        assert_eq!(said.lines, ["10"], "{}", said.text());
    }
}

#[tokio::test]
async fn a_process_that_uses_more_processor_time_is_killed() {
    let script = "sh -c 'while :; do :; done'; echo ended with $?";
    if let Some(said) = under(|limits| limits.cpu_seconds = Some(1), script).await {
        assert_eq!(said.lines, ["ended with 137"], "{}", said.text());
    }
}

#[tokio::test]
async fn no_more_processes_run_than_the_limit_or_it_is_refused() {
    let place = Place::new();
    let mut limits = Limits::default();
    limits.processes = Some(40);
    let policy = place.policy().with_limits(limits);
    if !rustix::process::geteuid().is_root() {
        if let Some(said) = reach(&place, policy, &["fork:200"]).await {
            assert!(
                said.lines[0].contains("temporarily unavailable"),
                "{:?}",
                said.lines
            );
        }
        return;
    }
    let spec = place.spec("/bin/true", policy);
    let layers = spec.probe_sandbox().await.expect("the policy can be kept");
    let limits = layers.iter().find(|status| status.layer == Layer::Limits);
    let absence = limits.and_then(|status| status.absence.clone());
    assert_eq!(absence, Some(Absence::RootIsNotCounted));
    let error = spec.spawn().await.expect_err("root is not counted");
    assert_eq!(error.kind(), ErrorKind::SandboxRefused);
}

#[tokio::test]
async fn no_core_file_is_written_or_handed_to_a_program() {
    // In blocks of 512 bytes, of which one byte is none.
    if let Some(said) = under(|_| {}, "ulimit -c").await {
        assert_eq!(said.lines, ["0"]);
    }
}
