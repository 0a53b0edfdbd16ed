//! Descendants that hold pipes, get away, or multiply: what is left of them after a stop or a drop.
//!
//! The group misses what its documentation says it misses, and that is tested as well.

use std::time::Duration;

use amp_process::{Cause, ContainmentKind, ExitStatus, Force, ProcessSpec, Signal};

use crate::support::{Mark, deadlines, fake, lines, start, text, within};

/// Describes a program with one descendant of `kind`, in this containment, if it works here.
async fn family(containment: ContainmentKind, kind: &str, mark: &Mark) -> Option<ProcessSpec> {
    let script = format!("spawn {kind} {{ ignore SIGTERM; ignore SIGHUP; hang }}; out ready; hang");
    within(containment, fake(&script).with_argument(mark.as_str())).await
}

/// Checks that a stop finds the descendant and leaves nobody.
async fn stop_leaves_nobody(containment: ContainmentKind, kind: &str) {
    let mark = Mark::new();
    if let Some(spec) = family(containment, kind, &mark).await {
        let exit = start(&spec).await.stop().await;
        assert_eq!(mark.alive(), [0; 0], "{exit:?}");
        assert_eq!(exit.survivors().len(), 1, "{exit:?}");
        assert!(exit.leaked().is_empty());
        assert_eq!(
            exit.is_proven_empty(),
            containment != ContainmentKind::Group
        );
    }
}

/// Checks that a drop leaves nobody, without anybody waiting for it.
async fn drop_leaves_nobody(containment: ContainmentKind, kind: &str) {
    let mark = Mark::new();
    if let Some(spec) = family(containment, kind, &mark).await {
        drop(start(&spec).await);
        mark.wait_until_gone();
    }
}

macro_rules! every_kind {
    ($containment:ident, $kind:ident, $($kinds:ident),*) => {
        every_kind!($containment, $kind);
        $(every_kind!($containment, $kinds);)*
    };
    ($containment:ident, $kind:ident) => {
        mod $kind {
            use amp_process::ContainmentKind;

            #[tokio::test]
            async fn is_gone_after_a_stop() {
                let kind = stringify!($kind);
                super::super::stop_leaves_nobody(ContainmentKind::$containment, kind).await;
            }

            #[tokio::test]
            async fn is_gone_after_a_drop() {
                let kind = stringify!($kind);
                super::super::drop_leaves_nobody(ContainmentKind::$containment, kind).await;
            }
        }
    };
}

mod in_a_namespace {
    every_kind!(Namespace, child, group, session, daemon);
}

mod below_a_shim {
    every_kind!(Shim, child, group, session, daemon);
}

mod in_a_group {
    every_kind!(Group, child, group, session);
}

#[tokio::test]
async fn a_kill_asks_nobody_and_leaves_nobody() {
    for containment in [
        ContainmentKind::Namespace,
        ContainmentKind::Shim,
        ContainmentKind::Group,
    ] {
        let mark = Mark::new();
        let script = "on SIGTERM { exit 0 }; spawn child { ignore SIGTERM; hang }; out ready; hang";
        let spec = fake(script).with_argument(mark.as_str());
        let Some(spec) = within(containment, spec).await else {
            continue;
        };
        let exit = start(&spec).await.kill().await;
        assert_eq!(mark.alive(), [0; 0], "{exit:?}");
        assert_eq!(
            (exit.cause(), exit.force()),
            (Cause::Stopped, Force::Killed)
        );
        assert_ne!(exit.status(), ExitStatus::Code(0), "{exit:?}");
        assert!(exit.leaked().is_empty(), "{exit:?}");
    }
}

#[tokio::test]
async fn a_kill_does_not_wait_for_a_stop_under_way() {
    let mark = Mark::new();
    let script = "on SIGTERM { out asked }; out ready; repeat 9 hang";
    let mut process = start(&fake(script).with_argument(mark.as_str())).await;
    process.begin_stop();
    let line = process.next_line().await.unwrap().unwrap();
    assert_eq!(text(&line), "asked");
    let exit = process.kill().await;
    assert_eq!(mark.alive(), [0; 0], "{exit:?}");
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::KILL));
}

