//! The parts of a conversation.

use crate::content::{ContentBlock, ToolResultBlock, ToolUseBlock};
use crate::event::{StopReason, Usage};
use crate::tool::ToolOutput;

/// What the user said, and everything up to what the user said next.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Turn {
    /// What the user said; empty when the stream began without it.
    pub prompt: Vec<ContentBlock>,
    /// What the model said, in order.
    pub messages: Vec<Message>,
}

impl Turn {
    pub(super) fn new(prompt: Vec<ContentBlock>) -> Self {
        Self {
            prompt,
            messages: Vec::new(),
        }
    }

    /// Returns the text of what the user said, blocks joined by a blank line.
    #[must_use]
    pub fn prompt_text(&self) -> String {
        join(self.prompt.iter().filter_map(ContentBlock::as_text))
    }
}

/// One message of the model.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// What it is made of, in order.
    pub blocks: Vec<Block>,
    /// Why the model stopped.
    pub stop_reason: Option<StopReason>,
    /// What it cost, in tokens.
    pub usage: Option<Box<Usage>>,
}

impl Message {
    /// Makes a message of what a subagent was told; no build was seen to send it.
    pub(super) fn from_subagent_prompt(prompt: Vec<ContentBlock>) -> Self {
        let blocks = prompt.into_iter().map(Block::Other).collect();
        Self {
            blocks,
            ..Self::default()
        }
    }

    /// Returns the text blocks joined by a blank line, as the CLI joins them for its result.
    #[must_use]
    pub fn text(&self) -> String {
        join(self.blocks.iter().filter_map(|block| match block {
            Block::Text(text) => Some(text.as_str()),
            _ => None,
        }))
    }

    /// Returns the tool calls in order.
    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Call(id) => Some(*id),
            _ => None,
        })
    }
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Block {
    /// Text.
    Text(String),
    /// Reasoning.
    Thinking(String),
    /// A tool call; [`Transcript::call`](super::Transcript::call) has it.
    Call(CallId),
    /// Any other block.
    Other(ContentBlock),
}

/// Names a tool call of one transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(super) usize);

/// A tool call, its result, and what a subagent did for it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// What the model asked for.
    pub request: ToolUseBlock,
    /// What the tool answered.
    pub result: Option<ToolResultBlock>,
    /// What the subagent said that this call started; builds of early January 2026 only.
    pub messages: Vec<Message>,
}

impl ToolCall {
    pub(super) fn new(request: ToolUseBlock) -> Self {
        Self {
            request,
            result: None,
            messages: Vec::new(),
        }
    }

    /// Returns the answer in its known shape, once there is one.
    #[must_use]
    pub fn output(&self) -> Option<ToolOutput<'_>> {
        self.result
            .as_ref()
            .map(|result| result.typed_output(&self.request.name))
    }
}

fn join<'text>(texts: impl Iterator<Item = &'text str>) -> String {
    texts.collect::<Vec<_>>().join("\n\n")
}
