//! The questions of a turn: recorded, and handed on in their place between the lines.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::task::Context;

use amp_process::Process;
use amp_protocol::Decoded;

use super::item::TurnItem;
use crate::approval::{ApprovalNote, Decided, RecordedNote, Supervision};
use crate::ledger::{Lines, TurnWriter};
use crate::outcome::Outcome;
use crate::secrets::{Cut, Secrets};

/// The questions of a turn that runs, or of one that is replayed.
#[derive(Debug, Default)]
pub(super) struct Questions {
    supervision: Option<Supervision>,
    /// The record, once there is something to record.
    lines: Option<Lines>,
    /// What a replay will tell.
    replayed: VecDeque<RecordedNote>,
    refused: Vec<Decided>,
    /// How many lines of the agent have come.
    after: u64,
    /// What nobody has seen yet.
    pending: VecDeque<TurnItem>,
}

impl Questions {
    /// Takes the questions of a turn that runs.
    pub(super) fn asked_by(supervision: Option<Supervision>) -> Self {
        Self {
            supervision,
            ..Self::default()
        }
    }

    /// Takes those of a turn that is over.
    pub(super) fn replayed(notes: Vec<RecordedNote>) -> Self {
        let refused = notes.iter().filter_map(|line| match &line.note {
            ApprovalNote::Decided(decided) if !decided.allowed => Some((**decided).clone()),
            _ => None,
        });
        Self {
            refused: refused.collect(),
            replayed: notes.into(),
            ..Self::default()
        }
    }

    /// Lets them have their effect on the process.
    pub(super) fn poll(&mut self, context: &Context<'_>, process: &mut Process) {
        if let Some(supervision) = &mut self.supervision {
            supervision.poll(context, process);
        }
    }

    /// Tells whether the CLI stands still because a change is being asked about.
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "no process can be suspended there")
    )]
    pub(super) fn hold(&self) -> bool {
        self.supervision.as_ref().is_some_and(Supervision::holds)
    }

    /// Holds a line against what was decided; tells whether the turn goes on.
    pub(super) fn observe(&mut self, decoded: &Decoded) -> bool {
        self.after += 1;
        match &mut self.supervision {
            Some(supervision) => supervision.observe(decoded),
            None => true,
        }
    }

    /// Records what was asked and decided since, and keeps it to be told; both without secrets.
    pub(super) fn record(&mut self, record: Option<&TurnWriter>, secrets: &Secrets) {
        let notes = self.supervision.as_ref().map(Supervision::take_notes);
        for note in notes.unwrap_or_default() {
            if self.lines.is_none() {
                self.lines = record.and_then(TurnWriter::approvals);
            }
            let mut line = RecordedNote {
                after: self.after,
                note,
            };
            // Texts, numbers and JSON always can be written.
            let json = serde_json::to_vec(&line).unwrap_or_default();
            let redacted = secrets.redacted(&json, Cut::Nowhere);
            if let Some(lines) = &mut self.lines {
                lines.append(&redacted, Cut::Nowhere);
            }
            if let Cow::Owned(json) = &redacted {
                // A secret is replaced by text, within a text.
                match serde_json::from_slice(json) {
                    Ok(without_secrets) => line = without_secrets,
                    Err(_) => continue,
                }
            }
            self.pending.extend(item(line.note));
        }
        while let Some(line) = self.replayed.pop_front_if(|line| line.after <= self.after) {
            self.pending.extend(item(line.note));
        }
    }

    /// Returns what nobody has seen yet, the first of it.
    pub(super) fn take_item(&mut self) -> Option<TurnItem> {
        self.pending.pop_front()
    }

    /// Drops what nobody wants to see.
    pub(super) fn forget_items(&mut self) {
        self.pending.clear();
    }

    /// Waits until the last question of a process that is gone was taken back, and adds all of them
    /// to the outcome.
    pub(super) async fn conclude(
        &mut self,
        record: Option<&TurnWriter>,
        outcome: &mut Outcome,
        secrets: &Secrets,
    ) {
        let (mut refused, mut bypass) = (std::mem::take(&mut self.refused), None);
        if let Some(supervision) = &self.supervision {
            supervision.settled().await;
            (refused, bypass) = (supervision.refused(), supervision.bypass());
            if supervision.is_stopped() {
                // It counts as cancelled even when the agent ended well before it was stopped.
                outcome.cancel();
            }
        }
        self.record(record, secrets);
        self.pending
            .extend(self.replayed.drain(..).filter_map(|line| item(line.note)));
        outcome.add_questions(&refused, bypass, secrets);
    }

    /// Closes the socket.
    pub(super) fn close(&mut self) {
        self.supervision = None;
    }
}

/// Returns what a turn tells of a note; the rest is for the record and the outcome.
fn item(note: ApprovalNote) -> Option<TurnItem> {
    match note {
        ApprovalNote::Asked(asked) => Some(TurnItem::Question(asked)),
        ApprovalNote::Decided(decided) => Some(TurnItem::Answer(decided)),
        ApprovalNote::TurnedAway(_) | ApprovalNote::Bypassed(_) => None,
    }
}
