//! Where the lines of a turn come from: a process, or the record of one.

use std::pin::Pin;
use std::task::{Context, Poll};

use amp_process::{Completeness, Line, Process};
use amp_protocol::{Decoded, decode_line};
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

impl Source {
    /// Polls for the next line, which is in the record then; `None` when there will be no more.
    ///
    /// The trouble is why there will be none, if that is not the end.
    pub(super) fn poll_line(
        &mut self,
        context: &mut Context<'_>,
        record: Option<&mut TurnWriter>,
        trouble: &mut Option<String>,
    ) -> Poll<Option<TurnLine>> {
        match self {
            Self::Process(process) => poll_process(process, context, trouble)
                .map(|line| line.map(|line| record_and_decode(&line, record, decode_line))),
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

/// Records a line, then decodes it: whatever decoding does to us, the record survives.
fn record_and_decode(
    line: &Line,
    record: Option<&mut TurnWriter>,
    decode: impl FnOnce(&[u8]) -> Decoded,
) -> TurnLine {
    let completeness = line.completeness();
    if let Some(record) = record {
        record.append(line.bytes(), cut_of(completeness));
    }
    let bytes = line.to_vec();
    let decoded = decode(&bytes);
    TurnLine::new(line.number(), bytes, decoded, completeness)
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
    async fn a_line_is_in_the_record_before_it_is_decoded() {
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
        let decode = |bytes: &[u8]| {
            assert_eq!(std::fs::read(events).unwrap(), b"a line\n");
            decode_line(bytes)
        };
        record_and_decode(&line, Some(&mut record), decode);
    }
}
