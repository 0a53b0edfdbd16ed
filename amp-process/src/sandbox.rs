//! What a program may reach, enforced by the operating system.
//!
//! A [`Policy`] says which files, hosts and variables a program sees and how much it may use. A
//! [`Sandbox`] with it goes into a [`ProcessSpec`](crate::ProcessSpec); the containment that owns
//! the program's process tree then enforces it too, in the same spawn.
//!
//! ```no_run
//! use amp_process::ProcessSpec;
//! use amp_process::sandbox::{Access, Policy, Sandbox};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::new()
//!     .with_files("/home/me/project", Access::Writable)
//!     .with_host("example.com".parse()?)
//!     .with_variable("PATH");
//! let process = ProcessSpec::new("make")
//!     .with_working_directory("/home/me/project")
//!     .with_sandbox(Sandbox::new(policy))
//!     .spawn()
//!     .await?;
//! if let Some(status) = process.sandbox() {
//!     println!("{:?}", status.network().decisions());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Layers
//!
//! On Linux, bubblewrap makes namespaces in which there is nothing but what the policy names;
//! Landlock states the rules about files once more; a filter (seccomp) refuses the system calls
//! that lead out of a sandbox; resource limits are set last. The network within is empty but for
//! listeners that the shim binds and hands out to the host, where names are looked up and
//! connections are made: no address, no name server and no other port can be reached from inside.
//!
//! What cannot be enforced is refused, and the error says why, unless the sandbox is asked for
//! [with best effort](Sandbox::best_effort): then [`SandboxStatus::layers`] tells what is missing.
//! Other systems have no backend that was tried, and refuse; for macOS a [profile](seatbelt_profile)
//! can be read.
//!
//! # Limits
//!
//! A program can fill the disk below folders it may write to. Names that a `*` allows can carry
//! data to the name servers of that domain. Resource limits are those of the kernel, for each
//! process; its limit of processes does not count those of root.

mod decision;
mod host_name;
mod host_rule;
pub(crate) mod layer;
mod policy;
pub(crate) mod request;
mod seatbelt;
pub(crate) mod status;

#[cfg_attr(target_os = "linux", path = "sandbox/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "sandbox/elsewhere.rs")]
pub(crate) mod backend;

#[cfg(target_os = "linux")]
mod address;
#[cfg(target_os = "linux")]
mod bubblewrap;
#[cfg(target_os = "linux")]
mod client_hello;
#[cfg(target_os = "linux")]
pub(crate) mod confined;
#[cfg(target_os = "linux")]
pub(crate) mod confinement;
#[cfg(target_os = "linux")]
mod connect_head;
#[cfg(target_os = "linux")]
pub(crate) mod entry;
#[cfg(target_os = "linux")]
mod host_names;
#[cfg(target_os = "linux")]
pub(crate) mod landlock;
#[cfg(target_os = "linux")]
mod links;
#[cfg(target_os = "linux")]
mod mount;
#[cfg(target_os = "linux")]
mod name_query;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod proxy;
#[cfg(target_os = "linux")]
pub(crate) mod seccomp;
#[cfg(target_os = "linux")]
mod temporary;

pub use decision::{Decision, NetworkLog, Refusal};
pub use host_rule::{HostRule, InvalidHostRule};
pub use layer::{Absence, Layer, LayerStatus};
pub use policy::{Access, Limits, Network, Policy, Variables};
pub use request::Sandbox;
pub use seatbelt::profile as seatbelt_profile;
pub use status::SandboxStatus;

/// Reads any bytes as the head of a request, as a question about a name and as the first message of
/// TLS, for the fuzzer.
#[cfg(all(fuzzing, target_os = "linux"))]
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
