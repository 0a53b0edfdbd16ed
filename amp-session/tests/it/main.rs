//! Behaviour of the crate as its users see it.

mod answer;
mod builds;
mod credentials;
mod invocation;
mod permission;
mod settings;

// The fake agent plays its part on Unix only.
#[cfg(unix)]
mod caps;
#[cfg(unix)]
mod check;
#[cfg(unix)]
mod count;
#[cfg(unix)]
mod disk;
mod framing;
#[cfg(unix)]
mod front_page;
#[cfg(unix)]
mod killed_host;
#[cfg(unix)]
mod ledger;
#[cfg(unix)]
mod messages;
#[cfg(unix)]
mod outcomes;
#[cfg(unix)]
mod probe;
#[cfg(unix)]
mod retry;
#[cfg(unix)]
mod rules;
#[cfg(unix)]
mod service;
#[cfg(unix)]
mod support;
#[cfg(unix)]
mod turn;
mod unfinished;
