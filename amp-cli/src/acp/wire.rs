//! What a session sends, and how much of it has not been written yet.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent_client_protocol::Client;
use agent_client_protocol::v1::schema::{
    PermissionOption, RequestPermissionRequest, RequestPermissionResponse, SessionId,
    SessionNotification, SessionUpdate, ToolCallUpdate,
};
use agent_client_protocol::v1::{ConnectionTo, SentRequest};
use serde::Deserialize;
use tokio::sync::Notify;

/// How many updates of a session may wait for the client to read; the agent waits beyond that.
const MOST_WAITING: usize = 128;

/// How many bytes of them, but for the one with which there are more: a tool may print megabytes.
const MOST_BYTES: usize = 8 << 20;

/// What of a session waits to be written.
#[derive(Debug, Default)]
struct Backlog {
    waiting: Mutex<Waiting>,
    room: Notify,
}

/// Updates that wait to be written, by their lengths.
#[derive(Debug, Default)]
struct Waiting {
    lengths: VecDeque<usize>,
    bytes: usize,
}

impl Waiting {
    fn add(&mut self, length: usize) {
        self.lengths.push_back(length);
        self.bytes += length;
    }

    /// Forgets the first one.
    fn remove(&mut self) {
        self.bytes -= self.lengths.pop_front().unwrap_or_default();
    }

    fn has_room(&self) -> bool {
        self.lengths.len() < MOST_WAITING && self.bytes < MOST_BYTES
    }
}

impl Backlog {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The backlogs of all sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlogs(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    sessions: Mutex<HashMap<String, Arc<Backlog>>>,
    /// Nobody reads any more.
    is_over: AtomicBool,
}

/// The beginning of a message, as far as it tells whose update it is.
#[derive(Deserialize)]
struct Sent<'a> {
    method: Option<&'a str>,
    #[serde(borrow)]
    params: Option<Of<'a>>,
}

#[derive(Deserialize)]
struct Of<'a> {
    #[serde(rename = "sessionId", borrow)]
    session: Option<std::borrow::Cow<'a, str>>,
}

impl Backlogs {
    fn of(&self, session: &str) -> Arc<Backlog> {
        Arc::clone(self.sessions().entry(session.to_owned()).or_default())
    }

    /// Notes that a line was written.
    pub(super) fn written(&self, line: &str) {
        let Ok(sent) = serde_json::from_str::<Sent<'_>>(line) else {
            return;
        };
        let session = sent.params.and_then(|params| params.session);
        let is_update = sent.method == Some("session/update");
        let Some(session) = session.filter(|_| is_update) else {
            return;
        };
        let mut sessions = self.sessions();
        if let Some(backlog) = sessions.get(&*session) {
            backlog.waiting().remove();
            backlog.room.notify_one();
            let has_ended = Arc::strong_count(backlog) == 1;
            if has_ended && backlog.waiting().lengths.is_empty() {
                sessions.remove(&*session);
            }
        }
    }

    /// Lets nobody wait any more: what is sent from now on is lost.
    pub(super) fn end(&self) {
        self.0.is_over.store(true, SeqCst);
        for backlog in self.sessions().values() {
            backlog.room.notify_one();
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Arc<Backlog>>> {
        let sessions = &self.0.sessions;
        sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a session sends what it has to say.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    connection: ConnectionTo<Client>,
    session: SessionId,
    backlogs: Backlogs,
    backlog: Arc<Backlog>,
}

impl Wire {
    pub(super) fn new(
        connection: ConnectionTo<Client>,
        session: SessionId,
        backlogs: Backlogs,
    ) -> Self {
        let backlog = backlogs.of(&session.0);
        Self {
            connection,
            session,
            backlogs,
            backlog,
        }
    }

    /// Sends an update; one that nobody can hear any more is dropped.
    pub(super) fn update(&self, update: SessionUpdate) {
        self.backlog.waiting().add(length(&update));
        let notification = SessionNotification::new(self.session.clone(), update);
        // The end of the connection is noticed by who runs it.
        let _ = self.connection.send_notification(notification);
    }

    /// Asks the client about a call.
    pub(super) fn ask(
        &self,
        call: ToolCallUpdate,
        options: Vec<PermissionOption>,
    ) -> SentRequest<RequestPermissionResponse> {
        let request = RequestPermissionRequest::new(self.session.clone(), call, options);
        self.connection.send_request(request)
    }

    /// Tells whether more may be sent.
    pub(super) fn has_room(&self) -> bool {
        let is_over = self.backlogs.0.is_over.load(SeqCst);
        is_over || self.backlog.waiting().has_room()
    }

    /// Waits until more may be sent. Dropping the future loses nothing.
    pub(super) async fn room(&self) {
        while !self.has_room() {
            self.backlog.room.notified().await;
        }
    }

    /// Forgets the session, once nothing of it waits any more: loaded again, it waits behind that.
    pub(super) fn close(&self) {
        let mut sessions = self.backlogs.sessions();
        if self.backlog.waiting().lengths.is_empty() {
            sessions.remove(&*self.session.0);
        }
    }
}

/// Returns how long an update is when it is written, in bytes.
fn length(update: &SessionUpdate) -> usize {
    struct Count(usize);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // What cannot be written as JSON is not sent.
    let _ = serde_json::to_writer(&mut count, update);
    count.0
}

#[cfg(test)]
mod tests {
    use agent_client_protocol::v1::schema::ContentChunk;

    use super::*;

    #[test]
    fn an_agent_waits_behind_many_updates_and_behind_long_ones() {
        let mut waiting = Waiting::default();
        for _ in 0..MOST_WAITING {
            assert!(waiting.has_room());
            waiting.add(100);
        }
        assert!(!waiting.has_room());
        waiting.remove();
        assert!(waiting.has_room());
        waiting.add(MOST_BYTES);
        waiting.remove();
        assert!(!waiting.has_room(), "one that is long");
        while !waiting.lengths.is_empty() {
            waiting.remove();
        }
        assert!(waiting.has_room() && waiting.bytes == 0);
        waiting.remove();
    }

    #[test]
    fn an_update_is_as_long_as_it_is_written() {
        let text = "é\n".repeat(1000);
        let update = SessionUpdate::AgentMessageChunk(ContentChunk::new(text.into()));
        let written = serde_json::to_vec(&update).unwrap();
        assert_eq!(length(&update), written.len());
    }

    #[test]
    fn what_a_session_that_was_closed_has_sent_is_counted_until_it_is_written() {
        let backlogs = Backlogs::default();
        let backlog = backlogs.of("s");
        backlog.waiting().add(7);
        drop(backlog);
        assert_eq!(backlogs.of("s").waiting().bytes, 7);
        let line = r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s"}}"#;
        backlogs.written(line);
        assert!(backlogs.sessions().is_empty());
    }
}
