//! What a turn runs: the command line, and the sandbox around it.

use std::borrow::Cow;
use std::path::Path;

use amp_process::sandbox::Sandbox;
use amp_protocol::SettingsKey;
use serde_json::Value;

use super::Session;
use super::circumstances::Circumstances;
use crate::approval;
use crate::dialect::Feature;
use crate::environment::{Environment, base_folder};
use crate::error::Error;
use crate::invocation::{Input, Invocation, Request, invocation};
use crate::permission::Finding;
use crate::sandbox::{self, Subject};

/// Keeps the CLI in the folder whose settings were checked: it goes to the one that this variable
/// names (build of 2026-05-04).
const WITHOUT_OTHER_FOLDER: (&str, &str) = ("AMP_PWD", "");

/// What a turn runs, and the rules that put its calls to somebody, if any do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) invocation: Invocation,
    pub(super) rules: Option<Value>,
    /// What the linter says of the rules that a run with an approver composes.
    pub(super) findings: Vec<Finding>,
}

impl Session {
    /// Plans a turn; nothing is written.
    pub(super) fn plan(
        &self,
        input: Input<'_>,
        circumstances: &Circumstances,
        run_folder: &Path,
    ) -> Result<Plan, Error> {
        let thread = self.thread();
        let mut config = Cow::Borrowed(&self.config);
        if thread.is_some() && !self.shared.is_resumed() {
            // The turn that began the thread has given it these.
            let config = config.to_mut();
            config.title = None;
            if self.amp.dialect().supports(Feature::NoArchiveAfterExecute) {
                config.archive = config.archive.filter(|archive| !archive);
            }
        }
        let mut base = circumstances.settings.base()?;
        let (mut rules, mut findings) = (None, Vec::new());
        if let Some(approval) = &self.config.approval {
            let config = config.to_mut();
            let kept = approval::rules_of_folder(&circumstances.environment, config.folder())?;
            let settings = &circumstances.settings;
            findings = approval::take_over(
                approval,
                config,
                &mut base,
                kept,
                settings,
                self.amp.dialect(),
            )?;
            rules = config
                .settings
                .get(SettingsKey::PERMISSIONS.as_str())
                .cloned();
        }
        circumstances.check(&self.amp, &config)?;
        let mut invocation = invocation(&Request {
            version: self.amp.version(),
            dialect: self.amp.dialect(),
            config: &config,
            thread: thread.as_ref(),
            input,
            base_settings: &base,
            run_folder,
        })?;
        // A project that names another service would get the key.
        let service = ("AMP_URL", circumstances.service.url.as_str());
        for (name, value) in [service, WITHOUT_OTHER_FOLDER] {
            invocation.variables.insert(name.into(), value.into());
        }
        Ok(Plan {
            invocation,
            rules,
            findings,
        })
    }

    /// Makes the sandbox of a turn with this environment, and the folders of Amp that it needs.
    pub(super) fn sandbox_of(
        &self,
        circumstances: &Circumstances,
        invocation: &Invocation,
        environment: &Environment,
        run_folder: &Path,
    ) -> Result<Option<Sandbox>, Error> {
        let Some(config) = &self.config.sandbox else {
            return Ok(None);
        };
        let helper = self.config.approval.as_ref().map(approval::helper_program);
        let helper = helper.transpose()?;
        let named = [
            &self.config.settings_file,
            &self.config.mcp_config_file,
            &self.config.toolbox,
        ];
        let named = named.into_iter().flatten().chain(&self.config.skills);
        let folder = self.config.folder();
        let named = named.map(|path| folder.join(path));
        // The configuration of a run with questions has links to it.
        let users = base_folder(&circumstances.environment, "XDG_CONFIG_HOME", ".config");
        let users = users.filter(|_| helper.is_some());
        let named = named.chain(users.map(|base| base.join("amp")));
        let subject = Subject {
            config,
            environment,
            chosen: &invocation.variables,
            workspace: folder,
            programs: &self.amp.programs(),
            files: &named.collect::<Vec<_>>(),
            run_folder,
            helper: helper.as_deref(),
            generation: self.amp.dialect().generation(),
            service_url: &circumstances.service.url,
        };
        sandbox::sandbox(&subject).map(Some)
    }
}