#[tokio::test]
async fn the_group_misses_a_daemon() {
    let mark = Mark::new();
    let spec = family(ContainmentKind::Group, "daemon", &mark)
        .await
        .unwrap();
    let exit = start(&spec).await.stop().await;
    assert_eq!(mark.alive().len(), 1);
    assert!(!exit.is_proven_empty());
}

#[tokio::test]
async fn the_group_misses_a_session_whose_parent_has_exited() {
    let mark = Mark::new();
    let spec = fake("spawn session { hang }; exit 0").with_argument(mark.as_str());
    let exit = spec.spawn().await.unwrap().finish().await;
    assert_eq!(mark.alive().len(), 1);
    assert!(exit.survivors().is_empty());
}

#[tokio::test]
async fn the_group_finds_a_child_whose_parent_has_exited() {
    let mark = Mark::new();
    let spec = fake("spawn child { hang }; exit 0").with_argument(mark.as_str());
    let exit = spec.spawn().await.unwrap().finish().await;
    assert_eq!(mark.alive(), [0; 0]);
    assert_eq!(exit.survivors().len(), 1);
}

/// Runs a program that leaves a descendant holding `streams`, and checks that its end is told
/// within the drain deadline.
async fn a_holder_of(streams: &str, containment: ContainmentKind) {
    let mark = Mark::new();
    let script =
        format!("spawn session holding {streams} {{ hang }}; out result; err trouble; exit 3");
    let spec = fake(&script)
        .with_argument(mark.as_str())
        .with_deadlines(deadlines().with_drain(Duration::from_millis(100)));
    let Some(spec) = within(containment, spec).await else {
        return;
    };
    let mut process = spec.spawn().await.unwrap();
    let lines = lines(&mut process).await.unwrap();
    assert_eq!(lines.iter().map(text).collect::<Vec<_>>(), ["result"]);
    let exit = process.finish().await;
    assert_eq!(exit.status(), ExitStatus::Code(3));
    assert_eq!(exit.stderr().to_string(), "trouble\n");
    if containment != ContainmentKind::Group {
        assert_eq!(exit.survivors().len(), 1);
        assert_eq!(mark.alive(), [0; 0]);
    }
}

#[tokio::test]
async fn a_holder_of_standard_output_does_not_delay_the_end() {
    a_holder_of("stdout", ContainmentKind::Group).await;
    a_holder_of("stdout", ContainmentKind::Shim).await;
    a_holder_of("stdout", ContainmentKind::Namespace).await;
}

#[tokio::test]
async fn a_holder_of_standard_error_does_not_delay_the_end() {
    a_holder_of("stderr", ContainmentKind::Group).await;
    a_holder_of("stderr", ContainmentKind::Shim).await;
    a_holder_of("stderr", ContainmentKind::Namespace).await;
}

#[tokio::test]
async fn a_holder_that_writes_for_ever_does_not_delay_the_end() {
    let mark = Mark::new();
    let spec = fake("spawn child holding stdout { flood stdout 1000g 80 }; out result; exit 0")
        .with_argument(mark.as_str())
        .with_deadlines(deadlines().with_drain(Duration::from_millis(100)));
    let mut process = spec.spawn().await.unwrap();
    let found = lines(&mut process).await.unwrap();
    // The two write at once, so the result may stand in the middle of a line.
    assert!(found.iter().any(|line| text(line).contains("result")));
    process.finish().await;
    assert_eq!(mark.alive(), [0; 0]);
}

