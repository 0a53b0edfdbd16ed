//! A shell script in Amp's place, for what is measured.

use std::path::Path;

use fixtures::NEWEST_VERSION;

/// Returns a script that answers questions for the version, and does this otherwise.
pub(crate) fn agent_script(answer: &str) -> String {
    format!(
        "case \"$1\" in --version|version) echo '{NEWEST_VERSION} (released 2026-09-23)'; exit;; esac\n\
         {answer}"
    )
}

/// Returns a script that takes the prompt and answers it with a file.
pub(crate) fn agent_that_writes(stream: &Path) -> String {
    agent_script(&format!("cat > /dev/null; exec cat '{}'", stream.display()))
}
