//! Git work trees, by the `git` program: what the files were before and after a turn, and how they
//! become again what they were.
//!
//! A snapshot has the tracked and the untracked files byte for byte, without the filters of Git. It
//! is a tree in the user's repository that a ref below `refs/amp-session/` names; the user's index,
//! branches and stash stay as they are. Ignored files, submodules and repositories inside the work
//! tree are left alone, and so is a file of more than 32 MiB.

mod git;
pub(crate) mod keep;
mod listing;
pub(crate) mod note;
mod path;
#[cfg_attr(unix, path = "workspace/platform_unix.rs")]
#[cfg_attr(windows, path = "workspace/platform_windows.rs")]
mod platform;
mod scan;
mod snapshot;
pub(crate) mod state;
mod turn_files;
mod undo;
mod work_tree;

pub use turn_files::{TurnFiles, Undo, forget};
pub use work_tree::{Isolation, Work, WorkTree};

#[cfg(all(test, unix))]
mod tests;
#[cfg(all(test, unix))]
mod work_tree_tests;
