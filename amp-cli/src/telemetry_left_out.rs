//! Stands for `telemetry` in an `ampctl` that was built without it: nobody is told of anything.

use crate::context::Context;
use crate::events::event::Event;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Tells nobody.
#[derive(Debug)]
pub(crate) enum Telemetry {}

#[expect(clippy::unnecessary_wraps, reason = "the other one may fail")]
impl Telemetry {
    pub(crate) fn new(_: &Context) -> Result<Option<Self>, Failure> {
        Ok(None)
    }

    pub(crate) fn tell(&mut self, _: &Event<'_>) {
        match *self {}
    }

    pub(crate) fn finish(self, _: ExitCode) -> Option<String> {
        match self {}
    }
}
