//! Content blocks: what messages are made of.

mod block;
mod dispatch;
mod tool;

pub use block::{
    ImageBlock, ImageSource, RedactedThinkingBlock, TextBlock, ThinkingBlock, UnknownBlock,
};
pub use tool::{ToolResultBlock, ToolResultContent, ToolUseBlock, ToolUseId};

use crate::tagged::from_variants;

/// One block of a message's content.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ContentBlock {
    /// Text for the user or from the user.
    Text(TextBlock),
    /// The model asks for a tool.
    ToolUse(ToolUseBlock),
    /// What a tool answered.
    ToolResult(ToolResultBlock),
    /// The model's reasoning; only with `--stream-json-thinking`.
    Thinking(ThinkingBlock),
    /// Reasoning that only the provider can read; only with `--stream-json-thinking`.
    RedactedThinking(RedactedThinkingBlock),
    /// An image. Accepted as input since April 2026, never seen in the stream.
    Image(ImageBlock),
    /// A block of a type this crate does not know.
    Unknown(UnknownBlock),
}

impl ContentBlock {
    /// Returns the value of the block's `type` field.
    #[must_use]
    pub fn block_type(&self) -> &str {
        match self {
            Self::Text(_) => TextBlock::TYPE,
            Self::ToolUse(_) => ToolUseBlock::TYPE,
            Self::ToolResult(_) => ToolResultBlock::TYPE,
            Self::Thinking(_) => ThinkingBlock::TYPE,
            Self::RedactedThinking(_) => RedactedThinkingBlock::TYPE,
            Self::Image(_) => ImageBlock::TYPE,
            Self::Unknown(block) => &block.block_type,
        }
    }

    /// Returns the text of a text block.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(block) => Some(&block.text),
            _ => None,
        }
    }

    /// Returns the block as a tool call.
    #[must_use]
    pub fn as_tool_use(&self) -> Option<&ToolUseBlock> {
        match self {
            Self::ToolUse(block) => Some(block),
            _ => None,
        }
    }

    /// Returns the block as a tool's answer.
    #[must_use]
    pub fn as_tool_result(&self) -> Option<&ToolResultBlock> {
        match self {
            Self::ToolResult(block) => Some(block),
            _ => None,
        }
    }
}

from_variants! {
    ContentBlock:
    Text(TextBlock), ToolUse(ToolUseBlock), ToolResult(ToolResultBlock), Thinking(ThinkingBlock),
    RedactedThinking(RedactedThinkingBlock), Image(ImageBlock), Unknown(UnknownBlock),
}
