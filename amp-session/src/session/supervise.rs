//! Who is asked about the calls of a turn, and what is watched while they are asked.

use std::path::{Path, PathBuf};

use amp_protocol::SettingsKey;
use serde_json::Value;

use super::Session;
use super::circumstances::Circumstances;
use crate::approval::{Beginning, Memory, Supervision};
use crate::error::Error;
use crate::invocation::Invocation;
use crate::settings::settings_files_in;

impl Session {
    /// Begins to listen for questions about the calls of a turn.
    pub(super) fn supervise(
        &self,
        circumstances: &Circumstances,
        rules: &Value,
        run_folder: &Path,
        invocation: &Invocation,
    ) -> Result<Supervision, Error> {
        let Some(approval) = &self.config.approval else {
            return Err(Error::NoApproval {
                reason: "nobody is named".to_owned(),
            });
        };
        let (amp, mut config) = (self.amp.clone(), self.config.clone());
        let key = SettingsKey::PERMISSIONS.as_str();
        config.settings.insert(key.to_owned(), rules.clone());
        Supervision::begin(Beginning {
            approval,
            amp: &self.amp,
            settings: &circumstances.settings,
            rules,
            run_folder,
            files: invocation
                .files
                .iter()
                .map(|file| file.path.clone())
                .collect(),
            environment: &circumstances.environment,
            folder: self.config.folder(),
            memory: Memory::new(
                &circumstances.environment,
                self.config.folder(),
                self.config.settings_file.as_deref(),
                self.amp.version(),
            ),
            watched: watched(circumstances),
            // What has changed since the turn began is what this asks for, so it reads anew.
            refusal: Box::new(move || {
                let now = Circumstances::read(&amp, &config);
                now.check(&amp, &config)
                    .err()
                    .map(|error| error.to_string())
            }),
        })
    }
}

/// Returns the settings and plugins that decide what may run, there or not.
fn watched(circumstances: &Circumstances) -> Vec<PathBuf> {
    let files = circumstances.settings.files().iter();
    let mut watched: Vec<PathBuf> = files.map(|file| file.path.clone()).collect();
    for folder in &circumstances.workspace {
        let folder = folder.join(".amp");
        watched.extend(settings_files_in(&folder));
        watched.push(folder.join("plugins"));
    }
    watched.extend(circumstances.own_plugins.clone());
    watched.sort();
    watched.dedup();
    watched
}
