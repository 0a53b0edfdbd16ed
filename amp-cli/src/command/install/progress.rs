//! An installation as a person sees it.

use std::cell::RefCell;
use std::io::Write;

use amp_bootstrap::{Event, Progress, Warning};

use crate::context::Output;
use crate::screen::Screen;
use crate::style::Style;
use crate::text::elapsed;

/// Says what the user should know about a successful installation.
pub(super) fn warning_in_words(warning: &Warning) -> String {
    match warning {
        Warning::NewestUnknown { reason } => {
            format!("nobody could say which version is the newest ({reason})")
        }
        Warning::Replaced { reason } => {
            format!("what was in the store had been changed ({reason}) and was replaced")
        }
        Warning::FellBack { from, reason } => format!("{from} did not answer ({reason})"),
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
    screen: RefCell<Screen>,
}

impl InstallView {
    pub(super) fn new(output: Output, animate: bool, style: Style, quiet: bool) -> Self {
        let screen = RefCell::new(Screen::with_status(output.clone(), animate));
        Self {
            output,
            animate,
            style,
            quiet,
            screen,
        }
    }

    /// Removes everything that moves.
    pub(super) fn finish(&self) {
        self.screen.borrow().clear();
    }

    fn doing(&self, text: String) {
        let screen = self.screen.borrow();
        screen.set_message(text);
        screen.tick();
    }

    fn warn(&self, text: &str) {
        if self.quiet {
            return;
        }
        let line = format!("{} {text}\n", self.style.warning("!"));
        // An installation goes on when nobody listens.
        let _ = self.screen.borrow_mut().print(&line);
    }

    fn replace(&self, screen: Screen) {
        self.screen.replace(screen).clear();
    }
}

impl Progress for InstallView {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Resolving { publisher } => self.doing(format!("asking {publisher}")),
            Event::WaitingForLock { .. } => {
                self.doing("waiting for another installation to finish".to_owned());
            }
            Event::Downloading {
                version,
                total,
                resumed_from,
                ..
            } => {
                let screen = Screen::with_download(self.output.clone(), self.animate, *total);
                screen.set_message(format!("Amp {version}"));
                screen.set_position(*resumed_from);
                self.replace(screen);
            }
            Event::Advanced { received } => self.screen.borrow().set_position(*received),
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
                let screen = Screen::with_status(self.output.clone(), self.animate);
                screen.set_message("verified; putting it in place".to_owned());
                self.replace(screen);
            }
            _ => {}
        }
        let _ = self.output.clone().flush();
    }
}
