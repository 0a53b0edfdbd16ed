//! What was decided about a call, in a line.

use amp_session::approval::{Asked, Concern, Decided, Subject};
use amp_session::protocol::{RawJson, ToolUseBlock};

use super::tool_call::ToolCall;
use crate::text::one_line;

/// Returns what a question is about.
pub(super) fn subject(question: &Asked) -> String {
    about(&question.subject)
}

/// Returns what was decided about what, and by whom.
pub(crate) fn in_a_line(answer: &Decided) -> String {
    let about = about(&answer.subject);
    format!("{about}: {}", one_line(&answer.in_words()))
}

/// Returns what became of the rule that an answer wanted to keep, if it did.
pub(super) fn of_rule(answer: &Decided) -> Option<String> {
    let kept = answer.kept.as_ref()?;
    Some(match (&kept.trouble, &kept.file) {
        (Some(trouble), _) => format!("the rule is not kept: {trouble}"),
        (None, Some(file)) => format!("the rule is kept in {}", file.display()),
        (None, None) => "the rule is kept for this session".to_owned(),
    })
}

/// Returns what a question or a decision is about.
pub(crate) fn about(subject: &Subject) -> String {
    if let Concern::Changed(paths) = &subject.concern {
        let paths: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return one_line(&format!("changes of {}", paths.join(", ")));
    }
    match RawJson::from_value(&subject.arguments) {
        Ok(input) => ToolCall::of(&ToolUseBlock::new("", &*subject.tool, input), None).to_string(),
        Err(_) => one_line(&subject.tool),
    }
}
