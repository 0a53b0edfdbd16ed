//! Content blocks: what messages are made of.

mod block;
mod dispatch;
mod tool;

pub use block::{
    ContentBlock, ImageBlock, ImageSource, RedactedThinkingBlock, TextBlock, ThinkingBlock,
    UnknownBlock,
};
pub use tool::{ToolResultBlock, ToolResultContent, ToolUseBlock, ToolUseId};
