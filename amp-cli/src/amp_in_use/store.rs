//! The store of installed versions, where the environment says it is.

use amp_bootstrap::{ErrorKind, Store};

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Opens the store of installed versions.
///
/// # Errors
/// Fails when there is no folder to keep it in.
pub(crate) fn store(context: &Context) -> Result<Store, Failure> {
    Store::from_environment(&context.environment).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => Failure::new(
            ExitCode::Usage,
            "there is no folder to keep installed versions in",
        )
        .caused_by(&error)
        .next(
            "export AMPCTL_CACHE_DIR=DIR",
            "names one, by its whole path",
        ),
        _ => error.into(),
    })
}
