//! What protects a program, and what its network has decided.

use super::decision::NetworkLog;
use super::layer::LayerStatus;

/// What protects a program that runs in a sandbox, and what its network has decided.
#[derive(Debug, Clone)]
pub struct SandboxStatus {
    pub(super) layers: Vec<LayerStatus>,
    pub(super) network: NetworkLog,
}

impl SandboxStatus {
    /// Returns the layers of protection that the policy needs, and those that are there beside.
    #[must_use]
    pub fn layers(&self) -> &[LayerStatus] {
        &self.layers
    }

    /// Returns what the network has decided; the value stays good when the process is gone.
    #[must_use]
    pub fn network(&self) -> &NetworkLog {
        &self.network
    }
}
