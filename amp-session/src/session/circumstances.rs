//! What a turn begins in: environment, settings, workspace and service, read once.

use std::path::{Path, PathBuf};

use crate::amp::Amp;
use crate::config::SessionConfig;
use crate::credentials::Credentials;
use crate::environment::{Environment, base_folder, home, with_variables};
use crate::error::Error;
use crate::guard::{self, Surroundings};
use crate::settings::{Effective, ServiceAddress, workspace_folders};

/// What a turn begins in, as it was when this was read.
#[derive(Debug)]
pub(super) struct Circumstances {
    /// The environment of the agent, but for the variables of [`Plan`](super::plan::Plan).
    pub(super) environment: Environment,
    /// The settings files as they stand there.
    pub(super) written_settings: Effective,
    /// The settings as the build at hand reads them.
    pub(super) settings: Effective,
    /// The folders in which the build looks for a project's `.amp`.
    pub(super) workspace: Vec<PathBuf>,
    /// Where the build looks for plugins of the user.
    pub(super) own_plugins: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
    /// The service that the turn talks to.
    pub(super) service: ServiceAddress,
}

impl Circumstances {
    /// Reads them from the disk, now.
    pub(super) fn read(amp: &Amp, config: &SessionConfig) -> Self {
        let environment = with_variables(amp.environment(), &config.environment);
        let workspace = workspace_folders(&environment, config.folder());
        let written_settings = Effective::read_in(
            &workspace,
            &environment,
            config.folder(),
            config.settings_file.as_deref(),
        );
        let settings = written_settings.clone().as_read_by(amp.version());
        let service = settings.service(&environment);
        Self {
            service: service.with_settings_of_run(&config.settings),
            own_plugins: own_plugins(&environment, config.folder()),
            home: home(&environment),
            written_settings,
            settings,
            workspace,
            environment,
        }
    }

    /// Returns the credentials that the turn would use.
    pub(super) fn credentials(&self) -> Credentials {
        Credentials::new(&self.environment, &self.settings).with_service(self.service.clone())
    }

    /// Refuses a configuration whose permission rules would not hold here.
    pub(super) fn check(&self, amp: &Amp, config: &SessionConfig) -> Result<(), Error> {
        let own_plugins = self.own_plugins.clone();
        let surroundings = Surroundings {
            settings: &self.settings,
            dialect: amp.dialect(),
            workspace: &self.workspace,
            own_plugins: config.approval.as_ref().and(own_plugins),
            home: self.home.as_deref(),
        };
        guard::check(config, surroundings)
    }
}

fn own_plugins(environment: &Environment, folder: &Path) -> Option<PathBuf> {
    let base = base_folder(environment, "XDG_CONFIG_HOME", ".config")?;
    Some(folder.join(base).join("amp").join("plugins"))
}
