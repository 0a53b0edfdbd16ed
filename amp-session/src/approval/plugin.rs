//! The plugin that builds since July 2026 load: it is asked about each call beside the rule, also
//! where something allows every call, and it knows the id of the call.
//!
//! Those builds load plugins from the user's configuration, wherever `XDG_CONFIG_HOME` says that it
//! is. So a run has a configuration of its own, in which the plugin is a file and all else a link to
//! the user's. The tools of the agent see it as well, for they inherit the variable.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::environment::{Environment, base_folder};

const VARIABLE: &str = "XDG_CONFIG_HOME";
const SOURCE: &str = include_str!("plugin/lock.ts");

/// A plugin in the configuration of a run.
#[derive(Debug)]
pub(super) struct Plugin {
    pub(super) file: PathBuf,
    /// What makes the CLI load it.
    pub(super) variables: Environment,
}

impl Plugin {
    /// Writes it into the folder of a run.
    pub(super) fn install(run_folder: &Path, environment: &Environment) -> io::Result<Self> {
        let configuration = run_folder.join("config");
        let amp = configuration.join("amp");
        let plugins = amp.join("plugins");
        let mut folder = DirBuilder::new();
        folder.recursive(true).mode(0o700).create(&plugins)?;
        if let Some(users) = base_folder(environment, VARIABLE, ".config") {
            let users = std::path::absolute(users)?;
            link_all(&users, &configuration, "amp")?;
            link_all(&users.join("amp"), &amp, "plugins")?;
        }
        let file = plugins.join("amp-session.ts");
        let mut options = OpenOptions::new();
        let mut opened = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        opened.write_all(SOURCE.as_bytes())?;
        Ok(Self {
            file,
            variables: [(VARIABLE.into(), configuration.into())].into(),
        })
    }
}

/// Links to everything in a folder but for one thing; a folder that is not there holds nothing.
fn link_all(folder: &Path, links: &Path, but: &str) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        if name != but {
            symlink(folder.join(&name), links.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::protocol::MOST_ARGUMENTS;
    use super::*;

    #[test]
    fn a_run_has_a_configuration_with_the_plugin_and_links_to_the_users() {
        let folder = tempfile::tempdir().unwrap();
        let (home, run) = (folder.path().join("home"), folder.path().join("run"));
        fs::create_dir_all(home.join(".config/git")).unwrap();
        fs::create_dir_all(home.join(".config/amp/plugins")).unwrap();
        fs::write(home.join(".config/amp/AGENTS.md"), "mine").unwrap();
        fs::write(home.join(".config/amp/plugins/own.ts"), "").unwrap();
        fs::create_dir(&run).unwrap();
        let environment = [("HOME".into(), home.clone().into())].into();
        let plugin = Plugin::install(&run, &environment).unwrap();
        let configuration = run.join("config");
        assert_eq!(
            plugin.variables[std::ffi::OsStr::new(VARIABLE)],
            configuration
        );
        assert!(configuration.join("git").is_dir());
        let amp = configuration.join("amp");
        assert_eq!(fs::read_to_string(amp.join("AGENTS.md")).unwrap(), "mine");
        let plugins: Vec<_> = fs::read_dir(amp.join("plugins")).unwrap().collect();
        assert_eq!(plugins.len(), 1);
        assert_eq!(fs::read_to_string(&plugin.file).unwrap(), SOURCE);
        // What the host would not hear the plugin does not say.
        assert!(SOURCE.contains("16 << 20"));
        assert_eq!(MOST_ARGUMENTS, 16 << 20);
    }
}
