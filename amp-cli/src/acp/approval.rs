//! Questions about tool calls, and what their answers mean.

use std::borrow::Cow;

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    PermissionOption, PermissionOptionKind, RequestPermissionOutcome, RequestPermissionResponse,
};
use amp_session::approval::{Concern, Remember};
use amp_session::permission::{rule_for_similar, similar_in_words};
use amp_session::protocol::PermissionRule;
use amp_session::{Answer, Approver, Question};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::options::{Preset, SharedPreset};
use crate::text::one_line;

/// Puts to the person at the editor what the chosen preset leaves to be asked.
pub(super) struct Editor<Person> {
    preset: SharedPreset,
    person: Person,
}

impl<Person: Approver> Editor<Person> {
    pub(super) fn new(preset: SharedPreset, person: Person) -> Self {
        Self { preset, person }
    }
}

impl<Person: Approver> Approver for Editor<Person> {
    fn decide(&self, question: Question) -> BoxFuture<'_, Answer> {
        // What decides about calls is never changed without a person.
        let is_call = question.subject.concern == Concern::Call;
        let answer = match self.preset.get() {
            Preset::Allow if is_call => Answer::Allow,
            Preset::AskBeforeChanges if is_call && question.only_reads() => Answer::Allow,
            Preset::Deny => Answer::reject("no rule of the user allows this"),
            _ => return self.person.decide(question),
        };
        std::future::ready(answer).boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        self.person.name()
    }
}

/// What the person at the editor can answer.
#[derive(Debug)]
pub(super) struct Choices {
    /// The rule that `always` keeps for the session, and what it lets in.
    rule: Option<(PermissionRule, String)>,
}

const ALLOW: &str = "allow";
const ALWAYS: &str = "allow-always";
const REJECT: &str = "reject";

impl Choices {
    pub(super) fn of(question: &Question) -> Self {
        let subject = &question.subject;
        let rule = match subject.concern {
            Concern::Call => rule_for_similar(&subject.tool, &subject.arguments)
                .zip(similar_in_words(&subject.tool, &subject.arguments)),
            _ => None,
        };
        Self { rule }
    }

    /// Returns the options as the client shows them.
    pub(super) fn options(&self) -> Vec<PermissionOption> {
        let allow = PermissionOption::new(ALLOW, "Allow", PermissionOptionKind::AllowOnce);
        let always = self.rule.as_ref().map(|(_, scope)| {
            let name = format!("Allow {} in this session", one_line(scope));
            PermissionOption::new(ALWAYS, name, PermissionOptionKind::AllowAlways)
        });
        let reject = PermissionOption::new(REJECT, "Reject", PermissionOptionKind::RejectOnce);
        std::iter::once(allow)
            .chain(always)
            .chain([reject])
            .collect()
    }

    /// Returns what the client has answered; what is not understood is a no.
    pub(super) fn answer(self, response: Result<RequestPermissionResponse, Error>) -> Answer {
        let outcome = match response {
            Ok(response) => response.outcome,
            Err(error) => {
                return Answer::reject(format!("the editor did not ask: {}", error.message));
            }
        };
        let chosen = match outcome {
            // In the protocol that is about the turn.
            RequestPermissionOutcome::Cancelled => return Answer::Stop,
            RequestPermissionOutcome::Selected(selected) => selected.option_id,
            _ => return Answer::reject("the editor's answer was not understood"),
        };
        match (&*chosen.0, self.rule) {
            (ALLOW, _) => Answer::Allow,
            (ALWAYS, Some((rule, _))) => Answer::AllowAndRemember {
                rule,
                remember: Remember::Session,
            },
            (REJECT, _) => Answer::reject("rejected by the user"),
            _ => Answer::reject("the editor's answer was not understood"),
        }
    }
}

#[cfg(test)]
mod tests {
    use agent_client_protocol::v1::schema::SelectedPermissionOutcome;

    use super::*;

    fn choices() -> Choices {
        Choices {
            rule: Some((PermissionRule::allow("ls"), "every ls".to_owned())),
        }
    }

    fn answer(id: &str) -> Answer {
        let selected = SelectedPermissionOutcome::new(id.to_owned());
        let outcome = RequestPermissionOutcome::Selected(selected);
        choices().answer(Ok(RequestPermissionResponse::new(outcome)))
    }

    #[test]
    fn allowing_and_rejecting_once_are_always_offered() {
        let none = Choices { rule: None };
        let kinds = |choices: &Choices| -> Vec<_> {
            let options = choices.options().into_iter();
            options.map(|option| option.kind).collect()
        };
        use PermissionOptionKind::{AllowAlways, AllowOnce, RejectOnce};
        assert_eq!(kinds(&none), [AllowOnce, RejectOnce]);
        assert_eq!(kinds(&choices()), [AllowOnce, AllowAlways, RejectOnce]);
        assert_eq!(
            choices().options()[1].name,
            "Allow every ls in this session"
        );
    }

    #[test]
    fn an_answer_is_known_by_its_id_and_anything_else_is_a_no() {
        assert_eq!(answer(ALLOW), Answer::Allow);
        assert!(matches!(answer(ALWAYS), Answer::AllowAndRemember { .. }));
        for no in [REJECT, "", "allow_once", "Allow"] {
            assert!(matches!(answer(no), Answer::Reject { .. }), "{no}");
        }
        let error = choices().answer(Err(Error::internal_error()));
        assert!(matches!(error, Answer::Reject { .. }));
        let cancelled = RequestPermissionResponse::new(RequestPermissionOutcome::Cancelled);
        assert_eq!(choices().answer(Ok(cancelled)), Answer::Stop);
    }
}
