//! The shim: the host's executable, started again to stand between host and program.
//!
//! It is the parent of the program and, as child subreaper, of every orphan of the tree, so no
//! process escapes: not with `setsid`, not as a daemon. It ends the tree when it is told to, when the
//! control socket closes, and when the host's process is gone, whichever comes first.
//!
//! The control socket arrives as standard input. The host sends the program's three standard
//! streams over it, so no other descriptor has to be inherited and nothing has to be done between
//! fork and exec. After that both sides send lines, see [`protocol`].

#[cfg(target_os = "linux")]
mod cleaner;
#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod devices;
#[cfg(target_os = "linux")]
mod loopback;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod preparation;
#[cfg(target_os = "linux")]
pub(crate) mod protocol;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod user;
#[cfg(target_os = "linux")]
mod view;
#[cfg(target_os = "linux")]
mod withhold;

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the host has called the hook, and so can be started again as a shim.
static HOOKED: AtomicBool = AtomicBool::new(false);

/// Becomes the shim if this process was started as one.
///
/// Otherwise it only sees to it that the end of children is heard of, for a process may be started
/// with SIGCHLD ignored, and then no exit code of a child can be learned.
///
/// Call it first thing in `main`, before anything reads arguments or starts threads. The first line
/// of an async `main` will do; each shim then carries the idle threads of a runtime, and with more
/// than one thread it leaves its namespaces to bubblewrap. Without the call (or
/// [`ProcessSpec::with_shim_program`](crate::ProcessSpec::with_shim_program)) programs run as
/// [`ContainmentKind::Group`](crate::ContainmentKind::Group), which cannot catch daemons and does
/// not outlive the host.
///
/// ```no_run
/// amp_process::run_shim_if_requested();
/// // … and only then the rest of `main`.
/// ```
#[cfg_attr(
    target_os = "linux",
    expect(
        clippy::disallowed_methods,
        reason = "the shim is a process of its own, and the host's main must not run in it"
    )
)]
pub fn run_shim_if_requested() {
    #[cfg(target_os = "linux")]
    if let Some(code) = withhold::become_shell_if_asked() {
        std::process::exit(code);
    }
    HOOKED.store(true, Ordering::Release);
    // Every start sees to it again, and fails where it cannot be had.
    #[cfg(unix)]
    let _ = crate::host_signals::hear_of_children();
    #[cfg(target_os = "linux")]
    {
        let mut arguments = std::env::args_os().skip(1);
        if arguments
            .next()
            .is_some_and(|first| first == protocol::REQUEST)
        {
            std::process::exit(serve::serve(arguments.collect()));
        }
    }
}

/// Returns whether this process can be started again as a shim.
#[cfg(target_os = "linux")]
pub(crate) fn is_hooked() -> bool {
    HOOKED.load(Ordering::Acquire)
}