#[tokio::test]
async fn what_a_descendant_still_writes_after_the_exit_is_read() {
    let script = "spawn child holding stdout { sleep 100ms; out late }; out early; exit 0";
    let mut process = fake(script).spawn().await.unwrap();
    let found = lines(&mut process).await.unwrap();
    assert_eq!(
        found.iter().map(text).collect::<Vec<_>>(),
        ["early", "late"]
    );
}

#[tokio::test]
async fn a_program_that_multiplies_is_gone_to_the_last() {
    let script = "repeat 4 spawn session { repeat 3 spawn daemon { hang }; hang }; out ready; hang";
    for containment in [ContainmentKind::Shim, ContainmentKind::Namespace] {
        let mark = Mark::new();
        let spec = fake(script).with_argument(mark.as_str());
        if let Some(spec) = within(containment, spec).await {
            let exit = start(&spec).await.stop().await;
            assert_eq!(mark.alive(), [0; 0], "{exit:?}");
            // Four sessions with three daemons each.
            assert_eq!(exit.survivors().len(), 16, "{exit:?}");
        }
    }
}

#[tokio::test]
async fn a_polite_end_reaches_the_whole_group_below_a_shim() {
    let script = "spawn child holding stdout { on SIGTERM { out child; exit 0 }; hang }; \
                  on SIGTERM { sleep 100ms; out leader; exit 0 }; out ready; hang";
    for containment in [ContainmentKind::Shim, ContainmentKind::Namespace] {
        let Some(spec) = within(containment, fake(script)).await else {
            continue;
        };
        let mut process = start(&spec).await;
        process.begin_stop();
        let found = lines(&mut process).await.unwrap();
        let mut found: Vec<_> = found.iter().map(text).collect();
        found.sort();
        assert_eq!(found, ["child", "leader"], "{containment}");
        assert!(process.finish().await.status().is_success());
    }
}

/// Returns the process id of the shim of a program that runs below one.
fn shim_of(leader: u32) -> rustix::process::Pid {
    let stat = std::fs::read_to_string(format!("/proc/{leader}/stat")).unwrap();
    let parent = stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap();
    rustix::process::Pid::from_raw(parent.parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_shim_that_was_suspended_cannot_save_the_tree() {
    let mark = Mark::new();
    let spec = family(ContainmentKind::Shim, "daemon", &mark)
        .await
        .unwrap();
    let process = start(&spec).await;
    let shim = shim_of(process.id());
    rustix::process::kill_process(shim, rustix::process::Signal::STOP).unwrap();
    drop(process);
    mark.wait_until_gone();
}

/// Whoever makes the namespace waits outside of it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_namespace_ends_with_the_process_that_made_it() {
    let mark = Mark::new();
    let Some(spec) = family(ContainmentKind::Namespace, "daemon", &mark).await else {
        return;
    };
    let mut process = start(&spec).await;
    let own = format!("PPid:\t{}\n", std::process::id());
    let is_child = |pid: &i32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
        status.is_ok_and(|status| status.contains(&own))
    };
    let maker = mark.alive().into_iter().find(is_child).unwrap();
    let maker = rustix::process::Pid::from_raw(maker).unwrap();
    rustix::process::kill_process(maker, rustix::process::Signal::KILL).unwrap();
    lines(&mut process).await.unwrap_or_default();
    let exit = process.finish().await;
    assert_eq!(exit.status(), ExitStatus::Unknown);
    assert!(!exit.is_proven_empty());
    mark.wait_until_gone();
}

#[tokio::test]
async fn a_shim_that_was_killed_does_not_save_the_program() {
    let mark = Mark::new();
    let spec = family(ContainmentKind::Shim, "child", &mark).await.unwrap();
    let mut process = start(&spec).await;
    rustix::process::kill_process(shim_of(process.id()), rustix::process::Signal::KILL).unwrap();
    lines(&mut process).await.unwrap_or_default();
    let exit = process.finish().await;
    assert_eq!(exit.status(), ExitStatus::Unknown);
    assert!(!exit.is_proven_empty());
    mark.wait_until_gone();
}
