//! Recorded sessions, as a client lists, loads and deletes them.

use std::time::{Duration, UNIX_EPOCH};

use agent_client_protocol::v1::schema::{
    ListSessionsRequest, ListSessionsResponse, SessionInfo, SessionInfoUpdate, SessionUpdate,
};
use agent_client_protocol::{Error, ErrorCode};
use amp_session::{SessionMetadata, SessionRecord, ThreadId, recorded_folder};

use super::client::Shows;
use super::error::{invalid, no_session, of_failure};
use super::mapping::{Mapping, Moment};
use super::wire::Wire;
use crate::context::Context;
use crate::failure::Failure;
use crate::sessions::{Sessions, refuse_in_use};

/// How many sessions a list has at a time.
const PAGE: usize = 100;

/// Lists the recorded sessions that have begun, the one used last first.
///
/// # Errors
/// Fails when the records cannot be listed, and for a cursor that no list of ours has.
pub(super) fn list(
    request: &ListSessionsRequest,
    context: &Context,
) -> Result<ListSessionsResponse, Error> {
    let of = |error: &dyn Fn() -> Result<Vec<SessionRecord>, Failure>| {
        error().map_err(|it| of_failure(&it))
    };
    let records = of(&|| Ok(Sessions::open(context)?.ledger().sessions()?))?;
    let folder = request.cwd.as_deref().map(recorded_folder);
    let mut listed = records
        .iter()
        .map(SessionRecord::metadata)
        .filter(|metadata| {
            let is_there = folder.is_none() || metadata.working_directory == folder;
            is_there && has_begun(metadata)
        });
    if let Some(cursor) = &request.cursor {
        let before = listed.by_ref();
        if !before.any(|metadata| metadata.id.as_str() == cursor) {
            return Err(invalid(format!("there is no cursor `{cursor}`")));
        }
    }
    let page: Vec<&SessionMetadata> = listed.by_ref().take(PAGE).collect();
    let next = listed.next().and(page.last());
    let next = next.map(|metadata| metadata.id.to_string());
    let sessions = page.into_iter().map(|metadata| {
        // The protocol wants one; records of this program always have it.
        let folder = metadata
            .working_directory
            .clone()
            .unwrap_or_else(|| "/".into());
        SessionInfo::new(metadata.id.as_str().to_owned(), folder)
            .title(title(metadata))
            .updated_at(Some(time(metadata.updated_at)))
    });
    Ok(ListSessionsResponse::new(sessions.collect()).next_cursor(next))
}

/// Tells whether anything was said in a session.
pub(super) fn has_begun(metadata: &SessionMetadata) -> bool {
    metadata.title.is_some() || metadata.thread.is_some()
}

fn title(metadata: &SessionMetadata) -> Option<String> {
    metadata.name.clone().or_else(|| metadata.title.clone())
}

/// Writes milliseconds since the UNIX epoch as RFC 3339 has them.
fn time(milliseconds: u64) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
    humantime::format_rfc3339_seconds(time.unwrap_or(UNIX_EPOCH)).to_string()
}

/// Returns what a client's list shows of a session.
pub(super) fn info(metadata: &SessionMetadata) -> SessionUpdate {
    let update = SessionInfoUpdate::new().updated_at(time(metadata.updated_at));
    SessionUpdate::SessionInfoUpdate(match title(metadata) {
        Some(title) => update.title(title),
        None => update,
    })
}

/// What an id of a client means.
pub(super) enum Meant {
    /// A session with a record.
    Record(Box<SessionRecord>),
    /// A thread of the service that there is no record of.
    Thread(ThreadId),
}

/// Finds the session of an id: a record's own, or that of a thread.
///
/// # Errors
/// Fails when there is none, and when a turn of it is running.
pub(super) fn find(id: &str, context: &Context) -> Result<Meant, Error> {
    let sessions = Sessions::open(context).map_err(|failure| of_failure(&failure))?;
    let found = match id.parse() {
        Ok(id) => sessions.ledger().open(&id).ok(),
        Err(_) => None,
    };
    let thread: Option<ThreadId> = id.parse().ok();
    let by_thread = |thread: &ThreadId| sessions.ledger().find(thread.as_str()).ok()?.pop();
    match (
        found.or_else(|| thread.as_ref().and_then(by_thread)),
        thread,
    ) {
        (Some(record), _) => {
            let later = "it can be loaded when that has ended";
            refuse_in_use(&record, later).map_err(|failure| of_failure(&failure))?;
            Ok(Meant::Record(Box::new(record)))
        }
        (None, Some(thread)) => Ok(Meant::Thread(thread)),
        (None, None) => Err(no_session(id)),
    }
}

/// Tells everything that a record has, as it was told when it happened.
///
/// # Errors
/// Fails when the record cannot be read to its end.
pub(super) async fn tell(
    record: &SessionRecord,
    folder: &std::path::Path,
    shows: Shows,
    wire: &Wire,
) -> Result<(), Failure> {
    for turn in record.turns()? {
        let number = turn.number().into();
        let mut mapping = Mapping::new(folder, number, Moment::Later, shows);
        if let Some(prompt) = turn.start()?.and_then(|start| start.prompt) {
            wire.update(mapping.prompt(&prompt));
        }
        let mut replayed = turn.replay()?;
        while let Some(item) = replayed.next_item().await {
            // A client that takes its request back is heard in between.
            tokio::task::yield_now().await;
            for update in mapping.item(&item) {
                wire.room().await;
                wire.update(update);
            }
        }
    }
    Ok(())
}

/// Deletes the record of a session, if there is one; the thread of the service is not touched.
///
/// # Errors
/// Fails when a turn of it is running.
pub(super) fn delete(id: &str, context: &Context) -> Result<(), Error> {
    match find(id, context) {
        Ok(Meant::Record(record)) => {
            let deleted =
                Sessions::open(context).and_then(|sessions| sessions.delete(&record, context));
            deleted.map_err(|failure| of_failure(&failure))
        }
        Ok(Meant::Thread(_)) => Ok(()),
        Err(error) if error.code == ErrorCode::RESOURCE_NOT_FOUND => Ok(()),
        Err(error) => Err(error),
    }
}
