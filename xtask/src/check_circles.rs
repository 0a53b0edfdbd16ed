//! Imports point one way: no circle of files within a crate, but for what a module's own files have
//! from it.
//!
//! Files that are below one another are one family: a child may use what its parents hold. Every
//! other import goes to a file that does not lead back, and that counts for families as well: where
//! a path names a module with files of its own, it leads to all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, ItemMod, ItemUse, Lit, Macro, Meta, UseTree};

/// Checks every crate and prints the circles.
///
/// # Errors
/// When there is one, and when a file cannot be read.
pub fn run() -> Result<()> {
    let found = violations(&crate::workspace_root())?;
    if found.is_empty() {
        crate::say("imports point one way");
        return Ok(());
    }
    bail!("imports go in circles:\n  {}", found.join("\n  "))
}

/// Returns one line for each circle of files in the crates below `root`.
///
/// # Errors
/// When a file cannot be read or is no Rust.
pub fn violations(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let source = entry?.path().join("src");
        for start in ["lib.rs", "main.rs"] {
            if source.join(start).is_file() {
                found.extend(circles(&source.join(start))?);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Returns one line for each circle of the files that a crate's first file leads to.
///
/// # Errors
/// When a file cannot be read or is no Rust.
pub fn circles(start: &Path) -> Result<Vec<String>> {
    let mut files = Files::default();
    files.add(start, Vec::new(), start.parent().unwrap_or(start))?;
    let graph = files.imports();
    Ok(graph.circles().into_iter().map(|circle| {
        let mut names: Vec<String> = circle.iter().map(|file| files.name(*file)).collect();
        names.push(names[0].clone());
        names.join(" -> ")
    }).collect())
}
