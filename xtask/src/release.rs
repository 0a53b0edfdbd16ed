//! `cargo xtask release`: what a version is published as, made and tried, published by nobody.
//!
//! Everything is built from an export of the commit, so that nothing else gets in, and holds no
//! clock, no path and no user of the machine: two builds of one commit are the same bytes
//! (`--reproduce` makes both). What this machine has no tools for is said and left out.

mod assemble;
mod build;
mod bundle;
mod debian;
mod target;
mod tools;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

pub use assemble::{installer, notes_of};
pub(crate) use build::export;

use build::Checkout;
use target::Target;

use crate::{machine, note, say, workspace_root};

/// What to make.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Make and try everything, and leave it in the folder; nothing is ever published from here
    #[arg(long, required = true)]
    dry_run: bool,
    /// Make this target; all that this machine has tools for unless given
    #[arg(long = "target", value_name = "TRIPLE")]
    targets: Vec<String>,
    /// Build everything a second time, in another folder, and compare byte by byte
    #[arg(long)]
    reproduce: bool,
    /// Fail where a tool is missing, as CI does
    #[arg(long)]
    required: bool,
    /// Only write sums, notes and the installer for the archives that are in the folder
    #[arg(long, conflicts_with_all = ["targets", "reproduce"])]
    assemble_only: bool,
    /// The address that the archives will be below, for the installer
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://example.invalid/download"
    )]
    base_url: String,
    /// The tag, which has to be `v` and the version of the workspace
    #[arg(long)]
    tag: Option<String>,
    /// Who answers for the Debian package; what has a tag has to say
    #[arg(long, value_name = "NAME <ADDRESS>", value_parser = debian::maintainer)]
    maintainer: Option<String>,
    /// Where to put it
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    out: PathBuf,
}

/// Makes a release and tries it.
///
/// # Errors
/// When something cannot be made or does not work, or the tag is of another version.
pub fn run(options: &Options) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    if let Some(tag) = &options.tag {
        ensure!(
            tag == &format!("v{version}"),
            "the tag is {tag}, and the workspace has version {version}"
        );
        ensure!(
            options.assemble_only || options.maintainer.is_some(),
            "a release names who maintains it: --maintainer \"NAME <ADDRESS>\""
        );
    }
    let out = workspace_root().join(&options.out);
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    machine::runtime()?.block_on(async {
        if !options.assemble_only {
            make(options, version, &out).await?;
        }
        assemble::write(&out, version, &options.base_url)?;
        trial::installer(&out, version).await?;
        for name in assemble::names(&out)? {
            say(format!("{}", out.join(name).display()));
        }
        Ok(())
    })
}

async fn make(options: &Options, version: &str, out: &Path) -> Result<()> {
    let folder = workspace_root().join("target/release-build");
    let commit = build::commit().await?;
    let path = tools::install(&folder.join("tools")).await?;
    let checkout = Checkout::export(&folder.join("first"), &commit, &path).await?;
    let mut made = Vec::new();
    for target in chosen(&options.targets)? {
        if let Some(missing) = target.missing().await? {
            let what = format!("{}: {missing}", target.triple);
            ensure!(!options.required, what);
            note(format!("left out: {what}"));
            continue;
        }
        say(format!("== {}", target.triple));
        let files = make_target(&checkout, target, options, out).await?;
        trial::target(&checkout, target, &files, version, options.required).await?;
        made.push((target, files));
    }
    if !options.reproduce {
        return Ok(());
    }
    // Another path, and nothing of the first build.
    let second = Checkout::export(&folder.join("second"), &commit, &path).await?;
    let again = folder.join("second/dist");
    for (target, files) in made {
        for (one, other) in files
            .iter()
            .zip(make_target(&second, target, options, &again).await?)
        {
            ensure!(
                fs::read(one)? == fs::read(&other)?,
                "{} and {} differ",
                one.display(),
                other.display()
            );
            say(format!("reproduced: {}", one.display()));
        }
    }
    Ok(())
}

/// Builds a target and packs it; returns the archive first.
async fn make_target(
    checkout: &Checkout,
    target: &Target,
    options: &Options,
    out: &Path,
) -> Result<Vec<PathBuf>> {
    let version = env!("CARGO_PKG_VERSION");
    fs::create_dir_all(out)?;
    let executable = checkout.build(target).await?;
    let sbom = checkout.sbom(target).await?;
    let content = bundle::Content::collect(checkout, target, executable).await?;
    let mut files = vec![content.write_archive(target, version, checkout.epoch, out)?];
    let sbom_file = out.join(format!("ampctl-{version}-{}.cdx.json", target.triple));
    fs::write(&sbom_file, sbom)?;
    files.push(sbom_file);
    if let Some(architecture) = target.debian {
        if machine::find_program("dpkg-deb").is_some() {
            let control = debian::Control {
                architecture,
                version,
                maintainer: options.maintainer.as_deref(),
            };
            files.push(debian::write(&content, &control, checkout, out).await?);
        } else {
            let what = "the Debian package, for want of dpkg-deb";
            ensure!(!options.required, what);
            note(format!("left out: {what}"));
        }
    }
    Ok(files)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Target>> {
    if names.is_empty() {
        return Ok(target::ALL.iter().collect());
    }
    let of_name = |name: &String| {
        let found = target::ALL.iter().find(|target| target.triple == name);
        match found {
            Some(target) => Ok(target),
            None => {
                let all: Vec<_> = target::ALL.iter().map(|target| target.triple).collect();
                bail!("{name} is none of {}", all.join(", "))
            }
        }
    };
    names.iter().map(of_name).collect()
}
