//! What the sessions of a connection have in common, and which of them are open.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::{Semaphore, mpsc};

use super::client::Client;
use super::error::no_session;
use super::session::Order;
use super::wire::Backlogs;
use crate::arguments::{AcpArguments, GlobalArguments};
use crate::context::{Context, Surroundings};

/// Where a session hears what it is to do.
pub(super) type Orders = mpsc::UnboundedSender<Order>;

/// What the sessions of a connection have in common.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) arguments: AcpArguments,
    pub(super) global: GlobalArguments,
    pub(super) surroundings: Surroundings,
    pub(super) backlogs: Backlogs,
    client: Mutex<Client>,
    open: Mutex<Open>,
    unrecorded: AtomicU64,
    looking: Arc<Semaphore>,
}

#[derive(Debug)]
struct Open {
    sessions: HashMap<String, Orders>,
    /// Held by every thread that works, and by this until the connection ends.
    working: Option<mpsc::Sender<Infallible>>,
}

/// Tells when nobody works any more.
pub(super) struct Idle(mpsc::Receiver<Infallible>);

impl Idle {
    /// Waits until every thread has ended, which none begins once [`Host::end`] was called.
    pub(super) async fn wait(&mut self) {
        // Nobody sends: the end of the channel is all it tells.
        let _ = self.0.recv().await;
    }
}

impl Host {
    pub(super) fn new(
        arguments: AcpArguments,
        global: GlobalArguments,
        context: &Context,
        backlogs: Backlogs,
    ) -> (Arc<Self>, Idle) {
        let (working, idle) = mpsc::channel(1);
        let host = Self {
            arguments,
            global,
            surroundings: context.surroundings(),
            backlogs,
            client: Mutex::default(),
            open: Mutex::new(Open {
                sessions: HashMap::new(),
                working: Some(working),
            }),
            unrecorded: AtomicU64::new(1),
            looking: Arc::new(Semaphore::new(1)),
        };
        (Arc::new(host), Idle(idle))
    }

    pub(super) fn client(&self) -> Client {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn know(&self, client: Client) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// Runs work on a thread of its own, unless the connection has ended.
    ///
    /// # Errors
    /// Fails when the operating system has no thread for it.
    pub(super) fn work(&self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let Some(working) = self.open().working.clone() else {
            return Ok(());
        };
        thread::Builder::new().spawn(move || {
            let _working = working;
            work();
        })?;
        Ok(())
    }

    /// Makes a session known; one of the same id that is open already ends.
    pub(super) fn register(&self, id: &str, orders: Orders) {
        let mut open = self.open();
        // After the end of the connection, its orders end at once.
        if open.working.is_some() {
            open.sessions.insert(id.to_owned(), orders);
        }
    }

    /// Forgets a session and returns where it hears what it is to do.
    pub(super) fn take(&self, id: &str) -> Option<Orders> {
        self.open().sessions.remove(id)
    }

    /// Tells a session what to do, or answers that there is none.
    pub(super) fn order(&self, id: &str, order: Order) {
        let orders = self.open().sessions.get(id).cloned();
        let unsent = match orders {
            Some(orders) => orders.send(order).err().map(|unsent| unsent.0),
            None => Some(order),
        };
        if let Some(order) = unsent {
            order.refuse(no_session(id));
        }
    }

    /// Ends every session; no more work begins.
    pub(super) fn end(&self) {
        let mut open = self.open();
        open.sessions.clear();
        open.working = None;
    }

    /// Returns whose turn it is to look for skills.
    pub(super) fn looking(&self) -> Arc<Semaphore> {
        Arc::clone(&self.looking)
    }

    /// Returns an id for a session without a record.
    pub(super) fn unrecorded_id(&self) -> String {
        format!("unrecorded-{}", self.unrecorded.fetch_add(1, Relaxed))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
