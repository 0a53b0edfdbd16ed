//! Futures dropped at every await, runtimes torn down, threads that end: nobody is left.

use std::pin::pin;
use std::task::Poll;

use amp_process::ProcessSpec;

use crate::support::{KINDS, Mark, fake, start, within};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Describes a program with a child of its own that never ends by itself.
fn stubborn(mark: &Mark) -> ProcessSpec {
    fake("spawn child { hang }; out ready; hang").with_argument(mark.as_str())
}

/// Runs a whole life until the future has been polled so often; returns whether it came to its end.
async fn live(spec: &ProcessSpec, polls: u32) -> bool {
    let mut life = pin!(async {
        let mut process = spec.spawn().await.unwrap();
        process.next_line().await.unwrap();
        process.stop().await;
    });
    let mut left = polls;
    std::future::poll_fn(|context| match left {
        0 => Poll::Ready(false),
        _ => {
            left -= 1;
            life.as_mut().poll(context).map(|()| true)
        }
    })
    .await
}

#[tokio::test]
async fn a_future_dropped_at_any_await_leaves_nobody() {
    for kind in KINDS {
        let mark = Mark::new();
        let Some(spec) = within(kind, stubborn(&mark)).await else {
            continue;
        };
        let mut polls = 0;
        while !live(&spec, polls).await {
            polls += 1;
            assert!(polls < 10_000, "it never comes to its end");
        }
        mark.wait_until_gone();
    }
}

#[tokio::test]
async fn settling_waits_until_what_was_dropped_is_gone() {
    amp_process::settle();
    for kind in KINDS {
        let mark = Mark::new();
        let Some(spec) = within(kind, stubborn(&mark)).await else {
            continue;
        };
        drop(start(&spec).await);
        amp_process::settle();
        assert_eq!(mark.alive(), [0; 0], "{kind:?}");
    }
}

#[test]
fn a_runtime_that_is_torn_down_leaves_nobody() {
    for kind in KINDS {
        let mark = Mark::new();
        let runtime = runtime();
        let Some(spec) = runtime.block_on(within(kind, stubborn(&mark))) else {
            continue;
        };
        let (started, is_started) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let mut process = start(&spec).await;
            started.send(()).unwrap();
            process.next_line().await
        });
        is_started.recv().unwrap();
        drop(runtime);
        mark.wait_until_gone();
    }
}

#[test]
fn a_process_that_outlives_its_runtime_is_still_cleaned_up() {
    for kind in KINDS {
        let mark = Mark::new();
        let runtime = runtime();
        let Some(spec) = runtime.block_on(within(kind, stubborn(&mark))) else {
            continue;
        };
        let process = runtime.block_on(start(&spec));
        drop(runtime);
        assert!(!mark.alive().is_empty());
        drop(process);
        mark.wait_until_gone();
    }
}

#[test]
fn the_end_of_the_starting_thread_ends_no_program() {
    for kind in KINDS {
        let mark = Mark::new();
        let runtime = runtime();
        let script = "out ready; read-line; out still here";
        let spec = fake(script)
            .with_argument(mark.as_str())
            .with_stdin(amp_process::StdinSource::Piped);
        let Some(spec) = runtime.block_on(within(kind, spec)) else {
            continue;
        };
        let handle = runtime.handle().clone();
        let starter = std::thread::spawn(move || handle.block_on(start(&spec)));
        let mut process = starter.join().unwrap();
        runtime.block_on(async {
            process.take_stdin().unwrap().send(b"go\n").await.unwrap();
            let line = process.next_line().await.unwrap().unwrap();
            assert_eq!(line.bytes(), b"still here");
        });
    }
}

#[tokio::test]
async fn a_panic_leaves_nobody() {
    let mark = Mark::new();
    let spec = stubborn(&mark);
    let task = tokio::spawn(async move {
        let _process = start(&spec).await;
        panic!("a bug of the host");
    });
    assert!(task.await.unwrap_err().is_panic());
    mark.wait_until_gone();
}

#[tokio::test]
async fn a_program_dropped_unread_leaves_no_zombie() {
    let mark = Mark::new();
    let process = start(&stubborn(&mark)).await;
    let pid = process.id();
    drop(process);
    crate::support::wait_until("it is reaped", || {
        !std::path::Path::new(&format!("/proc/{pid}")).exists()
    });
}
