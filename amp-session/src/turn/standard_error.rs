//! What a turn tells of standard error.

use amp_process::{StderrLines, StderrText};

use crate::plain_text::without_escapes;
use crate::secrets::{Cut, Secrets};

/// Returns head and tail of standard error without secrets, nor what the gap has left of one, and
/// without terminal escapes.
pub(super) fn text(stderr: &StderrText, secrets: &Secrets) -> String {
    let text = |bytes: &[u8], cut| plain(bytes, cut, secrets);
    let omitted = stderr.omitted_bytes();
    if omitted == 0 {
        return text(&[stderr.head(), &stderr.tail()].concat(), Cut::Nowhere);
    }
    let head = text(stderr.head(), Cut::End);
    let tail = text(&stderr.tail(), Cut::Start);
    format!("{head}\n[{omitted} bytes omitted]\n{tail}")
}

/// Returns a line of standard error in the same way.
pub(super) fn line(line: &[u8], secrets: &Secrets) -> String {
    let cut = match line.len() < StderrLines::LONGEST {
        true => Cut::Nowhere,
        false => Cut::End,
    };
    plain(line, cut, secrets)
}

fn plain(bytes: &[u8], cut: Cut, secrets: &Secrets) -> String {
    let redacted = secrets.redacted(bytes, cut);
    // Colours may have stood in the middle of a secret.
    secrets.redact_text(&without_escapes(&String::from_utf8_lossy(&redacted)))
}
