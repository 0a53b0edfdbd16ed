//! A question as it is shown and recorded.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::question::{Concern, Question};

/// A question, as a turn tells of it and its record keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Asked {
    /// The number of the question within the turn.
    pub number: u64,
    /// What it is about.
    pub concern: Concern,
    /// The tool.
    pub tool: String,
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// The id of the call, where the build tells it.
    pub tool_use_id: Option<String>,
    /// The thread.
    pub thread: Option<String>,
    /// What the call would change in a file, as a unified diff.
    #[serde(default)]
    pub diff: Option<String>,
    /// What the rules at hand say about it, in words.
    pub opinion: Option<String>,
}

impl From<&Question> for Asked {
    /// Reads the file that the call is about, for the diff.
    fn from(question: &Question) -> Self {
        let opinion = question.opinion.as_ref();
        Self {
            number: question.number,
            concern: question.concern.clone(),
            tool: question.tool.clone(),
            arguments: question.arguments.clone(),
            tool_use_id: question.tool_use_id.clone(),
            thread: question.thread.clone(),
            diff: question.diff(),
            opinion: opinion.map(|opinion| opinion.reason.clone()),
        }
    }
}
