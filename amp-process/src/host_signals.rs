//! What signals do to the host itself: it must hear of its children, and may be suspended.

use std::io;
use std::mem::MaybeUninit;

use crate::error::Error;

/// Gives SIGCHLD its default effect back where it is ignored.
///
/// A process inherits an ignored SIGCHLD from whoever started it, and hands it on. The kernel then
/// throws the exit code of every child away.
pub(crate) fn hear_of_children() -> Result<(), Error> {
    let failed = Error::io("hear of the end of children");
    let mut action = match current(libc::SIGCHLD) {
        Ok(action) => action,
        Err(error) => return Err(failed(error)),
    };
    if action.sa_sigaction == libc::SIG_IGN {
        action = default_action();
    } else if action.sa_flags & libc::SA_NOCLDWAIT == 0 {
        return Ok(());
    }
    action.sa_flags &= !libc::SA_NOCLDWAIT;
    replace(libc::SIGCHLD, &action).map(drop).map_err(failed)
}

/// Returns whether Ctrl-Z may suspend this process; whoever started it may have ruled that out.
///
/// Ask before a handler for SIGTSTP is installed, which changes the answer.
#[must_use]
pub fn can_be_suspended() -> bool {
    current(libc::SIGTSTP).is_ok_and(|action| action.sa_sigaction != libc::SIG_IGN)
}

/// Suspends this process as Ctrl-Z does by default, and returns when it has been continued.
///
/// For a host that handles SIGTSTP to [pause](crate::Process::pause) its programs first. It returns
/// at once where nobody could continue this process, because its process group is orphaned: no
/// parent of it belongs to a shell with job control.
///
/// It blocks the whole process. Only one thread may call it at a time.
///
/// # Errors
///
/// When the operating system refuses.
pub fn suspend_host() -> io::Result<()> {
    let handled = replace(libc::SIGTSTP, &default_action())?;
    // The kernel alone knows for sure whether the group is orphaned, and then ignores the signal.
    let raised = raise(libc::SIGTSTP);
    replace(libc::SIGTSTP, &handled)?;
    raised
}

/// Returns what a signal does at present.
#[expect(unsafe_code, reason = "no safe wrapper asks for a signal's effect")]
fn current(signal: libc::c_int) -> io::Result<libc::sigaction> {
    let mut action = MaybeUninit::zeroed();
    // SAFETY: without a new action nothing changes; the old one is written to `action`, which is
    // valid when all bytes are zero.
    unsafe {
        match libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) {
            0 => Ok(action.assume_init()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Changes what a signal does, and returns what it did before.
#[expect(unsafe_code, reason = "no safe wrapper restores a signal's effect")]
fn replace(signal: libc::c_int, action: &libc::sigaction) -> io::Result<libc::sigaction> {
    let mut before = MaybeUninit::zeroed();
    // SAFETY: `action` is the default one or came from the operating system, so a handler in it is
    // one that was installed before; the old action is written to `before`.
    unsafe {
        match libc::sigaction(signal, action, before.as_mut_ptr()) {
            0 => Ok(before.assume_init()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

#[expect(unsafe_code, reason = "the structure differs between platforms")]
fn default_action() -> libc::sigaction {
    // SAFETY: all zero is a valid action: the default one (`SIG_DFL` is 0), with an empty mask.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = libc::SIG_DFL;
    action
}

/// Sends a signal to the calling thread; it has had its effect when this returns.
#[expect(unsafe_code, reason = "no safe wrapper signals a thread")]
fn raise(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: it takes a number and touches no memory.
    match unsafe { libc::raise(signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
