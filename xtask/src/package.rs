//! `cargo xtask package`: every crate as a registry would get it, built from nothing else.
//!
//! Publishing is off (`publish = false`) until a person decides, and the crates have their names of
//! here until then; so an export of the commit is packed in which both are as they would be.

mod names;

use std::fs;
use std::path::Path;
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use flate2::read::GzDecoder;

use crate::release::export;
use crate::{command, machine, say, workspace_root};

use names::ORDER;

/// What every package has to hold.
const NEEDED: [&str; 4] = ["Cargo.toml", "README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// The most bytes of a package; the registry takes ten times as much.
const LARGEST: u64 = 1024 * 1024;

/// Time to build all of them from nothing.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// How much to check.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Do not build what was packed, which takes minutes
    #[arg(long)]
    no_verify: bool,
}

/// Packs every crate and looks at what is in it.
///
/// # Errors
/// When a crate cannot be packed or built, or lacks something.
pub fn run(options: &Options) -> Result<()> {
    let folder = workspace_root().join("target/package-check");
    machine::runtime()?.block_on(async {
        let source = export(&folder, "HEAD").await?;
        names::prepare(&source)?;
        let cargo = ProcessSpec::new("cargo")
            .with_environment(machine::environment())
            .with_variable("CARGO_TARGET_DIR", folder.join("target"))
            .with_working_directory(&source);
        // The lock file gets the new names, and nothing else.
        let locked = cargo
            .clone()
            .with_arguments(["update", "--workspace", "--quiet"]);
        command::output(locked, LIMIT).await?;
        let packed = cargo
            .with_arguments(["package", "--locked", "--allow-dirty"])
            .with_arguments(ORDER.iter().flat_map(|(_, name)| ["--package", name]))
            .with_arguments(options.no_verify.then_some("--no-verify"));
        command::output(packed, LIMIT).await?;
        for (_, name) in ORDER {
            let version = env!("CARGO_PKG_VERSION");
            let package = folder.join(format!("target/package/{name}-{version}.crate"));
            check(&package).with_context(|| package.display().to_string())?;
        }
        Ok(())
    })
}

fn check(package: &Path) -> Result<()> {
    let size = fs::metadata(package)?.len();
    ensure!(size <= LARGEST, "it has {size} bytes");
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(package)?));
    let mut names = Vec::new();
    for member in archive.entries()? {
        let path = member?.path()?.into_owned();
        let below: std::path::PathBuf = path.components().skip(1).collect();
        names.push(below.to_string_lossy().into_owned());
    }
    for needed in NEEDED {
        if !names.iter().any(|name| name == needed) {
            bail!("it has no {needed}");
        }
    }
    say(format!(
        "{}: {} files, {} KiB",
        package.file_name().unwrap_or_default().to_string_lossy(),
        names.len(),
        size.div_ceil(1024)
    ));
    Ok(())
}
