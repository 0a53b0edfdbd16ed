//! Questions about tool calls, and their answers: which call each is about.

use agent_client_protocol::v1::schema::{
    SessionUpdate, ToolCall, ToolCallId, ToolCallStatus, ToolCallUpdate, ToolCallUpdateFields,
};
use amp_session::approval::{Concern, Decided, Subject};
use amp_session::protocol::tool::ToolName;
use serde_json::{Map, Value};

use super::content::{fenced, text};
use super::request::Request;
use super::{Mapping, Moment, changed, status};

impl Mapping {
    /// Returns the call that a question is about, once its item has come.
    pub(crate) fn call_of(&self, question: u64) -> Option<&ToolCallId> {
        self.asked.get(&question)
    }

    /// Returns a call as a question about it shows it: with the command, the change, or every
    /// argument.
    pub(crate) fn asked(&self, subject: &Subject) -> ToolCallUpdate {
        let id = self.call_of(subject.number).cloned();
        let id = id.unwrap_or_else(|| self.id_of_question(subject.number));
        let fields = match &subject.concern {
            Concern::Changed(paths) => {
                let paths = paths.iter().map(|path| path.display().to_string());
                let paths = paths.collect::<Vec<_>>().join("\n");
                ToolCallUpdateFields::new()
                    .title("Files that decide what may run have changed; rejecting ends the turn")
                    .content(vec![fenced(&paths)])
            }
            concern => {
                let request = self.request_of(subject);
                let mut shown = request.content_of_question();
                if *concern == Concern::ControlFiles {
                    let warning = "This names files that decide what may run.";
                    shown.insert(0, text(warning));
                }
                ToolCallUpdateFields::new()
                    .title(request.title)
                    .kind(request.kind)
                    .locations(request.locations)
                    .content(shown)
            }
        };
        let raw = Value::Object(subject.arguments.clone());
        let fields = fields.status(ToolCallStatus::Pending).raw_input(raw);
        ToolCallUpdate::new(id, fields)
    }

    pub(super) fn question(&mut self, subject: &Subject) -> Vec<SessionUpdate> {
        let known = self.open_call_of(subject);
        let id = known.clone().unwrap_or_else(|| {
            let id = subject.tool_use_id.as_deref().map(ToolCallId::new);
            id.unwrap_or_else(|| self.id_of_question(subject.number))
        });
        self.asked.insert(subject.number, id.clone());
        if known.is_some() || self.unseen.contains(&id) {
            return Vec::new();
        }
        if matches!(subject.concern, Concern::Changed(_)) {
            let title = "Files that decide what may run have changed";
            self.unseen.push(id.clone());
            return vec![SessionUpdate::ToolCall(ToolCall::new(id, title))];
        }
        let request = self.request_of(subject);
        self.unseen.push(id.clone());
        let title = request.title_of(true);
        vec![SessionUpdate::ToolCall(
            ToolCall::new(id, title)
                .name(subject.tool.clone())
                .kind(request.kind)
                .content(request.content)
                .locations(request.locations)
                .raw_input(Value::Object(subject.arguments.clone())),
        )]
    }

    pub(super) fn answer(&mut self, decided: &Decided) -> Vec<SessionUpdate> {
        let id = self.asked.get(&decided.subject.number).cloned();
        // A rule that was remembered answers calls that nobody is asked about.
        let Some(id) = id.or_else(|| self.open_call_of(&decided.subject)) else {
            return Vec::new();
        };
        if decided.allowed && self.moment == Moment::Later {
            return Vec::new();
        }
        if decided.allowed {
            return vec![status(id, ToolCallStatus::InProgress)];
        }
        self.unseen.retain(|unseen| *unseen != id);
        self.refused.push(id.clone());
        let fields = ToolCallUpdateFields::new()
            .status(ToolCallStatus::Failed)
            .content(vec![text(&decided.in_words())]);
        vec![changed(id, fields)]
    }

    /// Ends the calls that were told of for their questions alone, but for those that are `still` to
    /// be answered: of the ends of a subagent's calls nothing is told.
    pub(super) fn close_unseen(&mut self, still: &[ToolCallId], updates: &mut Vec<SessionUpdate>) {
        let ended = self.unseen.extract_if(.., |id| !still.contains(id));
        updates.extend(ended.map(|id| status(id, ToolCallStatus::Completed)));
    }

    /// Finds the open call that something was asked or decided about: by its id, or as the first
    /// one like it that nobody was asked about.
    fn open_call_of(&self, subject: &Subject) -> Option<ToolCallId> {
        let mut open = self.progress.open_calls().map(|open| &open.request);
        let found = match &subject.tool_use_id {
            Some(id) => open.find(|call| call.id.as_str() == id),
            None => open.find(|call| {
                call.name.as_str() == subject.tool
                    && call
                        .input
                        .parse()
                        .is_ok_and(|input: Map<String, Value>| subject.arguments == input)
                    && !self.asked.values().any(|id| *id.0 == *call.id.as_str())
            }),
        };
        found.map(|call| ToolCallId::new(call.id.as_str()))
    }

    fn request_of(&self, subject: &Subject) -> Request {
        let name = ToolName::from(subject.tool.as_str());
        Request::of_arguments(&name, &subject.arguments, &self.folder, self.files())
    }

    fn id_of_question(&self, number: u64) -> ToolCallId {
        ToolCallId::new(format!("turn-{}-question-{number}", self.turn))
    }
}
