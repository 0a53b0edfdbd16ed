//! Questions about tool calls, and what their answers mean.

use std::borrow::Cow;

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    PermissionOption, PermissionOptionKind, RequestPermissionOutcome, RequestPermissionResponse,
};
use amp_session::approval::{Concern, Remember};
use amp_session::permission::{rule_for_similar, similar_in_words};
use amp_session::protocol::{PermissionAction, PermissionRule};
use amp_session::{Answer, Approval, Approver, Question};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

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

/// Returns the rules of a run that asks nobody: what the person has rejected for the session comes
/// before the run's own. `None` when there are no rules.
pub(super) fn rules_without_questions(own: Option<&Value>, asked: &Approval) -> Option<Value> {
    let remembered = asked.remembered().into_iter();
    let rejections = remembered.filter(|rule| rule.action == PermissionAction::REJECT);
    let mut rules: Vec<Value> = rejections.map(|rule| json!(rule)).collect();
    match own {
        _ if rules.is_empty() => own.cloned(),
        Some(Value::Array(own)) => {
            rules.extend(own.iter().cloned());
            Some(rules.into())
        }
        // What is no list is refused as it is.
        Some(other) => Some(other.clone()),
        None => Some(rules.into()),
    }
}

/// What the person at the editor can answer.
#[derive(Debug)]
pub(super) struct Choices {
    /// The rule that allows calls like this one for the session.
    allow: Option<PermissionRule>,
    /// The one that rejects them.
    reject: Option<PermissionRule>,
    /// What the two are about.
    similar: String,
}

const ALLOW: &str = "allow";
const ALLOW_ALWAYS: &str = "allow-always";
const REJECT: &str = "reject";
const REJECT_ALWAYS: &str = "reject-always";

impl Choices {
    pub(super) fn of(question: &Question) -> Self {
        let subject = &question.subject;
        let (tool, arguments) = (&subject.tool, &subject.arguments);
        let allow = rule_for_similar(tool, arguments);
        let reject = allow.clone().map(|mut rule| {
            rule.action = PermissionAction::REJECT;
            rule
        });
        let similar = similar_in_words(tool, arguments);
        Self {
            // Who decides what may run is asked every time.
            allow: allow.filter(|_| subject.concern == Concern::Call),
            reject: reject.filter(|_| !matches!(subject.concern, Concern::Changed(_))),
            similar: similar.as_deref().map(one_line).unwrap_or_default(),
        }
    }

    /// Returns the options as the client shows them.
    pub(super) fn options(&self) -> Vec<PermissionOption> {
        let allow = PermissionOption::new(ALLOW, "Allow", PermissionOptionKind::AllowOnce);
        let reject = PermissionOption::new(REJECT, "Reject", PermissionOptionKind::RejectOnce);
        let always = |rule: &Option<_>, id: &str, verb: &str, kind| {
            let name = format!("{verb} {} in this session", self.similar);
            let option = PermissionOption::new(id.to_owned(), name, kind);
            rule.is_some().then_some(option)
        };
        let (allows, rejects) = (
            PermissionOptionKind::AllowAlways,
            PermissionOptionKind::RejectAlways,
        );
        [
            Some(allow),
            always(&self.allow, ALLOW_ALWAYS, "Allow", allows),
            Some(reject),
            always(&self.reject, REJECT_ALWAYS, "Reject", rejects),
        ]
        .into_iter()
        .flatten()
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
        match (&*chosen.0, self.allow, self.reject) {
            (ALLOW, ..) => Answer::Allow,
            (ALLOW_ALWAYS, Some(rule), _) => Answer::AllowAndRemember {
                rule,
                remember: Remember::Session,
            },
            (REJECT, ..) => Answer::reject("rejected by the user"),
            (REJECT_ALWAYS, _, Some(rule)) => Answer::RejectAndRemember {
                rule,
                reason: "rejected by the user, for the rest of the session".to_owned(),
            },
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
            allow: Some(PermissionRule::allow("ls")),
            reject: Some(PermissionRule::reject("ls")),
            similar: "every ls".to_owned(),
        }
    }

    fn chosen(choices: Choices, id: &str) -> Answer {
        let selected = SelectedPermissionOutcome::new(id.to_owned());
        let outcome = RequestPermissionOutcome::Selected(selected);
        choices.answer(Ok(RequestPermissionResponse::new(outcome)))
    }

    fn answer(id: &str) -> Answer {
        chosen(choices(), id)
    }

    #[test]
    fn allowing_and_rejecting_once_are_always_offered() {
        let none = || Choices {
            allow: None,
            reject: None,
            similar: String::new(),
        };
        let kinds = |choices: &Choices| -> Vec<_> {
            let options = choices.options().into_iter();
            options.map(|option| option.kind).collect()
        };
        use PermissionOptionKind::{AllowAlways, AllowOnce, RejectAlways, RejectOnce};
        assert_eq!(kinds(&none()), [AllowOnce, RejectOnce]);
        let all = [AllowOnce, AllowAlways, RejectOnce, RejectAlways];
        assert_eq!(kinds(&choices()), all);
        let names = |position: usize| choices().options()[position].name.clone();
        assert_eq!(names(1), "Allow every ls in this session");
        assert_eq!(names(3), "Reject every ls in this session");
        // An option that was not offered is not understood.
        for id in [ALLOW_ALWAYS, REJECT_ALWAYS] {
            assert!(matches!(chosen(none(), id), Answer::Reject { .. }), "{id}");
        }
    }

    #[test]
    fn an_answer_is_known_by_its_id_and_anything_else_is_a_no() {
        assert_eq!(answer(ALLOW), Answer::Allow);
        let always = answer(ALLOW_ALWAYS);
        assert!(matches!(always, Answer::AllowAndRemember { .. }));
        let never = answer(REJECT_ALWAYS);
        assert!(matches!(never, Answer::RejectAndRemember { .. }));
        for no in [REJECT, "", "allow_once", "Allow"] {
            assert!(matches!(answer(no), Answer::Reject { .. }), "{no}");
        }
        let error = choices().answer(Err(Error::internal_error()));
        assert!(matches!(error, Answer::Reject { .. }));
        let cancelled = RequestPermissionResponse::new(RequestPermissionOutcome::Cancelled);
        assert_eq!(choices().answer(Ok(cancelled)), Answer::Stop);
    }
}
