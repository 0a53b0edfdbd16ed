//! What a check has said of a turn, in the record of the session.

use super::Session;
use crate::error::Error;
use crate::policy::CheckReport;
use crate::secrets::Secrets;

impl Session {
    /// Keeps what a check has said of the last turn, without known secrets; nothing where the session
    /// is not recorded. [`TurnRecord::check`](crate::TurnRecord::check) returns it.
    ///
    /// # Errors
    ///
    /// Fails when the record cannot be written.
    pub fn note_check(&self, report: &CheckReport) -> Result<(), Error> {
        let Some(record) = &self.record else {
            return Ok(());
        };
        let circumstances = self.circumstances();
        let key = circumstances.credentials().stored_key();
        let settings = &circumstances.written_settings;
        let environment = &circumstances.environment;
        let secrets = Secrets::of(environment, &self.config, settings, key.as_deref());
        let report = CheckReport {
            command: secrets.redact_text(&report.command),
            output: secrets.redact_text(&report.output),
            ..report.clone()
        };
        record.note_check(&report)
    }
}
