//! The layers of protection, and why one cannot be had here.

use std::fmt;

/// One thing that a sandbox keeps a program from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// Files that are not allowed cannot be read or changed.
    Files,
    /// Temporary files and the other private folders are the program's own.
    PrivateFolders,
    /// Processes outside cannot be seen, signalled or traced.
    Processes,
    /// Services that are not allowed cannot be reached.
    Network,
    /// Calls of the system that lead out of a sandbox fail.
    SystemCalls,
    /// Rules about files once more, by another mechanism of the kernel.
    FileRules,
    /// Processes, memory, files and time are limited.
    Limits,
    /// Commands do not see the variables that the program alone shall have.
    WithheldVariables,
}

/// Why a layer cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// There is no backend for this operating system or processor.
    Platform,
    /// The kernel filters no system calls (seccomp).
    NoFilter,
    /// Bubblewrap (`bwrap`), which may be let do what we are not, is not installed; why we are not,
    /// where that was tried.
    NoBubblewrap(Option<Box<Absence>>),
    /// The bubblewrap at hand is older than 0.8; what it said.
    OldBubblewrap(String),
    /// The kernel is told to give no user namespaces (by this setting of `sysctl`).
    UserNamespacesOff(&'static str),
    /// AppArmor lets only programs with a profile of their own make user namespaces.
    AppArmor,
    /// A namespace cannot be made, as within many containers; what was said.
    NamespaceRefused(String),
    /// What was made is not what was asked for; what was found instead.
    NotSeparate(String),
    /// A namespace can be made, but not what needs capabilities in it; what was said.
    NoCapabilities(String),
    /// The host cannot be started again as a shim; why.
    NoShim(String),
    /// The kernel has no Landlock, or one that is too old; the version that it has.
    Landlock {
        /// The version of its interface; 0 when there is none.
        version: u8,
    },
    /// Landlock alone cannot do this.
    BeyondLandlock,
    /// The kernel does not count the processes of root.
    RootIsNotCounted,
}

/// One layer of a sandbox, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerStatus {
    /// Which one.
    pub layer: Layer,
    /// What provides it, such as `namespaces`.
    pub by: &'static str,
    /// Why it is not there; `None` when it is.
    pub absence: Option<Absence>,
    /// Whether the policy is not kept without it; otherwise it is a second line of defence.
    pub required: bool,
}

impl Layer {
    /// Returns the name, such as `files`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::PrivateFolders => "private folders",
            Self::Processes => "processes",
            Self::Network => "network",
            Self::SystemCalls => "system calls",
            Self::FileRules => "file rules",
            Self::Limits => "limits",
            Self::WithheldVariables => "withheld variables",
        }
    }
}

impl LayerStatus {
    /// Describes a layer that is there.
    #[cfg(target_os = "linux")]
    pub(super) fn present(layer: Layer, by: &'static str) -> Self {
        Self {
            layer,
            by,
            absence: None,
            required: true,
        }
    }

    /// Describes a layer that the policy needs and that cannot be had.
    #[cfg(target_os = "linux")]
    pub(super) fn absent(layer: Layer, by: &'static str, absence: Absence) -> Self {
        Self {
            absence: Some(absence),
            ..Self::present(layer, by)
        }
    }

    /// Returns whether the policy is not kept because of this.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.required && self.absence.is_some()
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => formatter.write_str("no backend for this system is tried"),
            Self::NoFilter => formatter.write_str("the kernel filters no system calls (seccomp)"),
            Self::NoBubblewrap(reason) => {
                if let Some(reason) = reason {
                    write!(formatter, "{reason}, and ")?;
                }
                formatter.write_str("bubblewrap (bwrap) is not installed")
            }
            Self::OldBubblewrap(said) => {
                write!(formatter, "bubblewrap is older than 0.8: {said}")
            }
            Self::UserNamespacesOff(setting) => {
                write!(formatter, "user namespaces are off, see `sysctl {setting}`")
            }
            Self::AppArmor => formatter.write_str(
                "AppArmor restricts user namespaces, see \
                 `sysctl kernel.apparmor_restrict_unprivileged_userns`",
            ),
            Self::NamespaceRefused(said) => {
                write!(formatter, "a namespace cannot be made: {said}")
            }
            Self::NotSeparate(found) => {
                write!(formatter, "what is made is no sandbox: {found}")
            }
            Self::NoCapabilities(said) => write!(
                formatter,
                "a namespace can be made, but no capability counts in it: {said}"
            ),
            Self::NoShim(reason) => formatter.write_str(reason),
            Self::Landlock { version: 0 } => {
                formatter.write_str("the kernel has no Landlock, or does not use it")
            }
            Self::Landlock { version } => {
                write!(formatter, "Landlock of version {version} is too old")
            }
            Self::BeyondLandlock => formatter.write_str("Landlock alone cannot do it"),
            Self::RootIsNotCounted => {
                formatter.write_str("the kernel does not count the processes of root")
            }
        }
    }
}

