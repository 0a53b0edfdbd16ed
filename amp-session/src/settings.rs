//! Settings: the files Amp reads, in their order of precedence.
//!
//! [`Effective`] is the one reader: credentials, the guard of permission rules, the overlay of a run
//! and every report ask it. A run reads the user's files and never writes them; whoever is told to
//! keep a rule for good does (`permission::RuleStore`). `--settings-file` *replaces* the user's file
//! in every build, so the overlay is that file's content with the keys of the run over it.

mod effective;
mod file;
mod jsonc;
mod service;
mod workspace;

pub use effective::Effective;
pub(crate) use effective::candidates as settings_files_in;
pub use file::{SettingsFile, SettingsScope, SettingsState};
pub(crate) use file::{values_of_file, values_of_text};
pub use service::{DEFAULT_SERVICE_URL, NamedBy, RefusedService, ServiceAddress};
pub(crate) use workspace::folders as workspace_folders;
