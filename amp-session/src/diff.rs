//! The difference between two texts, as a unified diff.

use similar::TextDiff;

/// Returns the lines that turn `before` into `after`, with a few around them, below the headers of a
/// file called `path`.
pub(crate) fn unified(path: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(path, path)
        .to_string()
}
