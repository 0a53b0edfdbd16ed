//! What a program in a sandbox needs from its host as long as it runs.

use std::io;
use std::os::fd::OwnedFd;

use super::plan::Purpose;
use super::proxy::{self, Proxy};
use super::temporary::TemporaryFolder;
use crate::sandbox::host_rule::HostRule;
use crate::sandbox::status::SandboxStatus;

/// The network and the temporary files of a sandbox, which are gone with this.
#[derive(Debug)]
pub(crate) struct Confined {
    status: SandboxStatus,
    _proxy: Option<Proxy>,
    _temporary: Option<TemporaryFolder>,
}

impl Confined {
    /// Begins to serve these listeners.
    pub(super) fn new(
        listeners: Vec<(OwnedFd, Purpose)>,
        rules: Vec<HostRule>,
        status: SandboxStatus,
        temporary: Option<TemporaryFolder>,
    ) -> io::Result<Self> {
        let proxy = match listeners.is_empty() {
            true => None,
            false => Some(proxy::serve(listeners, rules, status.network.clone())?),
        };
        Ok(Self {
            status,
            _proxy: proxy,
            _temporary: temporary,
        })
    }

    /// Returns what protects the program.
    pub(crate) fn status(&self) -> &SandboxStatus {
        &self.status
    }
}
