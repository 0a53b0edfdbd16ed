//! The files of an `apply_patch` call, and what it would change in each of them.

use std::path::{Path, PathBuf};

use agent_client_protocol::v1::schema::{Diff, ToolKind};
use amp_session::protocol::tool::{FilePatch, PatchedAs, file_patches};

use super::edit::{Before, Files};

/// What a patch does to one file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section<'patch> {
    change: PatchedAs,
    /// The file, as the patch names it.
    pub(super) path: &'patch str,
    /// Where the file goes.
    moved_to: Option<&'patch str>,
    hunks: Vec<Hunk>,
}

/// Lines that are replaced by others.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hunk {
    old: String,
    new: String,
}

/// Reads a patch in the form that the model writes it in.
pub(super) fn sections(patch: &str) -> Vec<Section<'_>> {
    file_patches(patch).into_iter().map(section).collect()
}

fn section(file: FilePatch<'_>) -> Section<'_> {
    let mut hunks = Vec::new();
    for line in file.lines {
        take(line, &mut hunks);
    }
    Section {
        change: file.change,
        path: file.path,
        moved_to: file.moved_to,
        hunks,
    }
}

/// Returns the kind of a whole patch: deletions or moves alone are told from edits.
pub(super) fn kind(sections: &[Section<'_>]) -> ToolKind {
    let all = |is: fn(&Section<'_>) -> bool| !sections.is_empty() && sections.iter().all(is);
    if all(|section| section.change == PatchedAs::Deleted) {
        ToolKind::Delete
    } else if all(|section| section.moved_to.is_some() && section.hunks.is_empty()) {
        ToolKind::Move
    } else {
        ToolKind::Edit
    }
}

/// Adds a line to the hunk that it belongs to.
fn take(line: &str, hunks: &mut Vec<Hunk>) {
    if line.starts_with("@@") || hunks.is_empty() {
        hunks.push(Hunk::default());
    }
    let Some(hunk) = hunks.last_mut().filter(|_| !line.starts_with("@@")) else {
        return;
    };
    let (mark, text) = match line.chars().next() {
        Some(mark @ ('+' | '-' | ' ')) => (mark, &line[1..]),
        // An empty line of the file may have lost its space.
        _ => (' ', line),
    };
    for (is_there, side) in [(mark != '+', &mut hunk.old), (mark != '-', &mut hunk.new)] {
        if is_there {
            side.push_str(text);
            side.push('\n');
        }
    }
}

impl Section<'_> {
    /// Returns where the file is when the patch was applied.
    pub(super) fn target(&self, folder: &Path) -> PathBuf {
        folder.join(self.moved_to.unwrap_or(self.path))
    }

    /// Returns what changes: in the whole file where that is at hand, else the lines of the patch.
    pub(super) fn diff(&self, folder: &Path, files: Files) -> Diff {
        let target = self.target(folder);
        let old = || {
            self.hunks
                .iter()
                .map(|hunk| hunk.old.as_str())
                .collect::<String>()
        };
        let new = || {
            self.hunks
                .iter()
                .map(|hunk| hunk.new.as_str())
                .collect::<String>()
        };
        if self.change == PatchedAs::Added {
            return Diff::new(target, new());
        }
        let before = match files.read(&folder.join(self.path)) {
            Before::Text(before) => Some(before),
            Before::Missing | Before::Unknown => None,
        };
        match (before, self.change) {
            (before, PatchedAs::Deleted) => {
                Diff::new(target, "").old_text(before.unwrap_or_default())
            }
            (Some(before), _) => match self.applied_to(&before) {
                Some(after) => Diff::new(target, after).old_text(before),
                None => Diff::new(target, new()).old_text(old()),
            },
            (None, _) => Diff::new(target, new()).old_text(old()),
        }
    }

    /// Returns a file after the patch; `None` when a hunk fits nowhere.
    fn applied_to(&self, before: &str) -> Option<String> {
        let (mut after, mut rest) = (String::new(), before);
        for hunk in &self.hunks {
            if hunk.old.is_empty() {
                after.push_str(rest);
                after.push_str(&hunk.new);
                rest = "";
                continue;
            }
            let at_line_start = |(place, _): &(usize, &str)| {
                *place == 0 || rest.as_bytes().get(place - 1) == Some(&b'\n')
            };
            let (place, _) = rest.match_indices(&hunk.old).find(at_line_start)?;
            after.push_str(&rest[..place]);
            after.push_str(&hunk.new);
            rest = &rest[place + hunk.old.len()..];
        }
        after.push_str(rest);
        Some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "*** Begin Patch\n*** Add File: new.txt\n+one\n*** Update File: a.txt\n\
        *** Move to: b.txt\n@@ fn x\n one\n-two\n+2\n@@\n-four\n*** Delete File: old.txt\n*** End Patch\n";

    #[test]
    fn every_file_of_a_patch_has_its_diff_before_it_is_applied() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "zero\none\ntwo\nthree\nfour\n").unwrap();
        std::fs::write(folder.path().join("old.txt"), "gone\n").unwrap();
        let sections = sections(PATCH);
        let diffs = sections
            .iter()
            .map(|section| section.diff(folder.path(), Files::AsTheyAre));
        let shown: Vec<_> = diffs
            .map(|diff| {
                let name = diff.path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, diff.old_text, diff.new_text)
            })
            .collect();
        let own = str::to_owned;
        assert_eq!(
            shown,
            [
                (own("new.txt"), None, own("one\n")),
                (
                    own("b.txt"),
                    Some(own("zero\none\ntwo\nthree\nfour\n")),
                    own("zero\none\n2\nthree\n")
                ),
                (own("old.txt"), Some(own("gone\n")), own("")),
            ]
        );
    }

    #[test]
    fn a_hunk_that_fits_nowhere_is_shown_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "other\n").unwrap();
        let patch = "*** Update File: a.txt\n@@\n-two\n+2\n";
        let diff = sections(patch)[0].diff(folder.path(), Files::AsTheyAre);
        assert_eq!(
            (diff.old_text.as_deref(), diff.new_text.as_str()),
            (Some("two\n"), "2\n")
        );
    }

    #[test]
    fn deletions_and_moves_are_told_from_edits() {
        assert_eq!(
            kind(&sections("*** Delete File: a\n*** Delete File: b")),
            ToolKind::Delete
        );
        assert_eq!(
            kind(&sections("*** Update File: a\n*** Move to: b\n")),
            ToolKind::Move
        );
        assert_eq!(kind(&sections(PATCH)), ToolKind::Edit);
        assert_eq!(kind(&sections("")), ToolKind::Edit);
    }
}
