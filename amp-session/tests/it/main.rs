//! Behaviour of the crate as its users see it.

mod credentials;
mod invocation;
mod killed_host;
mod ledger;
mod outcomes;
mod settings;
mod support;
mod turn;
