//! Known secrets, and how they are kept out of everything that is stored or shown.

mod collect;
mod escapes;
mod redactor;
mod sharing;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub(crate) use redactor::Cut;
pub use sharing::{Redaction, TakenOut};

use redactor::Redactor;

/// The secrets that a turn knows of; they are never shown.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    redactor: Option<Arc<Redactor>>,
}

impl Secrets {
    fn new(values: Vec<String>) -> Self {
        let redactor = (!values.is_empty()).then(|| Arc::new(Redactor::new(values)));
        Self { redactor }
    }

    /// Returns a text without the secrets.
    pub(crate) fn redact_text(&self, text: &str) -> String {
        self.redact_cut_text(text, Cut::Nowhere)
    }

    /// Returns a text without the secrets and without what a cut has left of one.
    pub(crate) fn redact_cut_text(&self, text: &str, cut: Cut) -> String {
        match self.redact_bytes(text.as_bytes(), cut) {
            Some(redacted) => String::from_utf8_lossy(&redacted).into_owned(),
            None => text.to_owned(),
        }
    }

    /// Returns bytes without the secrets and without what a cut has left of one; `None` when there
    /// is nothing to replace.
    pub(crate) fn redact_bytes(&self, bytes: &[u8], cut: Cut) -> Option<Vec<u8>> {
        self.redactor.as_ref()?.redact(bytes, cut)
    }

    /// Returns bytes without the secrets, the same ones when there is nothing to replace.
    pub(crate) fn redacted<'a>(&self, bytes: &'a [u8], cut: Cut) -> Cow<'a, [u8]> {
        self.redact_bytes(bytes, cut)
            .map_or(Cow::Borrowed(bytes), Cow::Owned)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.redactor.as_ref().map_or(0, |known| known.count());
        write!(formatter, "Secrets({count})")
    }
}

#[cfg(test)]
mod tests;
