//! Start a program, own its whole process tree, stream its lines, leave nothing behind.
//!
//! ```no_run
//! # async fn run() -> Result<(), amp_process::Error> {
//! use amp_process::ProcessSpec;
//!
//! let mut process = ProcessSpec::new("/usr/bin/make").with_argument("check").spawn().await?;
//! while let Some(line) = process.next_line().await? {
//!     let _text = String::from_utf8_lossy(line.bytes());
//! }
//! let exit = process.finish().await;
//! assert!(exit.status().is_success());
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - Lines come straight from the pipe, with no channel in between: a slow caller blocks the child
//!   and memory stays flat. Standard error is drained all the while into a bounded head and tail.
//! - Every wait has a deadline ([`Deadlines`]), and the end of a pipe alone ends nothing: a run is
//!   over when the caller says so or when the program itself has exited.
//! - However a run ends (finish, stop, drop, a runtime torn down, the host killed), nothing of its
//!   tree is left, as far as the [containment](ContainmentKind) in use reaches, and [`Exit`] says
//!   what was found.
//!
//! The strongest containments need the host's help: its `main` calls [`run_shim_if_requested`]
//! first. Linux must be 5.3 or newer; other Unixes have process groups alone, Windows job objects.
//!
//! # What it leaves to others
//!
//! Lines are bytes here. Nothing is parsed, and nothing is known of the program that is run.

mod clock;
mod containment;
mod deadlines;
mod error;
mod exit;
mod keeper;
mod ladder;
mod lines;
mod process;
mod program;
mod shim;
mod signal;
mod spec;
mod stderr;
mod stdin;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use containment::{Containment, ContainmentKind, ContainmentStatus};
pub use deadlines::{Deadline, Deadlines, StopPolicy};
pub use error::{Error, ErrorKind};
pub use exit::{Cause, Exit, ExitStatus, Force, Survivor};
pub use keeper::settle;
pub use lines::{Completeness, Line};
pub use process::Process;
pub use shim::run_shim_if_requested;
pub use signal::Signal;
pub use spec::{ProcessSpec, StdinSource};
pub use stderr::StderrText;
pub use stdin::StdinWriter;
