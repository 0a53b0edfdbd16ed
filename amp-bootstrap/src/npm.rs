//! npm's configuration, read as npm reads it: where the registry is and how to talk to it.

mod ask;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::bounded_file;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, NextStep, Result};
use crate::http::{Address, Credentials, ProxyRules, Trust};

/// The scope that Amp's packages are published under.
const SCOPE: &str = "@ampcode";

/// The most bytes of a file of settings; people have some hundred, certificates in it some thousand.
const LONGEST_FILE: u64 = 1024 * 1024;

/// npm's settings, the strongest source first: environment, user file, global file, npm's own
/// file.
///
/// A project's `.npmrc` is left out on purpose, as `npm install --global` leaves it out: the
/// folder one happens to stand in must not decide where executables come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct NpmConfiguration {
    layers: Vec<Layer>,
    home: Option<PathBuf>,
    node: Option<PathBuf>,
    npm: Option<PathBuf>,
}

type Layer = BTreeMap<String, Vec<String>>;

impl NpmConfiguration {
    /// Reads the variables and files; a file that is not there is no error.
    pub(crate) fn read(environment: Environment<'_>) -> Result<Self> {
        let variables = from_environment(environment);
        let node = find_program(environment, if cfg!(windows) { "node.exe" } else { "node" });
        let npm = find_program(environment, if cfg!(windows) { "npm.cmd" } else { "npm" });
        let mut configuration = Self {
            layers: vec![variables],
            home: environment.home(),
            node: node.and_then(|path| path.canonicalize().ok()),
            npm,
        };
        let user_file = configuration
            .path("userconfig")
            .or_else(|| Some(environment.home()?.join(".npmrc")));
        configuration.add_file(user_file.as_deref(), environment)?;
        let global_file = configuration.path("globalconfig").or_else(|| {
            let prefix = configuration.prefix(environment)?;
            Some(prefix.join("etc").join("npmrc"))
        });
        configuration.add_file(global_file.as_deref(), environment)?;
        let own_file = configuration
            .own_folder()
            .map(|folder| folder.join("npmrc"));
        configuration.add_file(own_file.as_deref(), environment)?;
        Ok(configuration)
    }

