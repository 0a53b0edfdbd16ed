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
//! On Linux, the shim makes namespaces in which there is nothing but what the policy names, or
//! bubblewrap does where the kernel lets it alone ([`Backend`]); Landlock states the rules about files
//! once more; a filter (seccomp) refuses the system calls that lead out of a sandbox; resource limits
//! are set last. The network within is empty but for listeners that the shim binds and hands out to
//! the host, where names are looked up and connections are made: no address, no name server and no
//! other port can be reached from inside.
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

#[cfg(not(target_os = "linux"))]
pub(crate) mod elsewhere;
#[cfg(target_os = "linux")]
pub(crate) mod linux;

pub use decision::{Decision, NetworkLog, Refusal};
pub use host_rule::{HostRule, InvalidHostRule};
pub use layer::{Absence, Layer, LayerStatus};
#[cfg(all(fuzzing, target_os = "linux"))]
pub use linux::fuzz_parsers;
pub use policy::{Access, Limits, Network, Policy, Variables};
pub use request::{Backend, Sandbox};
pub use seatbelt::profile as seatbelt_profile;
pub use status::SandboxStatus;
