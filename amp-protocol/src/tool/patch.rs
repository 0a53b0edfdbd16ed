//! A patch in the form that the model writes it in, from `*** Begin Patch` to `*** End Patch`.

/// What a patch does to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilePatch<'patch> {
    /// What is done to the file.
    pub change: PatchedAs,
    /// The file, as the patch names it.
    pub path: &'patch str,
    /// Where the file goes.
    pub moved_to: Option<&'patch str>,
    /// The lines of its hunks, with their marks.
    pub lines: Vec<&'patch str>,
}

/// What a patch does to a file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchedAs {
    /// The file is new.
    Added,
    /// Lines of it change.
    Updated,
    /// The file goes.
    Deleted,
}

/// Returns what a patch does, file by file.
#[must_use]
pub fn file_patches(patch: &str) -> Vec<FilePatch<'_>> {
    let mut files: Vec<FilePatch<'_>> = Vec::new();
    for line in patch.lines() {
        let Some(header) = line.strip_prefix("*** ") else {
            if let Some(file) = files.last_mut() {
                file.lines.push(line);
            }
            continue;
        };
        let (what, path) = header.split_once(": ").unwrap_or((header, ""));
        let change = match (what, files.last_mut()) {
            ("Add File", _) => PatchedAs::Added,
            ("Update File", _) => PatchedAs::Updated,
            ("Delete File", _) => PatchedAs::Deleted,
            ("Move to", Some(file)) => {
                file.moved_to = Some(path.trim());
                continue;
            }
            _ => continue,
        };
        files.push(FilePatch {
            change,
            path: path.trim(),
            moved_to: None,
            lines: Vec::new(),
        });
    }
    files
}
