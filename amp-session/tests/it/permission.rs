//! Permission rules: judged as the real CLIs judge them.

mod answers;
#[cfg(unix)]
mod builtin;
mod lint;
mod odd_rules;
mod promises;
