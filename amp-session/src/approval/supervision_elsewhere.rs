//! A turn whose calls are asked about, where no system tells who asks: there is none.

use std::task::Context;

use amp_process::Process;
use amp_protocol::Decoded;

use super::beginning::Beginning;
use super::decided::Decided;
use super::helper;
use super::note::ApprovalNote;
use crate::environment::Environment;
use crate::error::Error;

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

    pub(crate) fn attach(&self, _: &Process) {
        match *self {}
    }

    pub(crate) fn poll(&mut self, _: &Context<'_>, _: &mut Process) {
        match *self {}
    }

    pub(crate) fn holds(&self) -> bool {
        match *self {}
    }

    pub(crate) fn observe(&mut self, _: &Decoded) -> bool {
        match *self {}
    }

    pub(crate) fn take_notes(&self) -> Vec<ApprovalNote> {
        match *self {}
    }

    pub(crate) fn bypass(&self) -> Option<String> {
        match *self {}
    }

    pub(crate) fn is_stopped(&self) -> bool {
        match *self {}
    }

    pub(crate) async fn settled(&self) {
        match *self {}
    }

    pub(crate) fn refused(&self) -> Vec<Decided> {
        match *self {}
    }
}
