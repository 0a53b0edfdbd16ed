//! The connection of the plugin, which asks about every call of the run.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::Host;
use crate::approval::decided::{Decided, DecidedBy, Verdict};
use crate::approval::question::{Concern, Subject};
use crate::approval::second_lock::{NotAsked, PluginCall, SecondLock};

impl Host {
    /// Answers the plugin until it goes.
    pub(super) async fn serve_plugin(
        &self,
        reader: BufReader<OwnedReadHalf>,
        mut writer: OwnedWriteHalf,
    ) {
        let Some(lock) = &self.lock else { return };
        let mut lines = reader.lines();
        let mut open = FuturesUnordered::new();
        loop {
            let answer = tokio::select! {
                line = lines.next_line() => match line {
                    Ok(Some(line)) => match serde_json::from_str::<PluginCall>(&line) {
                        Ok(call) => {
                            open.push(self.second_opinion(lock, call));
                            continue;
                        }
                        // What the plugin does not say as agreed is not answered, so nothing runs.
                        Err(_) => break,
                    },
                    _ => break,
                },
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
