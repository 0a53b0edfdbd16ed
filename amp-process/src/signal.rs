//! Signals by number and name, the same type on every platform.

use std::fmt;

/// A signal number of the platform that this was built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(i32);

/// Names of the signals whose numbers are the same on all supported platforms.
const PORTABLE: &[(i32, &str)] = &[
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
];

/// Names of the signals whose numbers differ between platforms.
#[cfg(any(target_os = "linux", target_os = "android"))]
const OWN: &[(i32, &str)] = &[
    (7, "SIGBUS"),
    (10, "SIGUSR1"),
    (12, "SIGUSR2"),
    (17, "SIGCHLD"),
    (18, "SIGCONT"),
    (19, "SIGSTOP"),
    (20, "SIGTSTP"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (31, "SIGSYS"),
];

/// Names of the signals whose numbers differ between platforms.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const OWN: &[(i32, &str)] = &[
    (10, "SIGBUS"),
    (12, "SIGSYS"),
    (17, "SIGSTOP"),
    (18, "SIGTSTP"),
    (19, "SIGCONT"),
    (20, "SIGCHLD"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (30, "SIGUSR1"),
    (31, "SIGUSR2"),
];

impl Signal {
    /// SIGHUP
    pub const HANG_UP: Self = Self(1);
    /// SIGINT
    pub const INTERRUPT: Self = Self(2);
    /// SIGKILL
    pub const KILL: Self = Self(9);
    /// SIGTERM
    pub const TERMINATE: Self = Self(15);

    /// SIGCONT
    #[cfg(unix)]
    pub(crate) const CONTINUE: Self = Self(rustix::process::Signal::CONT.as_raw());
    /// SIGSTOP
    #[cfg(unix)]
    pub(crate) const STOP: Self = Self(rustix::process::Signal::STOP.as_raw());

    /// Returns the signal with this number.
    pub fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub fn number(self) -> i32 {
        self.0
    }

    /// Returns the name, such as `SIGTERM`, when it has one that we know.
    pub fn name(self) -> Option<&'static str> {
        let mut known = PORTABLE.iter().chain(OWN);
        known
            .find(|(number, _)| *number == self.0)
            .map(|(_, name)| *name)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "signal {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Signal;

    #[test]
    fn names_what_it_knows_and_numbers_the_rest() {
        assert_eq!(Signal::TERMINATE.to_string(), "SIGTERM");
        assert_eq!(Signal::from_number(63).to_string(), "signal 63");
    }
}
