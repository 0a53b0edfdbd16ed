//! A PID namespace that a shim makes for itself, alone or with those of a sandbox.
//!
//! The process that the host started makes the namespace and waits; its child, the first process
//! inside, is the shim. The kernel kills everybody inside together with that one, which cannot be
//! killed from within, and which ends with the process that waits, as that ends with the host.

use std::fs::File;
use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};
use rustix::thread::UnshareFlags;

use super::user;

/// Processes of its own, and a view of files that can be changed to show them alone.
const NAMESPACES: UnshareFlags = UnshareFlags::NEWPID.union(UnshareFlags::NEWNS);

/// Which process this is, once the namespace is made.
#[derive(Debug)]
pub(super) enum Side {
    /// The first process inside.
    Inside,
    /// The one that has waited for it, and shall end with this exit code.
    Outside(i32),
}

/// Makes a PID namespace and goes on in its first process.
///
/// It has the files, devices and network of outside, but `/proc` shows its own processes, and
/// nothing in it gains privileges by setuid. The error says which step failed, in either process.
pub(super) fn enter() -> Result<Side, String> {
    enter_by(
        || separate().map_err(failed("the kernel refuses a PID namespace")),
        |has_user| {
            show_own_processes().map_err(failed("its own /proc cannot be mounted"))?;
            let restricted = rustix::thread::set_no_new_privs(true).and_then(|()| match has_user {
                true => user::drop_capabilities(),
                false => Ok(()),
            });
            restricted.map_err(|error| failed("privileges could be gained")(error.into()))
        },
    )
}

/// Makes namespaces, one of processes among them, and goes on in its first process, which does what
/// is left to do by `furnish`.
pub(super) fn enter_by<T>(
    separate: impl FnOnce() -> Result<T, String>,
    furnish: impl FnOnce(T) -> Result<(), String>,
) -> Result<Side, String> {
    // A forked process has one thread only, and a lock that another held stays locked.
    match threads() {
        Ok(1) => {}
        Ok(_) => return Err("threads were started before the shim".to_owned()),
        Err(error) => return Err(failed("its threads cannot be counted")(error)),
    }
    let nowhere = File::options().read(true).write(true).open("/dev/null");
    let nowhere = nowhere.map_err(failed("/dev/null cannot be opened"))?;
    let separated = separate()?;
    end_with_parent().map_err(failed("it could outlive the host"))?;
    let outside = rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty());
    let outside = outside.map_err(|error| failed("it could outlive the host")(error.into()))?;
    if let Some(inside) = fork().map_err(failed("no process can be started in it"))? {
        drop(outside);
        return Ok(Side::Outside(wait_for(inside, &nowhere)));
    }
    end_with_parent().map_err(failed("it could outlive the host"))?;
    let mut outside = [PollFd::new(&outside, PollFlags::IN)];
    // Its end before the request above is not told by a signal.
    if poll(&mut outside, Some(&Timespec::default())) != Ok(0) {
        return Err("the process outside has ended".to_owned());
    }
    furnish(separated)?;
    Ok(Side::Inside)
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("{what}: {error}")
}

fn threads() -> io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}

/// Makes the namespaces; returns whether one of users is among them, which whoever is not root
/// needs for it.
#[expect(
    unsafe_code,
    reason = "a namespace of files would pull them from under other threads"
)]
fn separate() -> io::Result<bool> {
    // SAFETY: no flag parts the table of descriptors.
    match unsafe { rustix::thread::unshare_unsafe(NAMESPACES) } {
        Ok(()) => Ok(false),
        Err(rustix::io::Errno::PERM) => {
            let user = rustix::process::geteuid().as_raw();
            let group = rustix::process::getegid().as_raw();
            user::unshare(NAMESPACES, (user, group), (user, group))?;
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}

fn end_with_parent() -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

/// Starts the first process of the namespace; returns its id, and nothing within it.
#[expect(unsafe_code, reason = "std starts programs only")]
fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: this is the only thread, so the new process has everything that this one has.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        id => Ok(Pid::from_raw(id)),
    }
}

/// Mounts a `/proc` of this namespace over the one of outside, for it alone.
fn show_own_processes() -> io::Result<()> {
    let private = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", private)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount("proc", "/proc", "proc", flags, None)?;
    Ok(())
}

/// Waits for the end of the namespace, and returns the exit code to end with.
fn wait_for(inside: Pid, nowhere: &File) -> i32 {
    // What the shim holds alone tells the host of its end.
    let _ = rustix::stdio::dup2_stdin(nowhere);
    let _ = rustix::stdio::dup2_stdout(nowhere);
    let _ = rustix::stdio::dup2_stderr(nowhere);
    loop {
        match rustix::process::waitpid(Some(inside), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(Some((_, status))) => return status.exit_status().unwrap_or(1),
            Ok(None) | Err(_) => return 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::enter;

    #[test]
    fn a_process_with_threads_makes_no_namespace() {
        let refusal = std::thread::spawn(enter).join().unwrap().unwrap_err();
        assert_eq!(refusal, "threads were started before the shim");
    }
}