/// What came of a trial that failed.
#[cfg(any(test, target_os = "linux"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TrialFailure {
    /// The shim was not started; what was said.
    NotStarted(String),
    /// The shim found something that is as it is outside.
    NotSeparate(String),
    /// The shim could not do what it has to do first.
    Powerless(String),
}

#[cfg(any(test, target_os = "linux"))]
impl fmt::Display for TrialFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(said) | Self::NotSeparate(said) | Self::Powerless(said) => {
                formatter.write_str(said)
            }
        }
    }
}

/// Turns the failure of a trial into the reason behind it.
///
/// `setting` reads a setting of the kernel, such as `user.max_user_namespaces`; `None` where there
/// is no such setting.
#[cfg(any(test, target_os = "linux"))]
pub(super) fn diagnose(
    failure: &TrialFailure,
    setting: impl Fn(&str) -> Option<String>,
) -> Absence {
    const NONE: &str = "user.max_user_namespaces";
    const DEBIAN: &str = "kernel.unprivileged_userns_clone";
    const APPARMOR: &str = "kernel.apparmor_restrict_unprivileged_userns";
    let is = |name: &str, value: &str| setting(name).as_deref().map(str::trim) == Some(value);
    let said = failure.to_string();
    let first = said.lines().next().unwrap_or_default().to_owned();
    match failure {
        TrialFailure::NotSeparate(_) => return Absence::NotSeparate(first),
        // It lets a namespace be made, and denies every capability in it.
        TrialFailure::Powerless(_) if is(APPARMOR, "1") => return Absence::AppArmor,
        TrialFailure::Powerless(_) => return Absence::NoCapabilities(first),
        TrialFailure::NotStarted(_) => {}
    }
    if first.contains("Unknown option") || first.contains("nrecognized option") {
        return Absence::OldBubblewrap(first);
    }
    if is(NONE, "0") {
        return Absence::UserNamespacesOff(NONE);
    }
    if is(DEBIAN, "0") {
        return Absence::UserNamespacesOff(DEBIAN);
    }
    if is(APPARMOR, "1") {
        return Absence::AppArmor;
    }
    Absence::NamespaceRefused(first)
}

#[cfg(test)]
mod tests {
    use super::{Absence, TrialFailure, diagnose};

    const REFUSED: &str = "bwrap: No permissions to create new namespace, likely because the \
                           kernel does not allow non-privileged user namespaces.\n";

    fn with(settings: &[(&str, &str)], said: &str) -> Absence {
        diagnosed(settings, &TrialFailure::NotStarted(said.to_owned()))
    }

    fn diagnosed(settings: &[(&str, &str)], failure: &TrialFailure) -> Absence {
        let settings: std::collections::BTreeMap<_, _> = settings.iter().copied().collect();
        diagnose(failure, |name| {
            settings.get(name).map(|value| format!("{value}\n"))
        })
    }

    #[test]
    fn a_refusal_is_traced_to_the_setting_behind_it() {
        let off = |name| Absence::UserNamespacesOff(name);
        let cases = [
            (
                ("user.max_user_namespaces", "0"),
                off("user.max_user_namespaces"),
            ),
            (
                ("kernel.unprivileged_userns_clone", "0"),
                off("kernel.unprivileged_userns_clone"),
            ),
            (
                ("kernel.apparmor_restrict_unprivileged_userns", "1"),
                Absence::AppArmor,
            ),
        ];
        for (setting, absence) in cases {
            assert_eq!(with(&[setting], REFUSED), absence);
        }
    }

    #[test]
    fn without_such_a_setting_its_own_words_are_the_reason() {
        let settings = [("user.max_user_namespaces", "96365")];
        let said = REFUSED.trim_end().to_owned();
        assert_eq!(with(&settings, REFUSED), Absence::NamespaceRefused(said));
    }

    #[test]
    fn a_namespace_without_capabilities_is_traced_to_apparmor_where_it_denies_them() {
        let said = "cannot listen on 127.0.0.1:443: Permission denied".to_owned();
        let failure = TrialFailure::Powerless(said.clone());
        let setting = "kernel.apparmor_restrict_unprivileged_userns";
        assert_eq!(diagnosed(&[(setting, "1")], &failure), Absence::AppArmor);
        let without = Absence::NoCapabilities(said);
        assert_eq!(diagnosed(&[(setting, "0")], &failure), without);
    }

    #[test]
    fn what_is_as_outside_is_the_reason_whatever_the_settings_say() {
        let said = "the net namespace is the host's".to_owned();
        let failure = TrialFailure::NotSeparate(said.clone());
        let settings = [("user.max_user_namespaces", "0")];
        assert_eq!(diagnosed(&settings, &failure), Absence::NotSeparate(said));
    }

    #[test]
    fn an_option_that_bubblewrap_does_not_know_tells_its_age() {
        let said = "bwrap: Unknown option --size\n";
        let absence = with(&[], said);
        assert_eq!(absence, Absence::OldBubblewrap(said.trim_end().to_owned()));
    }
}
