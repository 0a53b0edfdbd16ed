//! Reads and writes a content block by its `type`.
//!
//! The type comes first in every recording, so the block is read in one pass. A block that
//! carries it later is put in order and read again.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{
    ContentBlock, ImageBlock, RedactedThinkingBlock, TextBlock, ThinkingBlock, ToolResultBlock,
    ToolUseBlock, UnknownBlock,
};
use crate::extra::Extra;
use crate::malformed::reason;
use crate::open_string::StringVisitor;
use crate::raw_json::RawJson;
use crate::wire_object::FromMap;

impl<'de> Deserialize<'de> for ContentBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BlockVisitor)
    }
}

struct BlockVisitor;

impl<'de> de::Visitor<'de> for BlockVisitor {
    type Value = ContentBlock;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a content block")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ContentBlock, A::Error> {
        match map.next_key::<FirstKey>()? {
            None => Err(de::Error::missing_field("type")),
            Some(FirstKey::Type) => {
                let block_type = map.next_value()?;
                read_block(block_type, map)
            }
            Some(FirstKey::Other(name)) => read_with_type_first(name, map),
        }
    }
}

fn read_block<'de, A: MapAccess<'de>>(
    block_type: BlockType,
    map: A,
) -> Result<ContentBlock, A::Error> {
    Ok(match block_type {
        BlockType::Text => ContentBlock::Text(FromMap::from_map(map, true)?),
        BlockType::ToolUse => ContentBlock::ToolUse(FromMap::from_map(map, true)?),
        BlockType::ToolResult => ContentBlock::ToolResult(FromMap::from_map(map, true)?),
        BlockType::Thinking => ContentBlock::Thinking(FromMap::from_map(map, true)?),
        BlockType::RedactedThinking => {
            ContentBlock::RedactedThinking(FromMap::from_map(map, true)?)
        }
        BlockType::Image => ContentBlock::Image(FromMap::from_map(map, true)?),
        BlockType::Unknown(block_type) => ContentBlock::Unknown(read_unknown(block_type, map)?),
    })
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
        extra.push_raw(name, map.next_value()?);
    }
    Ok(UnknownBlock { block_type, extra })
}

fn read_with_type_first<'de, A: MapAccess<'de>>(
    first: String,
    mut map: A,
) -> Result<ContentBlock, A::Error> {
    let mut fields: Vec<(String, Box<RawValue>)> = vec![(first, map.next_value()?)];
    while let Some(field) = map.next_entry()? {
        fields.push(field);
    }
    let Some(position) = fields.iter().position(|(name, _)| name == "type") else {
        return Err(de::Error::missing_field("type"));
    };
    fields[..=position].rotate_right(1);
    let reordered = RawJson::from_value(&Fields(fields)).map_err(de::Error::custom)?;
    serde_json::from_str(reordered.as_str()).map_err(|error| de::Error::custom(reason(&error)))
}

/// Fields in a given order, duplicates included.
struct Fields(Vec<(String, Box<RawValue>)>);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Says which kind of block a `type` stands for: the one list of known block types.
enum BlockType {
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

impl<'de> Deserialize<'de> for BlockType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(StringVisitor::new())
    }
}

enum FirstKey {
    Type,
    Other(String),
}

impl From<&str> for FirstKey {
    fn from(value: &str) -> Self {
        if value == "type" {
            Self::Type
        } else {
            Self::Other(value.to_owned())
        }
    }
}

impl<'de> Deserialize<'de> for FirstKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(StringVisitor::new())
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
