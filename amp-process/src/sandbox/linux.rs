//! The backend of Linux: namespaces, Landlock, a filter of system calls, limits.
//!
//! [`backend`] puts a launch into its sandbox by a [`plan`] of all that enforces the policy. The
//! namespaces and the files in them are a [`view`], which the shim makes, or [`bubblewrap`] where
//! the kernel lets it alone. What the shim does to itself then travels to it as a [`confinement`];
//! [`confined`] is the host's part of a program that runs, with the [`proxy`] that serves its
//! network.

mod address;
pub(crate) mod backend;
mod bubblewrap;
mod client_hello;
pub(crate) mod confined;
pub(crate) mod confinement;
mod connect_head;
pub(crate) mod entry;
mod evidence;
mod host_names;
pub(crate) mod landlock;
mod links;
pub(crate) mod mount;
mod name_query;
mod plan;
mod proxy;
pub(crate) mod seccomp;
pub(crate) mod shells;
mod temporary;
pub(crate) mod view;

/// Reads any bytes as the head of a request, as a question about a name and as the first message of
/// TLS, for the fuzzer.
#[cfg(fuzzing)]
pub fn fuzz_parsers(bytes: &[u8]) {
    if let connect_head::ConnectHead::Target(_, length) = connect_head::parse(bytes) {
        assert!(length <= bytes.len());
    }
    if let Some(query) = name_query::parse(bytes) {
        assert!(query.deny().len() <= bytes.len());
    }
    let whole = client_hello::parse(bytes);
    if let client_hello::ClientHello::Name(_) = whole {
        // What follows the message changes nothing.
        let longer = [bytes, b"\x17\x03\x03\x00\x01\x00"].concat();
        assert_eq!(client_hello::parse(&longer), whole);
    }
}
