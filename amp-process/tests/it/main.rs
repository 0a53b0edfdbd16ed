//! Real processes only: every fault of a program that is driven, one behaviour a test.
//!
//! The faults have numbers. Where each is covered (26, 30 and 31 need bubblewrap to be covered in
//! namespaces as well, 9 needs strace; where `TEST_REQUIREMENTS` names them, as in CI, they may not
//! be missing):
//!
//! | faults | what | where |
//! |---|---|---|
//! | 1 to 7 | no such program, no permission, wrong kind of file, missing loader, bad directory, NUL, too long | `starting` |
//! | 8, 9 | no descriptors or no processes left | `host` |
//! | 10 to 12 | input that is not read, or closed early | `input` |
//! | 13 to 20 | silence, drip, no exit, odd exits | `life` |
//! | 21, 22 | a descendant holds standard output or standard error | `tree` |
//! | 23 to 26 | descendants that get away, fork bomb | `tree`, `host` |
//! | 27 to 29 | signals ignored, trapped, or the program suspended | `life` |
//! | 30, 31 | the host killed or aborted; a panic | `host`, `cancel` |
//! | 32 to 34 | runtime dropped, future dropped at any await, starting thread gone | `cancel` |
//! | 35 | Ctrl-C and Ctrl-Z, also where nobody could continue the host; SIGCHLD ignored | `host`, `life` |
//! | 36 | process ids that are used again | unit test in `containment::process_table` |
//! | 37 | nothing grows over many runs | `flat`, and `cargo xtask soak` for 1,000 |
//! | 38, 39 | standard output closed or made non-blocking by the program | `life` |
//! | 40 | inherited descriptors | `starting` |
//! | 41 to 47, 49 | line ends, blank lines, byte order mark, cuts at every byte, invalid UTF-8, NUL | `bytes`, unit tests in `lines` |
//! | 48, 51 to 54 | what is inside a line of JSON | the crate that decodes lines |
//! | 50 | lines up to, at and far beyond the limit | `bytes`, `flat` |
//! | 55 | lines that are not what was expected are lines all the same | `bytes` |
//! | 56 | slow caller, floods on standard error, interleaving; the order of events is the decoder's | `bytes`, `flat` |
//!
//! `sandbox/cases.md` lists what a sandbox withstands.
#![cfg(unix)]

mod bytes;
mod cancel;
mod front_page;
mod host;
mod input;
mod life;
#[cfg(target_os = "linux")]
mod sandbox;
mod starting;
mod support;
mod tree;
