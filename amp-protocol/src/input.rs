//! What we send: the lines of `--stream-json-input`.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::content::{ContentBlock, ImageBlock, TextBlock, ToolResultBlock};
use crate::error::Error;

/// A message from the user, one line on the CLI's standard input.
///
/// The CLI answers with one result for the whole process, after its input has ended.
///
/// ```
/// use amp_protocol::UserInput;
///
/// let input = UserInput::text("What is 2+2?").with_steer(true);
/// assert_eq!(
///     input.to_line(),
///     r#"{"type":"user","steer":true,"message":{"role":"user","content":[{"type":"text","text":"What is 2+2?"}]}}"#
///         .to_owned() + "\n",
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UserInput {
    content: Vec<ContentBlock>,
    steer: bool,
    request_id: Option<String>,
}

impl UserInput {
    /// The longest request id the Python SDK of 2026-09-18 allows, in characters.
    pub const MAX_REQUEST_ID_CHARACTERS: usize = 256;

    /// Makes a message of blocks.
    #[must_use]
    pub fn new(content: Vec<ContentBlock>) -> Self {
        Self {
            content,
            steer: false,
            request_id: None,
        }
    }

    /// Makes a message of one block of text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(vec![ContentBlock::Text(TextBlock::new(text))])
    }

    /// Adds an image. Builds through 2026-03-13 refuse it.
    #[must_use]
    pub fn with_image(mut self, image: ImageBlock) -> Self {
        self.content.push(ContentBlock::Image(image));
        self
    }

    /// Adds the answer of a tool that runs on our side.
    #[must_use]
    pub fn with_tool_result(mut self, result: ToolResultBlock) -> Self {
        self.content.push(ContentBlock::ToolResult(result));
        self
    }

    /// Asks that the message reach the running turn instead of waiting for its end.
    ///
    /// Builds since May 2026 know it.
    #[must_use]
    pub fn with_steer(mut self, steer: bool) -> Self {
        self.steer = steer;
        self
    }

    /// Names the message, so that sending it twice to one thread counts once.
    ///
    /// Declared by the Python SDK of 2026-09-18.
    ///
    /// # Errors
    /// Fails when the id is empty or longer than
    /// [`MAX_REQUEST_ID_CHARACTERS`](Self::MAX_REQUEST_ID_CHARACTERS).
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Result<Self, Error> {
        let request_id = request_id.into();
        let characters = request_id.chars().count();
        if !(1..=Self::MAX_REQUEST_ID_CHARACTERS).contains(&characters) {
            return Err(Error::request_id(characters));
        }
        self.request_id = Some(request_id);
        Ok(self)
    }

    /// Returns the blocks.
    #[must_use]
    pub fn content(&self) -> &[ContentBlock] {
        &self.content
    }

    /// Returns the text of a message that is one block of text and nothing else.
    #[must_use]
    pub fn plain_text(&self) -> Option<&str> {
        match self.content.as_slice() {
            [ContentBlock::Text(text)] if !self.steer && self.request_id.is_none() => {
                Some(&text.text)
            }
            _ => None,
        }
    }

    /// Returns the text of all its blocks, one below the other.
    #[must_use]
    pub fn all_text(&self) -> String {
        let texts = self.content.iter().filter_map(ContentBlock::as_text);
        texts.collect::<Vec<_>>().join("\n\n")
    }

    /// Tells whether there is an image among its blocks.
    #[must_use]
    pub fn has_image(&self) -> bool {
        let mut blocks = self.content.iter();
        blocks.any(|block| matches!(block, ContentBlock::Image(_)))
    }

    /// Tells whether it is to [reach the running turn](Self::with_steer).
    #[must_use]
    pub fn steers(&self) -> bool {
        self.steer
    }

    /// Writes the message as a line, line feed included.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it cannot panic")]
    pub fn to_line(&self) -> String {
        let mut line =
            serde_json::to_string(self).expect("every part of a message can be written as JSON");
        line.push('\n');
        line
    }
}

impl From<&str> for UserInput {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<&String> for UserInput {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

impl From<String> for UserInput {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl Serialize for UserInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "user")?;
        if let Some(request_id) = &self.request_id {
            map.serialize_entry("request_id", request_id)?;
        }
        if self.steer {
            map.serialize_entry("steer", &true)?;
        }
        map.serialize_entry(
            "message",
            &InputMessage {
                role: "user",
                content: &self.content,
            },
        )?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct InputMessage<'input> {
    role: &'static str,
    content: &'input [ContentBlock],
}
