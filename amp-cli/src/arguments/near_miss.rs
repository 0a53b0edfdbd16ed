//! Words that users of other programs type, and the command that they mean.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Commands of other programs, and ours.
const ELSEWHERE: [(&str, &str); 9] = [
    ("exec", "ampctl run \"…\""),
    ("ask", "ampctl run \"…\""),
    ("prompt", "ampctl run \"…\""),
    ("resume", "ampctl continue \"…\""),
    ("last", "ampctl continue \"…\""),
    ("update", "ampctl install"),
    ("upgrade", "ampctl install"),
    ("remove", "ampctl uninstall VERSION"),
    ("logout", "ampctl credentials clear"),
];

/// Returns the command that was probably meant by a word that is none.
pub(crate) fn meant(error: &clap::Error, arguments: &[std::ffi::OsString]) -> Option<String> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    // A word behind a command is a matter of that command.
    let first = arguments.get(1)?.to_str()?;
    if first != word {
        return None;
    }
    let known = ELSEWHERE.iter().find(|(elsewhere, _)| elsewhere == word);
    if let Some((_, command)) = known {
        return Some((*command).to_owned());
    }
    // What is near one of our own commands has a suggestion already.
    let is_near = error.get(ContextKind::SuggestedSubcommand).is_some();
    (!is_near).then(|| format!("ampctl run '{}'", word.replace('\'', r"'\''")))
}
