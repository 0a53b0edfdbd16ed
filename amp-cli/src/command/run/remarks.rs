//! What a run says of itself, beside the agent's answer.

use std::io;

use amp_session::{Amp, RecordId, SessionConfig};

use crate::arguments::GlobalArguments;
use crate::context::{Context, Output};
use crate::view::View;

/// Tells what a run is about to do, where that is asked for, and what may be a mistake.
pub(super) struct Remarks {
    verbose: bool,
    stderr: Output,
}

impl Remarks {
    pub(super) fn new(global: &GlobalArguments, context: &Context) -> Self {
        Self {
            verbose: global.verbose,
            stderr: context.stderr.clone(),
        }
    }

    /// Says which Amp runs, and where; and warns of a mode that it may not have.
    pub(super) fn on_amp(
        &self,
        amp: &Amp,
        config: &SessionConfig,
        view: &mut View,
    ) -> io::Result<()> {
        let program = amp.executable().display();
        self.explain(&format!("Amp {} at {program}", amp.version()), view)?;
        if let Some(folder) = &config.working_directory {
            self.explain(&format!("in {}", folder.display()), view)?;
        }
        match config.mode.as_deref().and_then(|mode| doubt(mode, amp)) {
            Some(warning) => view.remark(&warning, &mut self.stderr.clone()),
            None => Ok(()),
        }
    }

    /// Says where the session is recorded.
    pub(super) fn on_record(&self, record: Option<&RecordId>, view: &mut View) -> io::Result<()> {
        match record {
            Some(id) => self.explain(&format!("recorded as {id}"), view),
            None => self.explain("not recorded", view),
        }
    }

    fn explain(&self, text: &str, view: &mut View) -> io::Result<()> {
        match self.verbose {
            true => view.remark(text, &mut self.stderr.clone()),
            false => Ok(()),
        }
    }
}

/// Returns why a mode may not be what was meant.
fn doubt(mode: &str, amp: &Amp) -> Option<String> {
    let modes = amp.dialect().modes();
    if modes.is_empty() || amp.dialect().knows_mode(mode) {
        return None;
    }
    let known: Vec<&str> = modes.iter().map(|mode| mode.key.as_ref()).collect();
    Some(format!(
        "Amp takes mode {mode:?} and does not say whether it has one of that name; it has {}",
        known.join(", ")
    ))
}
