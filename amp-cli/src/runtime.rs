//! The async runtime of a command.

use std::future::Future;

use crate::failure::Failure;

/// Runs a future to its end on this thread.
///
/// # Errors
/// Fails when the operating system refuses what a runtime needs.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}
