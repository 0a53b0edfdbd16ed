//! What may be passed on to Amp beside permission rules.
//!
//! A list of what is harmless, for what is not on it may undo the rules: an allow-all does, another
//! place for the tools does, and what an option of a later build does is not known.

use std::ffi::{OsStr, OsString};

/// Options that leave tools and rules alone, and whether each takes a value.
const HARMLESS: [(&str, bool); 18] = [
    ("--mode", true),
    ("-m", true),
    ("--model", true),
    ("--effort", true),
    ("--fast", false),
    ("--system-prompt", true),
    ("--title", true),
    ("--label", true),
    ("-l", true),
    ("--visibility", true),
    ("--archive", false),
    ("--no-archive-after-execute", false),
    ("--log-level", true),
    ("--log-file", true),
    ("--color", false),
    ("--no-color", false),
    ("--no-ide", false),
    ("--no-notifications", false),
];

/// Returns the first argument that is not known to be harmless.
pub(super) fn first_doubtful(arguments: &[OsString]) -> Option<&OsStr> {
    let mut value_follows = false;
    arguments.iter().map(OsString::as_os_str).find(|argument| {
        let Some(text) = argument.to_str() else {
            return true;
        };
        if std::mem::take(&mut value_follows) && !text.starts_with('-') {
            return false;
        }
        let (flag, value) = match text.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (text, None),
        };
        match HARMLESS.iter().find(|(harmless, _)| *harmless == flag) {
            Some((_, takes_value)) => {
                value_follows = *takes_value && value.is_none();
                !takes_value && value.is_some()
            }
            None => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubtful(arguments: &[&str]) -> Option<String> {
        let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
        first_doubtful(&arguments).map(|argument| argument.to_string_lossy().into_owned())
    }

    #[test]
    fn only_what_is_known_to_be_harmless_goes_beside_rules() {
        for harmless in [
            &[][..],
            &["--log-level", "debug", "--no-ide"],
            &["--log-file=/tmp/log", "-m", "smart"],
        ] {
            assert_eq!(doubtful(harmless), None, "{harmless:?}");
        }
        for (arguments, doubt) in [
            (&["--dangerously-allow-all"][..], "--dangerously-allow-all"),
            (
                &["--log-level", "--executor=runner:x"],
                "--executor=runner:x",
            ),
            (&["--no-ide", "word"], "word"),
            (&["--no-ide=x"], "--no-ide=x"),
            (&["--of-a-later-build"], "--of-a-later-build"),
            (&["--title", "a", "b"], "b"),
        ] {
            assert_eq!(doubtful(arguments).as_deref(), Some(doubt), "{arguments:?}");
        }
    }
}
