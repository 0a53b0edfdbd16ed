//! Amp as an agent of the Agent Client Protocol, for editors: `ampctl acp`.

#![cfg_attr(not(test), expect(dead_code, reason = "the peer that uses it follows"))]

mod client;
mod mapping;
