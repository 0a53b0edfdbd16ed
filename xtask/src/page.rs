//! `cargo xtask page`: exported sessions in a real browser.
//!
//! What an agent wrote is hostile in these: markup, `javascript:` links, addresses on a port that
//! listens, control characters that turn text around, ten megabytes of output. The browser must load
//! nothing, run nothing but our script, and show a page that can be read with keyboard, in the dark,
//! on paper and without JavaScript.

mod browser;
mod cases;
mod session;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use self::browser::Browser;
use self::session::Exported;
use crate::machine;

/// The names under which the browser is installed.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The recordings whose pages are held against the size of their records.
const RECORDED: [&str; 6] = [
    "files",
    "parallel",
    "task",
    "unicode",
    "thinkbash",
    "toolerror",
];

/// The recording in the picture of the documentation.
const PICTURED: &str = "files";

/// What to do with the browser.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Also draw the picture of the documentation
    #[arg(long)]
    picture: bool,
    /// Fail where no browser is installed, instead of skipping the tests
    #[arg(long)]
    required: bool,
}

/// Returns where the picture is kept.
#[must_use]
pub fn picture_path() -> PathBuf {
    crate::workspace_root().join("amp-cli/pictures/page.png")
}

/// Returns where screenshots are kept for a maintainer to look at.
fn screenshots() -> Result<PathBuf> {
    let folder = crate::workspace_root().join("target/page");
    std::fs::create_dir_all(&folder).context("cannot make a folder")?;
    Ok(folder)
}

/// Tries every case; without a browser, says so and does nothing.
///
/// # Errors
/// When a case fails, or the browser does.
pub fn run(options: &Options) -> Result<()> {
    let Some(program) = BROWSERS.iter().find_map(|name| machine::find_program(name)) else {
        let missing = format!("no browser on the path: {}", BROWSERS.join(", "));
        if options.required {
            bail!("{missing}");
        }
        crate::note(format!("skipped: {missing}"));
        return Ok(());
    };
    let begun = Instant::now();
    for name in RECORDED {
        let exported = Exported::of_recording(name)?;
        cases::size(name, &exported)?;
    }
    let mut browser = Browser::start(&program)?;
    cases::all(&mut browser, &screenshots()?)?;
    if options.picture {
        let exported = Exported::of_recording(PICTURED)?;
        cases::picture(&mut browser, &exported, &picture_path())?;
    }
    crate::say(format!(
        "every case holds, in {:.0} s",
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}
