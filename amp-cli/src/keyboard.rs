//! What a person types: a line that is not shown, or lines as they come.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use std::io;

pub(crate) use self::platform::Keyboard;
use crate::context::Signals;
use crate::failure::Failure;
use crate::runtime::interruptible;

/// Asks for a line that is not shown while it is typed.
///
/// However this ends, the terminal shows what is typed again: a program that is ended at a hidden
/// prompt would otherwise leave a shell behind that seems not to react.
///
/// # Errors
/// Fails with the outer error on a signal, with the inner one when nothing can be read.
pub(crate) fn read_hidden(prompt: &str, signals: &Signals) -> Result<io::Result<String>, Failure> {
    interruptible(signals, async { Ok(hidden_line(prompt).await) })
}

/// As [`read_hidden`], beside other work; dropping it shows again what is typed.
///
/// # Errors
/// Fails when nothing can be read.
pub(crate) async fn hidden_line(prompt: &str) -> io::Result<String> {
    platform::read_hidden(prompt).await
}
