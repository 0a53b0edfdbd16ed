//! Amp as an agent of the Agent Client Protocol, for editors: `ampctl acp`.
//!
//! One connection carries many sessions. The connection runs on the thread of the command; every
//! session has a thread and a runtime of its own, so that none waits for the record, the files or the
//! processes of another. What they send goes through one queue to the thread that writes
//! ([`transport`]), and each counts what of it is not written yet ([`wire`]): a client that reads
//! nothing suspends the agents, and neither their deadlines nor the other sessions' orders.

mod approval;
mod client;
mod commands;
mod error;
mod history;
mod host;
mod mapping;
mod mcp;
mod opening;
mod options;
mod peer;
mod prompt;
mod session;
mod transport;
mod wire;

pub(crate) use self::peer::serve;
