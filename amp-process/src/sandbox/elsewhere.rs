//! Systems without a backend: a sandbox is refused.

use super::layer::{Absence, LayerStatus};
use crate::error::Error;
use crate::spec::ProcessSpec;

impl ProcessSpec {
    /// Finds out what would enforce the sandbox of this program, without starting it; nothing when
    /// it has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SandboxRefused`](crate::ErrorKind::SandboxRefused) when a rule of the policy
    /// cannot be kept, or where there is no backend at all. That a layer is missing is no error:
    /// the layers tell.
    #[expect(clippy::unused_async, reason = "it waits where there is a sandbox")]
    pub async fn probe_sandbox(&self) -> Result<Vec<LayerStatus>, Error> {
        match &self.sandbox {
            None => Ok(Vec::new()),
            Some(_) => Err(unsupported()),
        }
    }
}

/// Says that there is no backend here.
pub(crate) fn unsupported() -> Error {
    Error::sandbox(Absence::Platform.to_string(), Vec::new())
}
