//! The environment as the caller hands it over: look-ups by name, never the process's own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Environment variables by name, as `std::env::vars_os().collect()` makes them.
pub type Variables = BTreeMap<OsString, OsString>;

/// Reads variables the way the platform does: an empty value counts as absent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environment<'a>(pub(crate) &'a Variables);

impl<'a> Environment<'a> {
    pub(crate) fn get(self, name: &str) -> Option<&'a OsStr> {
        let found = if cfg!(windows) {
            let same = |(key, _): &(&OsString, &OsString)| key.eq_ignore_ascii_case(name);
            self.0.iter().find(same).map(|(_, value)| value)
        } else {
            self.0.get(OsStr::new(name))
        };
        found.map(OsString::as_os_str).filter(|v| !v.is_empty())
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.to_str()
    }

    /// Returns the first of several names that holds text.
    pub(crate) fn first_text(self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// Returns a variable that must hold an absolute path; a relative one is ignored, as the
    /// XDG base directory specification demands.
    pub(crate) fn absolute_path(self, name: &str) -> Option<PathBuf> {
        Some(PathBuf::from(self.get(name)?)).filter(|path| path.is_absolute())
    }

    pub(crate) fn home(self) -> Option<PathBuf> {
        self.absolute_path(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
    }

    /// Returns the folder for caches: `$XDG_CACHE_HOME`, `~/.cache`, or the platform's own.
    pub(crate) fn cache_home(self) -> Option<PathBuf> {
        if cfg!(windows) {
            return self.absolute_path("LOCALAPPDATA");
        }
        self.absolute_path("XDG_CACHE_HOME").or_else(|| {
            let folder = if cfg!(target_os = "macos") {
                "Library/Caches"
            } else {
                ".cache"
            };
            Some(self.home()?.join(folder))
        })
    }

    /// Returns the absolute folders of `PATH`, in order.
    pub(crate) fn search_path(self) -> Vec<PathBuf> {
        let Some(value) = self.get("PATH") else {
            return Vec::new();
        };
        std::env::split_paths(value)
            .filter(|folder| folder.is_absolute())
            .collect()
    }
}
