//! What a run says of itself, beside the agent's answer.

use std::collections::BTreeSet;
use std::io;

use amp_session::permission::Finding;
use amp_session::{
    Amp, Attempts, CheckReport, Denial, Misfit, Pause, SandboxReport, SessionConfig, SessionId,
    TurnItem,
};

use crate::arguments::GlobalArguments;
use crate::context::{Context, Output};
use crate::view::View;

/// Tells what a run is about to do, where that is asked for, and what may be a mistake.
pub(super) struct Remarks {
    verbose: bool,
    quiet: bool,
    stderr: Output,
    /// What the sandbox refused, as far as it was told of.
    told: BTreeSet<String>,
}

impl Remarks {
    pub(super) fn new(global: &GlobalArguments, context: &Context) -> Self {
        Self {
            verbose: global.verbose,
            quiet: global.quiet,
            stderr: context.stderr.clone(),
            told: BTreeSet::new(),
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
        if config.dangerously_allow_all && config.sandbox.is_none() {
            let warning = "every tool runs without asking and may do all that you may; \
                           --sandbox keeps them to this folder and the service";
            self.warn(warning, view)?;
        }
        match config.mode.as_deref().and_then(|mode| doubt(mode, amp)) {
            Some(warning) => view.remark(&warning, &mut self.stderr.clone()),
            None => Ok(()),
        }
    }

    /// Warns of rules that do not do what they seem to.
    pub(super) fn on_rules(&self, warnings: &[Finding], view: &mut View) -> io::Result<()> {
        for warning in warnings {
            let rule = warning.number.map(|number| format!("rule {number}: "));
            let text = format!("{}{}", rule.unwrap_or_default(), warning.message);
            self.warn(&text, view)?;
        }
        Ok(())
    }

    /// Says what the sandbox lacked, and what it refused.
    pub(super) fn on_sandbox(
        &self,
        report: Option<&SandboxReport>,
        view: &mut View,
    ) -> io::Result<()> {
        let Some(report) = report.filter(|_| !self.quiet) else {
            return Ok(());
        };
        let mut stderr = self.stderr.clone();
        for missing in &report.missing {
            view.remark(&format!("the sandbox lacks {missing}"), &mut stderr)?;
        }
        // What was told of when it came is told again when it came again.
        let untold = |denial: &&Denial| denial.count > 1 || !self.told.contains(&denial.target);
        for denial in report.denied.iter().filter(untold) {
            view.remark(&refusal(denial), &mut stderr)?;
        }
        for path in &report.appeared {
            let path = path.display();
            let text = format!("{path} was made in the sandbox, and counts outside it; look at it");
            view.remark(&text, &mut stderr)?;
        }
        Ok(())
    }

    /// Says what the sandbox has just refused for the first time, and what is nearly used up.
    pub(super) fn on_item(&mut self, item: &TurnItem, view: &mut View) -> io::Result<()> {
        let text = match item {
            TurnItem::Denial(denial) => {
                self.told.insert(denial.target.clone());
                refusal(denial)
            }
            TurnItem::Cap(near) => format!("{near}: an agent that wants more is stopped"),
            _ => return Ok(()),
        };
        self.warn(&text, view)
    }

    /// Says that one more turn follows an answer that does not fit.
    pub(super) fn on_misfit(&self, misfit: &Misfit, view: &mut View) -> io::Result<()> {
        let text = format!("the answer does not fit the schema, one more turn: {misfit}");
        self.warn(&text, view)
    }

    /// Says that one more turn follows a check that failed.
    pub(super) fn on_check(
        &self,
        report: &CheckReport,
        attempts: &Attempts,
        view: &mut View,
    ) -> io::Result<()> {
        let CheckReport { command, end, .. } = report;
        let (next, most) = (attempts.made() + 1, attempts.most());
        let text = format!("`{command}` failed ({end}): turn {next} of {most}");
        self.warn(&text, view)
    }

    /// Says that the run waits, and what for.
    pub(super) fn on_pause(&self, pause: &Pause, view: &mut View) -> io::Result<()> {
        self.warn(&pause.to_string(), view)
    }

    /// Says where the session is recorded.
    pub(super) fn on_record(&self, record: Option<&SessionId>, view: &mut View) -> io::Result<()> {
        match record {
            Some(id) => self.explain(&format!("recorded as {id}"), view),
            None => self.explain("not recorded", view),
        }
    }

    /// Says why the record is not whole.
    pub(super) fn on_lost_record(&self, why: Option<&str>, view: &mut View) -> io::Result<()> {
        match why {
            Some(why) => self.warn(&format!("the record is not whole: {why}"), view),
            None => Ok(()),
        }
    }

    fn warn(&self, text: &str, view: &mut View) -> io::Result<()> {
        match self.quiet {
            true => Ok(()),
            false => view.remark(text, &mut self.stderr.clone()),
        }
    }

    fn explain(&self, text: &str, view: &mut View) -> io::Result<()> {
        match self.verbose {
            true => view.remark(text, &mut self.stderr.clone()),
            false => Ok(()),
        }
    }
}

fn refusal(denial: &Denial) -> String {
    let allow = denial.allow.as_deref();
    let allow = allow.map(|option| format!("; {option} allows it"));
    format!(
        "the sandbox refused to {denial}{}",
        allow.unwrap_or_default()
    )
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
