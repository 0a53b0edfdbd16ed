//! Reads and writes a content block by its `type`.

use serde::de::{self, Deserialize, Deserializer, MapAccess};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{
    ContentBlock, ImageBlock, RedactedThinkingBlock, TextBlock, ThinkingBlock, ToolResultBlock,
    ToolUseBlock, UnknownBlock,
};
use crate::extra::Extra;
use crate::tagged::Tagged;
use crate::wire_object::FromMap;

impl<'de> Deserialize<'de> for ContentBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize_tagged(deserializer)
    }
}

impl Tagged for ContentBlock {
    const NAME: &'static str = "a content block";

    type Tag = BlockType;

    fn read<'de, A: MapAccess<'de>>(tag: BlockType, fields: A) -> Result<Self, A::Error> {
        match tag {
            BlockType::Text => FromMap::from_map(fields, true).map(Self::Text),
            BlockType::ToolUse => FromMap::from_map(fields, true).map(Self::ToolUse),
            BlockType::ToolResult => FromMap::from_map(fields, true).map(Self::ToolResult),
            BlockType::Thinking => FromMap::from_map(fields, true).map(Self::Thinking),
            BlockType::RedactedThinking => {
                FromMap::from_map(fields, true).map(Self::RedactedThinking)
            }
            BlockType::Image => FromMap::from_map(fields, true).map(Self::Image),
            BlockType::Unknown(block_type) => read_unknown(block_type, fields).map(Self::Unknown),
        }
    }
}

fn read_unknown<'de, A: MapAccess<'de>>(
    block_type: String,
    mut map: A,
) -> Result<UnknownBlock, A::Error> {
    let mut extra = Extra::default();
    while let Some(name) = map.next_key::<String>()? {
        if name == "type" {
            return Err(de::Error::duplicate_field("type"));
        }
        extra.push(name, map.next_value()?);
    }
    Ok(UnknownBlock { block_type, extra })
}

/// Says which kind of block a `type` stands for: the one list of known block types.
pub(crate) enum BlockType {
    Text,
    ToolUse,
    ToolResult,
    Thinking,
    RedactedThinking,
    Image,
    Unknown(String),
}

impl From<&str> for BlockType {
    fn from(value: &str) -> Self {
        match value {
            TextBlock::TYPE => Self::Text,
            ToolUseBlock::TYPE => Self::ToolUse,
            ToolResultBlock::TYPE => Self::ToolResult,
            ThinkingBlock::TYPE => Self::Thinking,
            RedactedThinkingBlock::TYPE => Self::RedactedThinking,
            ImageBlock::TYPE => Self::Image,
            _ => Self::Unknown(value.to_owned()),
        }
    }
}

impl Serialize for ContentBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(block) => block.serialize(serializer),
            Self::ToolUse(block) => block.serialize(serializer),
            Self::ToolResult(block) => block.serialize(serializer),
            Self::Thinking(block) => block.serialize(serializer),
            Self::RedactedThinking(block) => block.serialize(serializer),
            Self::Image(block) => block.serialize(serializer),
            Self::Unknown(block) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("type", &block.block_type)?;
                block.extra.serialize_fields(&mut map)?;
                map.end()
            }
        }
    }
}
