//! The images of a prompt.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use amp_session::protocol::UserInput;
use amp_session::{LARGEST_IMAGE, image_from_bytes};

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Puts images behind a prompt.
///
/// # Errors
/// Fails for a file that cannot be read, and for one that is no image or too large.
pub(crate) fn with_images(
    prompt: String,
    images: &[PathBuf],
    context: &Context,
) -> Result<UserInput, Failure> {
    images
        .iter()
        .try_fold(UserInput::text(prompt), |prompt, path| {
            let unusable = |error: &dyn std::error::Error| {
                let what = format!("image {} cannot be used", path.display());
                Failure::new(ExitCode::Usage, what).caused_by(error)
            };
            let bytes = read(&context.resolve(path)).map_err(|error| unusable(&error))?;
            let image = image_from_bytes(&bytes).map_err(|error| unusable(&error))?;
            Ok(prompt.with_image(image))
        })
}

/// Reads a file, or so much of it that it is seen to be too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?.take(LARGEST_IMAGE as u64 + 1);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
