//! `cargo xtask picture`: the picture of a run that the documentation shows.
//!
//! A real shell on a real pseudo-terminal runs `ampctl`, which runs the real CLI against the
//! stand-in service. What the terminal was sent is kept as a cast (asciicast, version 2: a JSON
//! header and one line for each piece of output); the picture is drawn from the cast alone, so that
//! a test can hold it against its source.

pub mod cast;
#[cfg(unix)]
mod recording;
mod screen;
#[cfg(unix)]
mod setup;

use std::path::PathBuf;

use anstyle_svg::{Term, WIN10_CONSOLE};
use anyhow::{Context, Result};
use clap::Args;

use self::cast::Cast;

/// How the picture is made.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Draw the cast that is kept, without a new run
    #[arg(long)]
    redraw: bool,
}

/// Returns where the cast is kept.
#[must_use]
pub fn cast_path() -> PathBuf {
    crate::workspace_root().join("amp-cli/pictures/run.cast")
}

/// Returns where the picture is kept.
#[must_use]
pub fn picture_path() -> PathBuf {
    cast_path().with_extension("svg")
}

/// Makes the cast and the picture.
///
/// # Errors
/// When the real CLI is neither here nor can be installed, or the run does not go as planned.
pub fn run(options: &Options) -> Result<()> {
    let (cast_path, picture_path) = (cast_path(), picture_path());
    if !options.redraw {
        write(&cast_path, &record()?.to_text()?)?;
    }
    let text = std::fs::read_to_string(&cast_path)
        .with_context(|| format!("cannot read {}", cast_path.display()))?;
    write(&picture_path, &draw(&Cast::parse(&text)?))
}

/// Draws the last screen of a cast.
#[must_use]
pub fn draw(cast: &Cast) -> String {
    let terminal = Term::new().palette(WIN10_CONSOLE);
    terminal.render_svg(&screen::last_screen(cast))
}

#[cfg(unix)]
fn record() -> Result<Cast> {
    recording::record(&setup::Setup::new()?)
}

#[cfg(not(unix))]
fn record() -> Result<Cast> {
    anyhow::bail!("a run can be recorded on Unix alone; --redraw works everywhere")
}

fn write(path: &std::path::Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).context("cannot make a folder")?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    crate::say(format!("wrote {}", path.display()));
    Ok(())
}
