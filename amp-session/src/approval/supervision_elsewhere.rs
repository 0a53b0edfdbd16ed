//! A turn whose calls are asked about, where no system tells who asks: there is none.

use std::path::{Path, PathBuf};
use std::task::Context;

use amp_process::Process;
use amp_protocol::Decoded;
use serde_json::Value;

use super::approver::Approval;
use super::decisions::Decided;
use super::helper;
use crate::amp::Amp;
use crate::environment::Environment;
use crate::error::Error;
use crate::settings::Effective;

/// What a turn would be begun with.
#[expect(dead_code, reason = "every run is refused before")]
pub(crate) struct Beginning<'a> {
    pub(crate) approval: &'a Approval,
    pub(crate) amp: &'a Amp,
    pub(crate) settings: &'a Effective,
    pub(crate) rules: &'a Value,
    pub(crate) run_folder: &'a Path,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) folder: &'a Path,
    pub(crate) watched: Vec<PathBuf>,
    pub(crate) refusal: Box<dyn Fn() -> Option<String> + Send + Sync>,
}

/// The questions of a turn, of which there never are any.
#[derive(Debug)]
pub(crate) enum Supervision {}

impl Supervision {
    pub(crate) fn begin(beginning: Beginning<'_>) -> Result<Self, Error> {
        let refusal = helper::program(beginning.approval).err();
        Err(refusal.unwrap_or_else(|| Error::NoApproval {
            reason: "only Linux tells a host who asks on its socket".to_owned(),
        }))
    }

    pub(crate) fn variables(&self) -> &Environment {
        match *self {}
    }

    pub(crate) fn attach(&self, _: u32) {
        match *self {}
    }

    pub(crate) fn poll(&mut self, _: &Context<'_>, _: &mut Process) {
        match *self {}
    }

    pub(crate) fn observe(&mut self, _: &Decoded) -> bool {
        match *self {}
    }

    pub(crate) fn take_notes(&self) -> Vec<Value> {
        match *self {}
    }

    pub(crate) fn bypass(&self) -> Option<String> {
        match *self {}
    }

    pub(crate) fn refused(&self) -> Vec<Decided> {
        match *self {}
    }
}
