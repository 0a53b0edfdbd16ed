//! What a turn whose calls are asked about is begun with.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::approver::Approval;
use super::memory::Memory;
use crate::amp::Amp;
use crate::environment::Environment;
use crate::settings::Effective;

/// What a turn is begun with.
pub(crate) struct Beginning<'a> {
    pub(crate) approval: &'a Approval,
    pub(crate) amp: &'a Amp,
    pub(crate) settings: &'a Effective,
    /// The rules of the run, as they are written to its settings.
    pub(crate) rules: &'a Value,
    /// The private folder of the run, and the files in it.
    pub(crate) run_folder: &'a Path,
    pub(crate) files: Vec<PathBuf>,
    /// The environment of the agent, as its user has it.
    pub(crate) environment: &'a Environment,
    /// The folder that the agent works in.
    pub(crate) folder: &'a Path,
    /// Where rules are kept.
    pub(crate) memory: Memory,
    /// The settings and plugins that decide what may run.
    pub(crate) watched: Vec<PathBuf>,
    /// Reads the settings again and tells why the run would be refused now.
    pub(crate) refusal: Box<dyn Fn() -> Option<String> + Send + Sync>,
}
