//! What goes beside the archives: their sums, the notes and the installer.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::workspace_root;

/// The sums of everything.
pub(super) const SUMS: &str = "SHA256SUMS";

/// The installer, before the sums are put into it.
const INSTALLER: &str = include_str!("install.sh");

/// Writes sums, notes and installer for what is in a folder.
pub(super) fn write(out: &Path, version: &str, base_url: &str) -> Result<()> {
    let mut sums = String::new();
    for name in names(out)? {
        if [SUMS, "install.sh", "NOTES.md"].contains(&name.as_str()) {
            continue;
        }
        let digest = Sha256::digest(fs::read(out.join(&name))?);
        let hexadecimal: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        sums.push_str(&format!("{hexadecimal}  {name}\n"));
    }
    ensure!(!sums.is_empty(), "there is nothing in {}", out.display());
    fs::write(out.join(SUMS), &sums)?;
    let installer = installer(version, base_url, &sums)?;
    fs::write(out.join("install.sh"), installer)?;
    let changelog = fs::read_to_string(workspace_root().join("CHANGELOG.md"))?;
    fs::write(out.join("NOTES.md"), notes_of(&changelog, version)?)?;
    Ok(())
}

/// Returns the names of the files in a folder, in their order.
pub(super) fn names(out: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(out)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Returns the installer of a version, with the sums of its archives in it.
///
/// # Errors
/// When the address is not encrypted.
pub fn installer(version: &str, base_url: &str, sums: &str) -> Result<String> {
    ensure!(
        base_url.starts_with("https://") && !base_url.contains(['\'', '"', '\\', '$', '`', '\n']),
        "{base_url:?} is no https address"
    );
    let archives: Vec<&str> = sums
        .lines()
        .filter(|line| line.ends_with(".tar.gz"))
        .collect();
    Ok(INSTALLER
        .replace("@VERSION@", version)
        .replace("@BASE_URL@", base_url.trim_end_matches('/'))
        .replace("@SUMS@", &archives.join("\n")))
}

/// Returns what the changelog says of a version, or of what is not released yet.
///
/// # Errors
/// When it says nothing.
pub fn notes_of(changelog: &str, version: &str) -> Result<String> {
    let section_of = |name: &str| {
        let heading = format!("[{name}]");
        let mut sections = changelog.split("\n## ").skip(1);
        sections.find(|section| section.starts_with(&heading))
    };
    let section = section_of(version).or_else(|| section_of("Unreleased"));
    let section = section.with_context(|| format!("the changelog has nothing on {version}"))?;
    let (_, notes) = section.split_once('\n').unwrap_or_default();
    Ok(format!("{}\n", notes.trim()))
}
