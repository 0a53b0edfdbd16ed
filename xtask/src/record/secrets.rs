//! The last look before a recording is written: nothing secret may be in it, in no disguise.
//!
//! Redaction replaces what it knows. This looks for what it may have missed: pieces of a secret,
//! and the encodings in which a program may have passed it on.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// So many bytes of a secret in a row are as bad as all of it.
const PIECE: usize = 12;

/// Texts that must not be written.
#[derive(Default)]
pub struct Secrets {
    secrets: Vec<Secret>,
}

struct Secret {
    name: String,
    /// The secret itself and each encoding of it, with the encoding's name.
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Secrets {
    /// Adds a secret; `name` is what the maintainer reads when it is found.
    ///
    /// Values shorter than 12 bytes are no secrets but would be found everywhere; they are ignored.
    pub fn add(&mut self, name: &str, value: &str) {
        if value.len() < PIECE {
            return;
        }
        let bytes = value.as_bytes();
        let mut forms = vec![
            ("as it is", bytes.to_vec()),
            ("in hexadecimal", hexadecimal(bytes)),
            ("backwards", bytes.iter().rev().copied().collect()),
        ];
        // Base 64 of a text depends on how many bytes come before it, modulo 3. The outer digits
        // mix with what is around them.
        for skipped in 0..3 {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let whole = &bytes[skipped..bytes.len() - (bytes.len() - skipped) % 3];
                forms.push(("in base 64", engine.encode(whole).into_bytes()));
            }
        }
        self.secrets.push(Secret {
            name: name.to_owned(),
            forms,
        });
    }

    /// Returns what of the secrets is in `bytes`, in words that do not repeat them.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<String> {
        self.secrets.iter().find_map(|secret| {
            let (form, _) = secret.forms.iter().find(|(_, form)| {
                form.windows(PIECE)
                    .any(|piece| memchr::memmem::find(bytes, piece).is_some())
            })?;
            Some(format!("{}, or a piece of it, {form}", secret.name))
        })
    }
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect()
}
