//! Runs that are fed, interrupted and limited, played by small shell scripts.

use amp_process::{Containment, ContainmentKind, ProcessSpec};
use fixtures::run::{Run, SignalStep, StdinStep, Wait};
use xtask::record::capture::{Capture, capture};

async fn run_script(script: &str, run: &Run) -> Capture {
    let spec = ProcessSpec::new("/bin/sh")
        .with_arguments(["-c", script])
        .with_variable("PATH", "/usr/bin:/bin")
        // A test's `main` is not ours, so it cannot be started again as the shim.
        .with_containment(Containment::Require(ContainmentKind::Group));
    capture(spec, run).await.unwrap()
}

fn after_output(text: &str) -> Wait {
    Wait {
        after_output: Some(text.to_owned()),
        after_ms: 0,
    }
}

#[tokio::test]
async fn every_byte_of_both_outputs_is_kept() {
    let script = r"printf 'one\r\n\nlast'; printf 'oh\n' >&2; exit 3";
    let capture = run_script(script, &Run::default()).await;
    assert_eq!(capture.stdout, b"one\r\n\nlast");
    assert_eq!(capture.stderr, b"oh\n");
    assert_eq!(capture.exit.code, Some(3));
    assert!(!capture.exit.deadline_passed);
}

#[tokio::test]
async fn input_waits_for_output_and_ends_with_its_last_step() {
    let step = |wait: &str, text: &str| StdinStep {
        wait: after_output(wait),
        text: text.to_owned(),
    };
    let run = Run {
        stdin: vec![step("ready", "a\n"), step("got a", "b\n")],
        ..Run::default()
    };
    let script = "echo ready; while read -r word; do echo got $word; done; echo end";
    let capture = run_script(script, &run).await;
    assert_eq!(capture.stdout, b"ready\ngot a\ngot b\nend\n");
}

#[tokio::test]
async fn a_signal_comes_in_its_time_and_its_answer_is_kept() {
    let run = Run {
        signals: vec![SignalStep {
            wait: after_output("ready"),
            signal: "SIGTERM".to_owned(),
        }],
        ..Run::default()
    };
    let script = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    let capture = run_script(script, &run).await;
    assert_eq!(capture.stdout, b"ready\nbye\n");
    assert_eq!(capture.exit.code, Some(5));
}

#[tokio::test]
async fn a_deadline_kills_without_a_word() {
    let run = Run {
        deadline_seconds: Some(1),
        ..Run::default()
    };
    let script = "trap 'echo bye' TERM; echo ready; while :; do sleep 0.05; done";
    let capture = run_script(script, &run).await;
    assert_eq!(capture.stdout, b"ready\n");
    assert!(capture.exit.deadline_passed);
    assert_eq!(capture.exit.signal.as_deref(), Some("SIGKILL"));
}

#[tokio::test]
async fn a_step_whose_output_never_comes_is_left_out() {
    let run = Run {
        stdin: vec![StdinStep {
            wait: after_output("never"),
            text: "x".to_owned(),
        }],
        ..Run::default()
    };
    let capture = run_script("echo end", &run).await;
    assert_eq!(capture.stdout, b"end\n");
    assert_eq!(capture.exit.code, Some(0));
}
