//! Images for a prompt, from the bytes of a file.

use amp_protocol::ImageBlock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Error;

/// The largest image that is taken, in bytes.
pub const LARGEST_IMAGE: usize = 5 << 20;

/// What the bytes of a kind of image begin with.
const KINDS: [(&[u8], &str); 5] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF", "image/webp"),
];

/// Makes a block of a [prompt](crate::Session::prompt) from the bytes of an image: PNG, JPEG, GIF
/// or WebP, at most 5 MiB, told by the bytes and not by the name of a file.
///
/// The builds of 2026-05-04 and 2026-07-15 took images of 5 MB. That of 2026-09-23 ends the turn
/// with an error when prompt and images, in base64, have more than 1 MiB together.
///
/// ```
/// use amp_session::image_from_bytes;
/// use amp_session::protocol::UserInput;
///
/// let prompt = UserInput::text("What is this?");
/// let prompt = prompt.with_image(image_from_bytes(b"\x89PNG\r\n\x1a\n...")?);
/// assert!(prompt.to_line().contains("image/png"));
/// # Ok::<_, amp_session::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidOption`] when it is too large or no such image.
pub fn image_from_bytes(bytes: &[u8]) -> Result<ImageBlock, Error> {
    let refused = |reason: String| Error::InvalidOption {
        option: "image",
        reason,
    };
    if bytes.len() > LARGEST_IMAGE {
        let reason = format!("{} bytes are more than {LARGEST_IMAGE}", bytes.len());
        return Err(refused(reason));
    }
    let media_type =
        media_type(bytes).ok_or_else(|| refused("it is no PNG, JPEG, GIF or WebP".to_owned()))?;
    Ok(ImageBlock::from_base64(media_type, STANDARD.encode(bytes)))
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let mut kinds = KINDS.iter();
    let (_, media_type) = kinds.find(|(start, _)| bytes.starts_with(start))?;
    // Other formats begin with `RIFF` as well.
    let is_webp = bytes.get(8..12) == Some(b"WEBP");
    (*media_type != "image/webp" || is_webp).then_some(*media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_by_the_bytes() {
        for (bytes, media_type) in [
            (b"\x89PNG\r\n\x1a\n rest".as_slice(), "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF87a", "image/gif"),
            (b"GIF89a;", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        ] {
            let block = image_from_bytes(bytes).unwrap();
            assert_eq!(block.source.media_type.as_deref(), Some(media_type));
            let data = STANDARD.decode(block.source.data.unwrap()).unwrap();
            assert_eq!(data, bytes);
        }
    }

    #[test]
    fn what_is_no_image_or_too_large_is_refused() {
        let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
        large.resize(LARGEST_IMAGE + 1, 0);
        for bytes in [
            b"".as_slice(),
            b"text",
            b"RIFF\x10\0\0\0WAVE",
            b"RIFF",
            &large,
        ] {
            let error = image_from_bytes(bytes).unwrap_err();
            assert!(error.to_string().starts_with("image: "), "{error}");
        }
        large.pop();
        assert!(image_from_bytes(&large).is_ok());
    }
}
