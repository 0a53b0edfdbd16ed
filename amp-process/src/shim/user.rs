//! The user that a shim is in a user namespace, and what it may do there.

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags};

/// A user and group by their numbers.
pub(super) type User = (u32, u32);

/// Makes new namespaces, one of users among them, in which `inside` stands for `outside`, which is
/// who we are.
///
/// There must be one thread alone.
#[expect(
    unsafe_code,
    reason = "a namespace of files would pull them from under other threads"
)]
pub(super) fn unshare(others: UnshareFlags, inside: User, outside: User) -> io::Result<()> {
    // SAFETY: no flag parts the table of descriptors, and this is the only thread.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER | others)? };
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write(
        "/proc/self/uid_map",
        format!("{} {} 1", inside.0, outside.0),
    )?;
    std::fs::write(
        "/proc/self/gid_map",
        format!("{} {} 1", inside.1, outside.1),
    )
}

/// Gives up all capabilities, those that the shim alone needs among them, for good and for root
/// too.
pub(super) fn drop_capabilities() -> rustix::io::Result<()> {
    // These two fail for those who have none, which is as good. What they need comes last.
    let all = CapabilitySet::all() - CapabilitySet::SETPCAP;
    for capability in all.iter().chain([CapabilitySet::SETPCAP]) {
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
    let _ = rustix::thread::clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    let none = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    rustix::thread::set_capabilities(None, none)
}
