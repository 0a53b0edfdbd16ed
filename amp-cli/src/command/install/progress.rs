//! An installation as a person sees it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use amp_bootstrap::{Event, Progress, Warning};

use crate::context::Output;
use crate::screen::{Download, Screen};
use crate::style::Style;
use crate::text::elapsed;

/// Says what the user should know about a successful installation.
pub(crate) fn warning_in_words(warning: &Warning) -> String {
    match warning {
        Warning::NewestUnknown { reason } => {
            format!("no source could say which version is the newest ({reason})")
        }
        Warning::Replaced { reason } => {
            format!("what was in the store had been changed ({reason}) and was replaced")
        }
        Warning::FellBack { from, reason } => format!("{from} did not answer ({reason})"),
        Warning::NotEncrypted { source } => {
            format!("{source} was asked over plain HTTP: anybody between could have changed it")
        }
        Warning::SignatureNotChecked { source } => {
            format!(
                "{source} signs what it has and lists no keys, so its signature was not checked"
            )
        }
        Warning::ProvenanceNotServed { source } => format!(
            "{source} does not have the proof of how this was built that it names, or has of later \
             versions, so nothing was checked"
        ),
        Warning::MovedBack { from, to } => format!(
            "{from} was the newest and has been taken back; {to} is the newest now, and what runs \
             use unless you choose another"
        ),
        Warning::NotCrossChecked { reason } => {
            format!("the second publisher did not answer ({reason}), so nothing was compared")
        }
        _ => "something about the installation is unusual".to_owned(),
    }
}

/// Shows what an installation does: a spinner while it asks, a bar while it downloads, and a lasting
/// line for everything that did not go as planned.
pub(super) struct InstallView {
    output: Output,
    animate: bool,
    style: Style,
    quiet: bool,
    /// How far the download was when it began.
    resumed_from: AtomicU64,
    /// Gone when the installation is over, or given up.
    screen: Mutex<Option<Screen>>,
}

impl InstallView {
    pub(super) fn new(output: Output, animate: bool, style: Style, quiet: bool) -> Self {
        let screen = Mutex::new(Some(Screen::with_status(output.clone(), animate)));
        Self {
            output,
            animate,
            style,
            quiet,
            resumed_from: AtomicU64::new(0),
            screen,
        }
    }

    /// Removes everything that moves; nothing is shown from now on.
    pub(super) fn finish(&self) {
        *self.screen() = None;
    }

    fn screen(&self) -> MutexGuard<'_, Option<Screen>> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doing(&self, text: &str) {
        if let Some(screen) = &*self.screen() {
            screen.set_message(text.into());
            screen.move_by_itself();
        }
    }

    fn warn(&self, text: &str) {
        if self.quiet {
            return;
        }
        if let Some(screen) = &mut *self.screen() {
            let line = format!("{} {text}\n", self.style.warning("!"));
            // An installation goes on when its progress cannot be written.
            let _ = screen.print(&line);
        }
    }

    /// Puts a screen in the place of the one before, unless there is none any more.
    fn replace(&self, screen: impl FnOnce(Output) -> Screen) {
        let mut current = self.screen();
        // Its line must be gone before another one is drawn in its place.
        if current.take().is_some() {
            *current = Some(screen(self.output.clone()));
        }
    }
}

impl Progress for InstallView {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Resolving { publisher } => self.doing(&format!("asking {publisher}")),
            Event::WaitingForLock { .. } => self.doing("waiting for another installation"),
            Event::Downloading {
                version,
                total,
                resumed_from,
                ..
            } => {
                let download = Download {
                    name: format!("Amp {version}"),
                    total: *total,
                    resumed_from: *resumed_from,
                };
                self.resumed_from.store(*resumed_from, Relaxed);
                self.replace(|output| Screen::with_download(output, self.animate, download));
            }
            Event::Advanced { received } => {
                let new = received.saturating_sub(self.resumed_from.load(Relaxed));
                if let Some(screen) = &*self.screen() {
                    screen.set_position(new);
                }
            }
            Event::Retrying {
                failures,
                pause,
                error,
            } => {
                self.warn(&format!(
                    "attempt {failures} failed: {error}; next in {}",
                    elapsed(*pause)
                ));
            }
            Event::FallingBack { from, to, error } => {
                self.warn(&format!("{from} cannot be reached ({error}); trying {to}"));
            }
            // The warnings are told when the installation is over.
            Event::Verified { .. } => {
                self.replace(|output| Screen::with_status(output, self.animate));
                self.doing("verified; putting it in place");
            }
            _ => {}
        }
    }
}
