//! The kinds of blocks that have nothing to do with tools.

use crate::extra::Extra;
use crate::wire_object::wire_object;

wire_object! {
    /// A block of text.
    pub struct TextBlock tagged "text" {
        /// The text.
        "text" => text: required String,
    }
}

wire_object! {
    /// A block of reasoning.
    pub struct ThinkingBlock tagged "thinking" {
        /// The reasoning.
        "thinking" => thinking: required String,
        /// The provider's signature, which Amp leaves out in every recording.
        "signature" => signature: optional String,
    }
}

wire_object! {
    /// A block of reasoning that only the provider can read.
    pub struct RedactedThinkingBlock tagged "redacted_thinking" {
        /// The encrypted reasoning, in base64.
        "data" => data: required String,
    }
}

wire_object! {
    /// An image.
    pub struct ImageBlock tagged "image" {
        /// Where the image comes from.
        "source" => source: required Box<ImageSource>,
    }
}

impl ImageBlock {
    /// Makes an image block from base64 data, the one form the CLI was seen to accept.
    #[must_use]
    pub fn from_base64(media_type: impl Into<String>, data: impl Into<String>) -> Self {
        let mut source = ImageSource::new("base64");
        source.media_type = Some(media_type.into());
        source.data = Some(data.into());
        Self::new(source)
    }
}

wire_object! {
    /// Where an image comes from.
    pub struct ImageSource {
        /// `base64`, or a kind this crate has not met.
        "type" => source_type: required String,
        /// For example `image/png`.
        "media_type" => media_type: optional String,
        /// The bytes, in base64.
        "data" => data: optional String,
        /// The address of an image that is not inline.
        "url" => url: optional String,
    }
}

/// A block of a type this crate does not know, kept whole.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UnknownBlock {
    /// The value of the block's `type` field.
    pub block_type: String,
    /// All other fields.
    pub extra: Extra,
}

impl UnknownBlock {
    /// Makes a block of this type and no fields.
    #[must_use]
    pub fn new(block_type: impl Into<String>) -> Self {
        Self {
            block_type: block_type.into(),
            extra: Extra::default(),
        }
    }
}
