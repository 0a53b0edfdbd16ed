//! Start a program, own its whole process tree, stream its lines, leave nothing behind.
//!
//! Beside `tokio` with its features `macros` and `rt-multi-thread`, this is a whole program, which
//! runs another, such as `/bin/ls -l`:
//!
//! ```no_run
//! use amp_process::{Error, ProcessSpec};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     amp_process::run_shim_if_requested();
//!     let mut arguments = std::env::args_os().skip(1);
//!     let program = arguments.next().unwrap_or_default();
//!     let spec = ProcessSpec::new(program).with_arguments(arguments);
//!     let mut process = spec.spawn().await?;
//!     while let Some(line) = process.next_line().await? {
//!         println!("{}", String::from_utf8_lossy(line.as_ref()));
//!     }
//!     println!("{}", process.wait().await.status());
//!     Ok(())
//! }
//! ```
//!
//! # Where to begin
//!
//! [`ProcessSpec`] says what to run and how; [`spawn`](ProcessSpec::spawn) makes a [`Process`] of
//! it, which is also a stream of [`Line`]s. [`wait`](Process::wait) lets it finish by itself;
//! [`finish`](Process::finish), [`stop`](Process::stop) and [`kill`](Process::kill) end it; all
//! return an [`Exit`]. `cargo run --example supervise` is a `timeout(1)` made of them.
//!
//! # What it promises
//!
//! - Lines come straight from the pipe, with no channel in between: a slow caller blocks the child
//!   and memory stays flat. Standard error is drained all the while into a bounded head and tail.
//! - The end of a pipe alone ends nothing: a run is over when the caller says so, when a deadline
//!   that was asked for ([`Deadlines`]) has passed, or when the program itself has exited. From
//!   then on every wait has a deadline.
//! - However a run ends (finish, stop, drop, a runtime torn down, the host killed), nothing of its
//!   tree is left, as far as the [containment](ContainmentKind) in use reaches, and [`Exit`] says
//!   what was found.
//! - Every future may be dropped: nothing that was read, begun to be written, or learned of the end
//!   is lost.
//!
//! # What it leaves to others
//!
//! Lines are bytes here. Nothing is parsed, and nothing is known of the program that is run. The
//! environment starts empty: a program sees what it is given. There is no pseudo-terminal and no
//! shell.
//!
//! # Errors and limits
//!
//! An [`Error`] means that a program could not be started or talked to; how it *ended* is never an
//! error, but the [`Exit`]. A line may have 64 MiB unless told otherwise; of a longer one so much is
//! kept, and [`Completeness`] tells its whole length.
//!
//! # Platforms
//!
//! It needs a tokio runtime with I/O and time. Linux (5.3 or newer) has three containments: a PID
//! namespace where the kernel lets the shim or bubblewrap make one, a shim, and process groups. The
//! shim is the host's own executable, started again, so `main` calls [`run_shim_if_requested`]
//! first; without that call, and on other Unixes, there are process groups alone. Windows has job
//! objects.
//! [`Containment`] asks for one of them, and [`ContainmentStatus`] tells which work here.
//!
//! A host that was started with SIGCHLD ignored gets its default effect back, because no exit code
//! of any child could be learned otherwise.

mod clock;
mod containment;
mod deadlines;
mod ending;
mod error;
mod escalation;
mod exit;
#[cfg(unix)]
mod host_signals;
#[cfg(unix)]
mod inherited;
mod lines;
mod process;
mod program;
mod program_pages;
mod reaper;
pub mod sandbox;
mod shim;
mod signal;
mod spec;
#[cfg_attr(unix, path = "start/unix.rs")]
#[cfg_attr(windows, path = "start/windows.rs")]
mod start;
mod stderr;
mod stderr_lines;
mod stdin;
mod stdout;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

/// Makes lines of any bytes, for the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz_lines(bytes: &[u8]) {
    lines::promises::check(bytes);
}

pub use containment::kind::{Containment, ContainmentKind, ContainmentStatus};
pub use deadlines::{Deadline, Deadlines, StopPolicy};
pub use error::{Error, ErrorKind};
pub use exit::{Cause, Exit, ExitStatus, Force, Survivor};
#[cfg(unix)]
pub use host_signals::{can_be_suspended, suspend_host};
#[cfg(unix)]
pub use inherited::take_inherited;
pub use lines::{Completeness, Line};
pub use process::Process;
pub use program_pages::release_program_pages;
pub use reaper::settle;
pub use shim::run_shim_if_requested;
pub use signal::Signal;
pub use spec::{ProcessSpec, StdinSource};
pub use stderr::StderrText;
pub use stderr_lines::StderrLines;
pub use stdin::StdinWriter;
