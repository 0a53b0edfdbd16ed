//! Settings: the files Amp reads, in their order of precedence, and our overlay for one run.
//!
//! The user's files are read and never written. `--settings-file` *replaces* the user's file in
//! every build, so the overlay is that file's content with our keys over it. Workspace settings
//! come before it and managed settings before those; this module finds and reports them.

mod files;
pub(crate) mod jsonc;
mod overlay;

pub use files::{SettingsFile, SettingsScope, SettingsState, settings_files};
pub(crate) use files::{all, credential_settings, read_base, user_file};
pub(crate) use overlay::overlay;
