//! What is recorded of the questions of a turn, a line of JSON each.

use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::decided::Decided;

/// Something that happened between a turn and those who were asked about its calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApprovalNote {
    /// A question was put to the approver.
    Asked(Box<Asked>),
    /// It was decided about a call, whether somebody was asked or not.
    Decided(Box<Decided>),
    /// Somebody asked on the socket who had no business there, and this is why.
    TurnedAway(String),
    /// The run bypassed its questions, and this is how.
    Bypassed(String),
}

/// A line of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordedNote {
    /// How many lines of the agent came before it.
    #[serde(default)]
    pub(crate) after: u64,
    #[serde(flatten)]
    pub(crate) note: ApprovalNote,
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::super::question::{Concern, Subject};
    use super::*;

    #[test]
    fn a_line_of_the_record_is_read_as_it_was_written() {
        let asked = Asked {
            subject: Subject {
                number: 1,
                concern: Concern::Changed(vec!["/a".into()]),
                tool: "shell_command".to_owned(),
                arguments: Map::from_iter([("command".to_owned(), json!("ls"))]),
                tool_use_id: None,
                thread: None,
            },
            diff: None,
            opinion: Some("no rule matches".to_owned()),
        };
        let notes = [
            ApprovalNote::Asked(Box::new(asked)),
            ApprovalNote::TurnedAway("it belongs to user 0".to_owned()),
        ];
        for note in notes {
            let line = RecordedNote { after: 3, note };
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<RecordedNote>(&text).unwrap(), line);
        }
    }

    #[test]
    fn a_line_of_the_first_release_is_read_as_well() {
        let line = r#"{"decided": {"number": 1, "concern": "call", "tool": "Bash", "arguments": {},
            "tool_use_id": null, "thread": null, "allowed": true, "by": "approver", "reason": null}}"#;
        let read: RecordedNote = serde_json::from_str(line).unwrap();
        assert_eq!(read.after, 0);
        assert!(matches!(read.note, ApprovalNote::Decided(decided) if decided.approver.is_none()));
    }
}
