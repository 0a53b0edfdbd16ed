//! A question as it is shown and recorded.

use serde::{Deserialize, Serialize};

use super::question::{Question, Subject};

/// A question, as a turn tells of it and its record keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Asked {
    /// What is asked about.
    #[serde(flatten)]
    pub subject: Subject,
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
            subject: question.subject.clone(),
            diff: question.diff(),
            opinion: opinion.map(|opinion| opinion.reason.clone()),
        }
    }
}
