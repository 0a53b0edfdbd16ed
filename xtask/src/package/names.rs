//! The names that crates would be published under, given to them in an export.
//!
//! `amp-protocol` is somebody else's in the registry, and cargo builds a package with what the
//! registry has under the names it depends on: ours can be built as packages under names of their
//! own alone. Folders and libraries keep theirs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The crates that would be published, each after those that it needs: its name here, which is its
/// folder's too, and the one in a registry.
pub(super) const ORDER: [(&str, &str); 5] = [
    ("amp-protocol", "ampctl-protocol"),
    ("amp-process", "ampctl-process"),
    ("amp-bootstrap", "ampctl-bootstrap"),
    ("amp-session", "ampctl-session"),
    ("amp-cli", "ampctl"),
];

/// Changes the manifests of an export: the crates get the names that they would be published
/// under, and may be published; the rest of the workspace may not.
///
/// # Errors
/// When a manifest is not what this knows how to change.
pub(super) fn prepare(source: &Path) -> Result<()> {
    change(&source.join("Cargo.toml"), |text| {
        let mut text = replace(text, "\npublish = false\n", "\npublish = true\n")?;
        for (name, published) in ORDER {
            let path = format!("\n{name} = {{ path = \"{name}\"");
            let renamed = format!("{path}, package = \"{published}\"");
            text = replace(&text, &path, &renamed)?;
            // Profiles name the crates that are built for speed.
            let profile = (
                format!("\n{name}.opt-level"),
                format!("\n{published}.opt-level"),
            );
            text = text.replace(&profile.0, &profile.1);
        }
        Ok(text)
    })?;
    for (name, published) in ORDER {
        change(&source.join(name).join("Cargo.toml"), |text| {
            let (old, new) = (
                format!("\nname = \"{name}\"\n"),
                format!("\nname = \"{published}\"\n"),
            );
            let text = replace(text, &old, &new)?;
            ensure!(!text.contains("\n[lib]"), "it has a [lib] of its own");
            // A crate's own tests see it with features that are left out by default.
            let own = format!("\n{name} = {{ path = \".\"");
            let text = text.replace(&own, &format!("{own}, package = \"{published}\""));
            let library = name.replace('-', "_");
            Ok(format!("{text}\n[lib]\nname = \"{library}\"\n"))
        })?;
    }
    for upkeep in ["fixtures", "xtask"] {
        change(&source.join(upkeep).join("Cargo.toml"), |text| {
            replace(text, "publish.workspace = true", "publish = false")
        })?;
    }
    Ok(())
}

fn change(manifest: &Path, new: impl Fn(&str) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(manifest);
    let text = text.with_context(|| manifest.display().to_string())?;
    let text = new(&text).with_context(|| manifest.display().to_string())?;
    Ok(fs::write(manifest, text)?)
}

/// Replaces what has to be there once.
fn replace(text: &str, old: &str, new: &str) -> Result<String> {
    let count = text.matches(old).count();
    ensure!(count == 1, "{:?} is in it {count} times", old.trim());
    Ok(text.replace(old, new))
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::*;
    use crate::workspace_root;

    fn manifest(folder: &Path) -> Table {
        let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        text.parse().expect("TOML")
    }

    #[test]
    fn the_manifests_of_this_workspace_get_the_names_of_the_registry() {
        let source = tempfile::tempdir().expect("a folder");
        let folders = ORDER.iter().map(|(name, _)| *name);
        for folder in folders.chain(["fixtures", "xtask", ""]) {
            let copy = source.path().join(folder);
            fs::create_dir_all(&copy).expect("a folder");
            let original = workspace_root().join(folder).join("Cargo.toml");
            fs::copy(original, copy.join("Cargo.toml")).expect("a manifest");
        }
        prepare(source.path()).expect("manifests that are known");

        let workspace = manifest(source.path());
        assert_eq!(
            workspace["workspace"]["package"]["publish"].as_bool(),
            Some(true)
        );
        for (name, published) in ORDER {
            let dependency = &workspace["workspace"]["dependencies"][name];
            assert_eq!(dependency["package"].as_str(), Some(published));
            let member = manifest(&source.path().join(name));
            assert_eq!(member["package"]["name"].as_str(), Some(published));
            let library = name.replace('-', "_");
            assert_eq!(member["lib"]["name"].as_str(), Some(library.as_str()));
        }
        let profiles = workspace["profile"]["release"]["package"].as_table();
        for name in profiles.expect("profiles of packages").keys() {
            assert!(!name.starts_with("amp-"), "{name} is no package any more");
        }
        for upkeep in ["fixtures", "xtask"] {
            let member = manifest(&source.path().join(upkeep));
            assert_eq!(member["package"]["publish"].as_bool(), Some(false));
        }
    }

    #[test]
    fn a_manifest_that_is_not_known_is_refused() {
        let source = tempfile::tempdir().expect("a folder");
        fs::write(source.path().join("Cargo.toml"), "[workspace]\n").expect("a manifest");
        let refused = prepare(source.path()).expect_err("nothing to change");
        assert!(
            format!("{refused:#}").contains("publish = false"),
            "{refused:#}"
        );
    }
}