    fn add_file(&mut self, path: Option<&Path>, environment: Environment<'_>) -> Result<()> {
        let Some(path) = path else { return Ok(()) };
        match bounded_file::read(path, LONGEST_FILE) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                self.layers.push(file::parse(&text, environment));
                Ok(())
            }
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(())
            }
            Err(cause) => Err(Error::new(
                ErrorKind::NpmConfiguration,
                "could not read npm's configuration",
            )
            .at(path.display().to_string())
            .caused_by(cause)),
        }
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.layers.iter().find_map(|layer| layer.get(key)?.first());
        found
            .map(String::as_str)
            .filter(|value| !value.is_empty() && *value != "null")
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        let text = self.get(key)?;
        let path = match (text.strip_prefix("~/"), &self.home) {
            (Some(below), Some(home)) => home.join(below),
            _ => PathBuf::from(text),
        };
        Some(path).filter(|path| path.is_absolute())
    }

    /// Returns the folder that global packages are installed below.
    pub(crate) fn prefix(&self, environment: Environment<'_>) -> Option<PathBuf> {
        self.path("prefix")
            .or_else(|| environment.absolute_path("PREFIX"))
            .or_else(|| {
                if cfg!(windows) {
                    return Some(environment.absolute_path("APPDATA")?.join("npm"));
                }
                // npm derives it from the real path of node: `<prefix>/bin/node`.
                Some(self.node.as_deref()?.parent()?.parent()?.to_owned())
            })
    }

    /// Returns the folder of npm itself, which may hold settings of whoever packaged it.
    fn own_folder(&self) -> Option<PathBuf> {
        let program = self.npm.as_deref()?.canonicalize().ok()?;
        if cfg!(windows) {
            // `<npm>/../../npm.cmd`
            return Some(program.parent()?.join("node_modules").join("npm"));
        }
        // `<npm>/bin/npm-cli.js`, by way of a link.
        Some(program.parent()?.parent()?.to_owned())
    }

    fn registry_setting(&self) -> Option<&str> {
        let scoped = format!("{SCOPE}:registry");
        self.get(&scoped).or_else(|| self.get("registry"))
    }

    /// Returns the registry for Amp's packages without credentials, when a setting names one.
    pub(crate) fn named_registry(&self) -> Option<String> {
        Some(Address::parse(self.registry_setting()?).ok()?.to_string())
    }

    /// Returns the registry for Amp's packages.
    ///
    /// When no setting names one, npm is asked for its default, because that default is npm's to
    /// know and not ours.
    pub(crate) fn registry(
        &self,
        environment: Environment<'_>,
        deadline: Duration,
    ) -> Result<Address> {
        let text = match (self.registry_setting(), &self.npm) {
            (Some(registry), _) => registry.to_owned(),
            (None, Some(npm)) => ask::npm_config_get(npm, "registry", environment, deadline)?,
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::NpmConfiguration,
                    "npm's configuration names no registry and npm is not installed",
                )
                .next(NextStep::Configure {
                    name: "NPM_CONFIG_REGISTRY".to_owned(),
                    value: "the URL of your npm registry".to_owned(),
                }));
            }
        };
        Address::parse(&text).map_err(|cause| {
            Error::new(ErrorKind::NpmConfiguration, "npm's registry is not a URL")
                // It may hold credentials, so it is not shown.
                .compare("an http or https URL", "something else")
                .caused_by(cause)
        })
    }

    /// Returns the credentials that settings of the form `//host/path/:_authToken` give.
    pub(crate) fn credentials(&self) -> Credentials {
        let mut credentials = Credentials::default();
        let mut seen = BTreeSet::new();
        for layer in &self.layers {
            for key in layer.keys().filter(|key| key.starts_with("//")) {
                let Some((scope, _)) = key.rsplit_once(':') else {
                    continue;
                };
                if !seen.insert(scope) {
                    continue;
                }
                let value = |name: &str| self.get(&format!("{scope}:{name}"));
                if let Some(token) = value("_authToken") {
                    credentials.add_token(scope, token);
                } else if let Some(encoded) = value("_auth") {
                    credentials.add_basic(scope, encoded);
                } else if let (Some(user), Some(password)) = (value("username"), value("_password"))
                    && let Ok(password) = BASE64_STANDARD.decode(password)
                {
                    let mut pair = format!("{user}:").into_bytes();
                    pair.extend(password);
                    credentials.add_basic(scope, &BASE64_STANDARD.encode(pair));
                }
            }
        }
        credentials
    }

    /// Returns the proxies: npm's own settings before the usual variables.
    pub(crate) fn proxies(&self, environment: Environment<'_>) -> ProxyRules {
        ProxyRules::from_environment(environment).overridden(
            self.get("https-proxy"),
            self.get("proxy"),
            self.get("noproxy"),
        )
    }

    /// Returns the authorities: npm's `cafile` or `ca` before the usual variables.
    pub(crate) fn trust(&self, environment: Environment<'_>) -> Trust {
        let trust = Trust::from_environment(environment);
        if let Some(file) = self.path("cafile") {
            return trust.only_file(file);
        }
        let inline = self.layers.iter().find_map(|layer| layer.get("ca"));
        match inline {
            Some(inline) if inline.iter().any(|text| text.contains("BEGIN")) => trust.only_inline(
                inline
                    .iter()
                    .map(|text| text.replace("\\n", "\n"))
                    .collect(),
            ),
            _ => trust,
        }
    }

    /// Returns whether certificate checks are switched off, which this crate does not follow.
    pub(crate) fn wants_no_verification(&self) -> bool {
        self.get("strict-ssl") == Some("false")
    }
}

