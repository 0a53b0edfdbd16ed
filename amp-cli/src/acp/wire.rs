//! What a session sends, and how much of it has not been written yet.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
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

/// How many updates of a session wait to be written.
#[derive(Debug, Default)]
struct Backlog {
    waiting: AtomicUsize,
    room: Notify,
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
        if let Some(backlog) = self.sessions().get(&*session) {
            let less = |waiting: usize| Some(waiting.saturating_sub(1));
            // The update itself never fails.
            let _ = backlog.waiting.fetch_update(SeqCst, SeqCst, less);
            backlog.room.notify_one();
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
        self.backlog.waiting.fetch_add(1, SeqCst);
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
        is_over || self.backlog.waiting.load(SeqCst) < MOST_WAITING
    }

    /// Waits until more may be sent. Dropping the future loses nothing.
    pub(super) async fn room(&self) {
        while !self.has_room() {
            self.backlog.room.notified().await;
        }
    }

    /// Forgets the session.
    pub(super) fn close(&self) {
        self.backlogs.sessions().remove(&*self.session.0);
    }
}
