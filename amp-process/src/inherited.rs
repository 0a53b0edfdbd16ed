//! Descriptors that this program was started with.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Takes a descriptor that this program has inherited under a number, to write to it; no program
/// that is started from now on gets it.
///
/// Everything that Rust opens is closed on the start of another program, and what was inherited
/// cannot be: so a number that something in this process has opened, or that was taken before, is
/// told from one that is free to be owned.
///
/// # Errors
///
/// With [`io::ErrorKind::InvalidInput`] for standard input, output and error, for what is no
/// inherited descriptor, and for one that cannot be written to; and when the system refuses.
#[expect(unsafe_code, reason = "no safe wrapper takes a number")]
pub fn take_inherited(number: RawFd) -> io::Result<OwnedFd> {
    let refused = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if (0..=2).contains(&number) {
        return refused("it is a standard stream");
    }
    // SAFETY: it reads flags; of a number that is no descriptor it says so.
    let (flags, status) = unsafe {
        (
            libc::fcntl(number, libc::F_GETFD),
            libc::fcntl(number, libc::F_GETFL),
        )
    };
    if flags < 0 || status < 0 {
        return refused("it is not open");
    }
    if flags & libc::FD_CLOEXEC != 0 {
        return refused("this program was not started with it");
    }
    if status & libc::O_ACCMODE == libc::O_RDONLY {
        return refused("it is open for reading alone");
    }
    // SAFETY: it sets a flag that `execve` alone reads.
    if unsafe { libc::fcntl(number, libc::F_SETFD, flags | libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and nobody else in this process owns it: it lacked the flag that all have
    // that was opened here, and has it now.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::{AsRawFd, IntoRawFd};

    use rustix::io::{FdFlags, dup, fcntl_getfd};

    use super::take_inherited;

    fn refusal(number: i32) -> String {
        take_inherited(number)
            .expect_err("no descriptor")
            .to_string()
    }

    #[test]
    fn what_was_inherited_is_owned_once_and_not_passed_on() {
        let file = tempfile::tempfile().expect("a file");
        // As one that a parent left open: it has no flag.
        let number = dup(&file).expect("a copy").into_raw_fd();
        let taken = take_inherited(number).expect("a descriptor");
        assert_eq!(fcntl_getfd(&taken).expect("its flags"), FdFlags::CLOEXEC);
        assert_eq!(refusal(number), "this program was not started with it");
        std::fs::File::from(taken)
            .write_all(b"line")
            .expect("it is open");
    }

    #[test]
    fn what_is_no_inherited_descriptor_to_write_to_is_refused() {
        for number in 0..=2 {
            assert_eq!(refusal(number), "it is a standard stream");
        }
        assert_eq!(refusal(-1), "it is not open");
        assert_eq!(refusal(1 << 20), "it is not open");
        let own = tempfile::tempfile().expect("a file");
        assert_eq!(
            refusal(own.as_raw_fd()),
            "this program was not started with it"
        );
        let null = std::fs::File::open("/dev/null").expect("a device");
        let number = dup(&null).expect("a copy").into_raw_fd();
        assert_eq!(refusal(number), "it is open for reading alone");
    }
}
