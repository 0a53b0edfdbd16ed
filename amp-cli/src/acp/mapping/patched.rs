//! What a patch has done, held against what was told of it before.

use std::path::{Path, PathBuf};

use agent_client_protocol::v1::schema::ToolCallContent;
use amp_session::path_of_address;
use amp_session::protocol::tool::{PatchResult, PatchedFile};

use super::content::{fenced_as, text};
use super::edit::Files;
use super::patch::Section;

/// Returns the files that Amp says it has changed; a file that was moved by its new name (builds of
/// 2026-05-04 and 2026-09-23).
pub(super) fn files<'result>(
    patched: &'result PatchResult,
    folder: &Path,
) -> impl Iterator<Item = (PathBuf, &'result PatchedFile)> {
    patched.files.iter().filter_map(move |file| {
        let address = file.uri.as_deref().and_then(path_of_address);
        let path = address.or_else(|| file.path.clone())?;
        Some((folder.join(path), file))
    })
}

/// Returns what is shown in place of the announced changes where other files were changed than
/// announced; `None` when they are the same, and when Amp does not say which it has changed.
pub(super) fn deviations(
    sections: &[Section<'_>],
    patched: &PatchResult,
    folder: &Path,
) -> Option<Vec<ToolCallContent>> {
    let changed: Vec<_> = files(patched, folder).collect();
    let is_one = |section: &Section<'_>, path: &Path| {
        let target = section.target(folder);
        // The folder may be named in another way, through a link.
        path.ends_with(target.strip_prefix(folder).unwrap_or(&target))
    };
    let (done, missing): (Vec<_>, Vec<_>) = sections
        .iter()
        .partition(|section| changed.iter().any(|(path, _)| is_one(section, path)));
    let is_announced = |path: &Path| sections.iter().any(|section| is_one(section, path));
    let others = changed.iter().filter(|(path, _)| !is_announced(path));
    let others: Vec<_> = others.collect();
    if changed.is_empty() || (missing.is_empty() && others.is_empty()) {
        return None;
    }
    let mut shown: Vec<_> = done
        .iter()
        .map(|section| ToolCallContent::Diff(section.diff(folder, Files::Unknown)))
        .collect();
    for section in missing {
        let path = section.target(folder);
        let what = format!("Amp does not say that it has changed `{}`.", path.display());
        shown.push(text(&what));
    }
    for (path, file) in others {
        let what = format!(
            "Amp has changed `{}`, which the patch does not name:",
            path.display()
        );
        shown.push(text(&what));
        shown.extend(file.diff.as_deref().map(|diff| fenced_as("diff", diff)));
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::acp::mapping::patch;

    const PATCH: &str = "*** Begin Patch\n*** Add File: a b.txt\n+one\n*** Update File: /w/c.txt\n\
        *** Move to: /w/d.txt\n@@\n-1\n+2\n*** End Patch";

    fn result(files: &[&str]) -> PatchResult {
        let files: Vec<_> = files
            .iter()
            .map(|file| json!({"uri": format!("file://{file}"), "type": "add", "diff": "@@ x"}))
            .collect();
        serde_json::from_value(json!({"summary": "", "files": files})).unwrap()
    }

    fn shown(files: &[&str]) -> Option<String> {
        let shown = deviations(&patch::sections(PATCH), &result(files), Path::new("/w"));
        shown.map(|shown| format!("{shown:?}"))
    }

    #[test]
    fn what_was_announced_stands_when_the_same_files_were_changed() {
        assert_eq!(shown(&["/w/a%20b.txt", "/w/d.txt"]), None);
        assert_eq!(shown(&["/real/w/d.txt", "/real/w/a%20b.txt"]), None);
        assert_eq!(shown(&[]), None, "nothing is known");
    }

    #[test]
    fn other_files_than_were_announced_are_told_of() {
        let missing = shown(&["/w/d.txt"]).unwrap();
        assert!(
            missing.contains("does not say that it has changed `/w/a b.txt`"),
            "{missing}"
        );
        assert!(missing.contains("Diff"), "{missing}");
        let more = shown(&["/w/a%20b.txt", "/w/d.txt", "/etc/x"]).unwrap();
        assert!(
            more.contains("has changed `/etc/x`") && more.contains("@@ x"),
            "{more}"
        );
    }
}
