//! A disk that does not answer: here a lock of the record that somebody else never gives back.

use std::fs::File;
use std::time::Duration;

use amp_session::{
    DISK_LIMIT, ErrorKind, Ledger, NewSession, Session, SessionConfig, Status, Turn, TurnItem,
};
use tempfile::TempDir;

use crate::support::{INIT, SEPTEMBER, SUCCESS, playing};

const LIMIT: Duration = Duration::from_millis(100);

/// Begins a session that is recorded, and waits a moment for the disk.
fn recorded(home: &TempDir, script: &str) -> Session {
    recorded_within(LIMIT, home, script)
}

/// Begins a session that is recorded, and waits so long for the disk.
fn recorded_within(limit: Duration, home: &TempDir, script: &str) -> Session {
    let amp = playing(home, SEPTEMBER, script);
    let ledger = Ledger::new(home.path().join("ledger"));
    let record = ledger.create(NewSession::new()).unwrap();
    let record = record.with_disk_limit(limit);
    let config = SessionConfig::default().with_working_directory(home.path());
    let session = amp.start(config).unwrap();
    session.recorded(record)
}

/// Takes what every change of a record waits for, until it is dropped.
fn hold_up(session: &Session) -> File {
    let folder = session.record().unwrap().folder();
    let lock = File::open(folder.join("session.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

async fn end_of(mut turn: Turn) -> (Status, Option<String>) {
    loop {
        if let TurnItem::End(outcome) = turn.next_item().await.unwrap() {
            return (outcome.status, outcome.ledger_failure);
        }
    }
}

#[tokio::test]
async fn a_turn_is_not_begun_where_its_beginning_cannot_be_recorded() {
    let home = TempDir::new().unwrap();
    let session = recorded(&home, &format!("touch started; {INIT}; {SUCCESS}"));
    let held = hold_up(&session);
    let error = session.prompt("Do it.").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Files);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "the disk did not answer within 0.1 s");
    assert!(!home.path().join("started").exists());
    drop(held);
    let turn = session.prompt("Do it.").await.unwrap();
    assert_eq!(end_of(turn).await, (Status::Completed, None));
}

#[tokio::test]
async fn the_next_turn_waits_for_a_beginning_that_was_given_up() {
    let home = TempDir::new().unwrap();
    let session = recorded_within(DISK_LIMIT, &home, &format!("{INIT}; {SUCCESS}"));
    let turn = session.prompt("The thread is known from now on.").await;
    let thread = turn.unwrap().finish().await.thread.unwrap();
    let held = hold_up(&session);
    let lock = home
        .path()
        .join(format!(".local/state/ampctl/threads/{thread}.lock"));
    let until_locked = async {
        while !lock.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        begun = session.prompt("Given up.") => panic!("it has begun: {begun:?}"),
        () = until_locked => {}
    }
    let (turn, ()) = tokio::join!(session.prompt("Do it."), async { drop(held) });
    assert_eq!(end_of(turn.unwrap()).await, (Status::Completed, None));
}

#[tokio::test]
async fn a_turn_ends_where_its_end_cannot_be_recorded_and_says_so() {
    let home = TempDir::new().unwrap();
    let session = recorded(&home, &format!("read-all; {INIT}; {SUCCESS}"));
    let mut turn = session.prompt("Do it.").await.unwrap();
    // The thread is noted before anybody hears of it.
    turn.next_line().await.unwrap();
    let _held = hold_up(&session);
    let (status, failure) = end_of(turn).await;
    assert_eq!(status, Status::Completed);
    let failure = failure.unwrap();
    assert!(
        failure.ends_with("the disk did not answer within 0.1 s"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_turn_is_cancelled_while_its_thread_cannot_be_noted() {
    let home = TempDir::new().unwrap();
    let session = recorded(&home, &format!("read-all; {INIT}; hang"));
    let turn = session.prompt("Do it.").await.unwrap();
    let _held = hold_up(&session);
    turn.cancel();
    let (status, failure) = end_of(turn).await;
    assert_eq!(status, Status::Cancelled);
    assert!(failure.is_some());
}
