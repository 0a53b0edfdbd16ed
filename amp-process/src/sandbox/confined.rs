//! What a program in a sandbox needs from its host as long as it runs.

use std::io;
use std::os::fd::OwnedFd;

use super::host_rule::HostRule;
use super::plan::Purpose;
use super::proxy::{self, Proxy};
use super::status::SandboxStatus;

/// The network of a sandbox, which is gone with this.
#[derive(Debug)]
pub(crate) struct Confined {
    status: SandboxStatus,
    _proxy: Option<Proxy>,
}

impl Confined {
    /// Begins to serve these listeners.
    pub(super) fn new(
        listeners: Vec<(OwnedFd, Purpose)>,
        rules: Vec<HostRule>,
        status: SandboxStatus,
    ) -> io::Result<Self> {
        let proxy = match listeners.is_empty() {
            true => None,
            false => Some(proxy::serve(listeners, rules, status.network.clone())?),
        };
        Ok(Self {
            status,
            _proxy: proxy,
        })
    }

    /// Returns what protects the program.
    pub(crate) fn status(&self) -> &SandboxStatus {
        &self.status
    }
}