/// Reads `npm_config_*` in either case; underscores stand for dashes except at the start.
fn from_environment(environment: Environment<'_>) -> Layer {
    let mut layer = Layer::new();
    for (name, value) in environment.0 {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
            continue;
        };
        let prefix = "npm_config_";
        let Some(key) = name
            .get(..prefix.len())
            .filter(|start| start.eq_ignore_ascii_case(prefix))
            .map(|_| &name[prefix.len()..])
        else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        // Keys that belong to a host or scope keep their spelling.
        let key = if key.starts_with("//") || key.starts_with('@') {
            key.to_owned()
        } else {
            let key = key.to_ascii_lowercase();
            let start = key.len() - key.trim_start_matches('_').len();
            format!("{}{}", &key[..start], key[start..].replace('_', "-"))
        };
        layer.insert(key, vec![value.to_owned()]);
    }
    layer
}

/// Finds an executable file on the search path.
pub(crate) fn find_program(environment: Environment<'_>, name: &str) -> Option<PathBuf> {
    let folders = environment.search_path().into_iter();
    folders
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;

    use super::*;
    use crate::environment::Variables;

    fn variables(pairs: &[(&str, &Path)]) -> Variables {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (OsString::from(name), value.as_os_str().to_owned()))
            .collect()
    }

    #[test]
    fn stronger_sources_win_and_placeholders_are_filled() {
        let home = tempfile::tempdir().unwrap();
        let global = home.path().join("global");
        fs::write(
            &global,
            "registry=https://global/\nproxy = http://global-proxy:1\n",
        )
        .unwrap();
        fs::write(
            home.path().join(".npmrc"),
            "; a comment\n@ampcode:registry = \"https://scoped/npm\"\n\
             //scoped/npm/:_authToken=${TOKEN}\ncafile=${MISSING}\n",
        )
        .unwrap();
        let environment = variables(&[
            ("HOME", home.path()),
            ("USERPROFILE", home.path()),
            ("NPM_CONFIG_GLOBALCONFIG", &global),
            ("npm_config_https_proxy", Path::new("http://strong:2")),
            ("TOKEN", Path::new("secret")),
        ]);
        let environment = Environment(&environment);
        let configuration = NpmConfiguration::read(environment).unwrap();
        let registry = configuration.registry(environment, Duration::ZERO).unwrap();
        assert_eq!(registry.as_str(), "https://scoped/npm");
        assert_eq!(configuration.get("https-proxy"), Some("http://strong:2"));
        assert_eq!(configuration.get("proxy"), Some("http://global-proxy:1"));
        let package = Address::below(registry.as_str(), "@ampcode%2fcli").unwrap();
        assert_eq!(
            configuration.credentials().for_address(&package).as_deref(),
            Some("Bearer secret")
        );
    }

    #[cfg(unix)]
    #[test]
    fn settings_without_an_end_are_an_error_that_names_them() {
        let home = tempfile::tempdir().unwrap();
        let endless = home.path().join(".npmrc");
        std::os::unix::fs::symlink("/dev/zero", &endless).unwrap();
        let environment = variables(&[("HOME", home.path())]);
        let error = NpmConfiguration::read(Environment(&environment)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NpmConfiguration);
        assert_eq!(error.location(), Some(endless.to_str().unwrap()));
    }

    #[test]
    fn a_tilde_stands_for_the_home_folder() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".npmrc"), "prefix=~/.npm-global\n").unwrap();
        let environment = variables(&[("HOME", home.path()), ("USERPROFILE", home.path())]);
        let environment = Environment(&environment);
        let prefix = NpmConfiguration::read(environment)
            .unwrap()
            .prefix(environment);
        assert_eq!(prefix, Some(home.path().join(".npm-global")));
    }

    #[test]
    fn without_a_registry_and_without_npm_the_error_says_what_to_set() {
        let home = tempfile::tempdir().unwrap();
        let environment = variables(&[("HOME", home.path()), ("PATH", home.path())]);
        let environment = Environment(&environment);
        let configuration = NpmConfiguration::read(environment).unwrap();
        let error = configuration
            .registry(environment, Duration::ZERO)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NpmConfiguration);
        assert!(matches!(
            error.next_steps()[..],
            [NextStep::Configure { ref name, .. }] if name == "NPM_CONFIG_REGISTRY"
        ));
    }
}
