//! What a user of `ampctl` sees, from the outside.

mod help;
mod run;
#[cfg(target_os = "linux")]
mod stop;
mod support;
#[cfg(unix)]
mod terminal;
