//! The connection of the plugin, which asks about every call of the run.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::Host;
use crate::approval::decided::{Decided, DecidedBy, Verdict};
use crate::approval::protocol::{LONGEST_LINE, MOST_ARGUMENTS};
use crate::approval::question::{Concern, Subject};
use crate::approval::second_lock::{NotAsked, PluginCall, SecondLock};

/// The most bytes of a line about a call.
const LONGEST_CALL: usize = MOST_ARGUMENTS + LONGEST_LINE;

impl Host {
    /// Answers the plugin until it goes.
    pub(super) async fn serve_plugin(
        &self,
        reader: BufReader<OwnedReadHalf>,
        mut writer: OwnedWriteHalf,
    ) {
        let Some(lock) = &self.lock else { return };
        let mut reader = reader;
        let mut line = Vec::new();
        let mut open = FuturesUnordered::new();
        loop {
            let answer = tokio::select! {
                is_whole = read_on(&mut reader, &mut line) => {
                    let call = is_whole.then(|| serde_json::from_slice::<PluginCall>(&line).ok());
                    let Some(call) = call.flatten() else {
                        // What the plugin does not say as agreed is not answered, so nothing runs.
                        break;
                    };
                    line.clear();
                    open.push(self.second_opinion(lock, call));
                    continue;
                }
                Some(answer) = open.next() => answer,
            };
            if writer.write_all(answer.as_bytes()).await.is_err() {
                break;
            }
        }
        lock.end();
    }

    /// Returns the answer to a call of the plugin, a line.
    async fn second_opinion(&self, lock: &SecondLock, call: PluginCall) -> String {
        let refused = match lock.plugin_asks(&call).await {
            Ok(refused) => refused,
            Err(NotAsked) => Some(self.not_asked(&call)),
        };
        format!("{}\n", json!({"number": call.number, "refused": refused}))
    }

    /// Refuses a call that no rule has handed to the helper; returns why.
    fn not_asked(&self, call: &PluginCall) -> String {
        let reason = "something keeps the rules of the run from being asked about this call";
        let subject = Subject {
            number: self.shared.number(),
            concern: Concern::Call,
            tool: call.tool.clone(),
            arguments: call.arguments.clone(),
            tool_use_id: call.tool_use_id.clone(),
            thread: call.thread.clone(),
        };
        let verdict = Verdict::refused(DecidedBy::Host, reason);
        self.shared.decided(Decided::new(subject, verdict));
        reason.to_owned()
    }
}

/// Reads the rest of a line; tells whether there is a whole one, which it is not at the end and
/// beyond the limit. Dropping the future loses nothing: what was read stands in `line`.
async fn read_on(reader: &mut BufReader<OwnedReadHalf>, line: &mut Vec<u8>) -> bool {
    let room = LONGEST_CALL.saturating_sub(line.len()) as u64;
    let read = reader.take(room).read_until(b'\n', line).await;
    read.is_ok() && line.ends_with(b"\n")
}
