//! The lines of the connection: two threads that may wait for the client as long as it takes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::thread;
use std::time::Duration;

use agent_client_protocol::{Agent, ConnectTo, Lines};
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use tokio::sync::oneshot;

use super::wire::Backlogs;
use crate::context::{Context, Output};

/// The longest line that is taken from a client, in bytes: a prompt with pictures fits.
const LONGEST_LINE: usize = 64 << 20;

/// How many lines wait between the connection and a thread.
const MOST_BETWEEN: usize = 16;

/// How long the last lines may take to be written, when the client has closed its end.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Tells that everything was written.
pub(super) struct Written(oneshot::Receiver<()>);

impl Written {
    /// Waits until everything was written, or the client has not read it for a while.
    pub(super) async fn wait(self) {
        // Either way nothing more can be done.
        let _ = tokio::time::timeout(LAST_LINES, self.0).await;
    }
}

/// Starts to read and to write the lines of the context's streams.
///
/// # Errors
/// Fails when a thread cannot be started.
pub(super) fn open(
    context: &mut Context,
    backlogs: Backlogs,
) -> io::Result<(impl ConnectTo<Agent> + 'static + use<>, Written)> {
    let (outgoing, to_write) = mpsc::channel(MOST_BETWEEN);
    let (read, incoming) = mpsc::channel(MOST_BETWEEN);
    let source = context.stdin.take();
    let output = context.stdout.clone();
    let (done, written) = oneshot::channel();
    thread::Builder::new().spawn(move || {
        // A client that is gone has closed the other stream as well.
        let _ = write_all(to_write, output, &backlogs);
        backlogs.end();
        let _ = done.send(());
    })?;
    thread::Builder::new().spawn(move || read_all(source, read))?;
    let outgoing = outgoing.sink_map_err(io::Error::other);
    Ok((Lines::new(outgoing, incoming), Written(written)))
}

fn write_all(
    mut lines: mpsc::Receiver<String>,
    mut output: Output,
    backlogs: &Backlogs,
) -> io::Result<()> {
    while let Some(mut line) = futures::executor::block_on(lines.next()) {
        line.push('\n');
        output.write_all(line.as_bytes())?;
        output.flush()?;
        backlogs.written(&line);
    }
    Ok(())
}

fn read_all(source: impl Read, mut lines: mpsc::Sender<io::Result<String>>) {
    let mut source = BufReader::new(source);
    loop {
        let line = match read_line(&mut source) {
            Ok(None) => return,
            Ok(Some(line)) => Ok(line),
            Err(error) => Err(error),
        };
        let is_last = line.is_err();
        if futures::executor::block_on(lines.send(line)).is_err() || is_last {
            return;
        }
    }
}

/// Reads a line; of one that is too long only the head, which is no JSON any more and answered so.
fn read_line(source: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut limited = source.by_ref().take(LONGEST_LINE as u64);
    if limited.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_none() && line.len() == LONGEST_LINE {
        line.truncate(1);
        source.skip_until(b'\n')?;
    }
    line.pop_if(|last| *last == b'\r');
    // What is not UTF-8 is no JSON, whatever it is replaced by, or a text with a mark in it.
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_next_one_read() {
        let mut input = vec![b'['; LONGEST_LINE + 5];
        input.extend(b"\n{}\r\nlast");
        let mut source = io::Cursor::new(input);
        assert_eq!(read_line(&mut source).unwrap().unwrap(), "[");
        assert_eq!(read_line(&mut source).unwrap().unwrap(), "{}");
        assert_eq!(read_line(&mut source).unwrap().unwrap(), "last");
        assert_eq!(read_line(&mut source).unwrap(), None);
    }
}
