//! Where the lines of a turn come from: a process, or the record of one.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use amp_process::{Completeness, Line, Process};
use futures::Stream;

use super::replay::Replay;
use crate::ledger::TurnWriter;
use crate::secrets::Cut;
use crate::turn_line::TurnLine;

/// Where the lines come from.
#[derive(Debug)]
pub(super) enum Source {
    Process(Box<Process>),
    Replay(Box<Replay>),
    /// Nowhere any more: the turn is being concluded.
    Concluded,
}

/// How much is read and recorded ahead of the line that is decoded next, in bytes, so that short
/// lines do not take a write each.
const AHEAD: usize = 32 << 10;

impl Source {
    /// Polls for the next line, which is in the record then; `None` when there will be no more.
    ///
    /// Lines that were read with it are recorded as well, and wait in `ahead`. The trouble is why
    /// there will be none, if that is not the end.
    pub(super) fn poll_line(
        &mut self,
        context: &mut Context<'_>,
        record: Option<&mut TurnWriter>,
        ahead: &mut VecDeque<Line>,
        trouble: &mut Option<String>,
    ) -> Poll<Option<TurnLine>> {
        match self {
            Self::Process(process) => {
                if ahead.is_empty() {
                    let line = ready!(poll_process(process, context, trouble));
                    ahead.extend(line);
                    if let Some(record) = record {
                        record_lines(ahead, record, || process.take_buffered_line());
                    }
                }
                // It is in the record: whatever decoding does to us, the record survives.
                Poll::Ready(ahead.pop_front().map(TurnLine::of_process))
            }
            Self::Replay(replay) => Poll::Ready(replay.next_line(trouble)),
            Self::Concluded => Poll::Ready(None),
        }
    }
}

/// Polls for a line, going on after a deadline: the process is being stopped then, and what it
/// still says counts.
fn poll_process(
    process: &mut Process,
    context: &mut Context<'_>,
    trouble: &mut Option<String>,
) -> Poll<Option<Line>> {
    loop {
        return match Pin::new(&mut *process).poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Ok(line))) => Poll::Ready(Some(line)),
            Poll::Ready(Some(Err(error))) if error.deadline().is_some() => continue,
            Poll::Ready(Some(Err(error))) => {
                *trouble = Some(error.to_string());
                Poll::Ready(None)
            }
        };
    }
}

/// Records lines, and more of them that are there already, by one write.
fn record_lines(
    lines: &mut VecDeque<Line>,
    record: &mut TurnWriter,
    mut more: impl FnMut() -> Option<Line>,
) {
    let mut length = 0;
    let mut recorded = 0;
    while let Some(line) = lines.get(recorded) {
        record.add(line.bytes(), cut_of(line.completeness()));
        length += line.bytes().len();
        recorded += 1;
        if length < AHEAD {
            lines.extend(more());
        }
    }
    record.write();
}

/// Tells whether a line lost its end, so that a secret in it may have lost one as well.
fn cut_of(completeness: Completeness) -> Cut {
    match completeness {
        Completeness::Complete => Cut::Nowhere,
        _ => Cut::End,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Beginning, Ledger, NewSession};
    use crate::secrets::Secrets;

    #[tokio::test]
    async fn lines_that_were_read_together_are_in_the_record_before_one_is_decoded() {
        let spec = amp_process::ProcessSpec::new(fixtures::fake_agent())
            .with_variable("FAKE_AGENT_SCRIPT", "out a line");
        let mut process = spec.spawn().await.unwrap();
        let line = process.next_line().await.unwrap().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let session = Ledger::new(folder.path())
            .create(NewSession::new())
            .unwrap();
        let beginning = Beginning {
            amp_version: "0.0.1790142911-g7618fb".into(),
            thread: None,
            prompt: None,
            retry: None,
            secrets: Secrets::default(),
        };
        let mut record = session.begin_turn(beginning).unwrap();
        let events = session.folder().join("turns/0001/events.jsonl");
        let mut lines = VecDeque::from([line.clone()]);
        let mut more = vec![line.clone(), line];
        record_lines(&mut lines, &mut record, || more.pop());
        assert_eq!(lines.len(), 3);
        assert_eq!(std::fs::read(&events).unwrap(), b"a line\n".repeat(3));
        assert_eq!(lines[2].bytes(), b"a line");
    }
}
