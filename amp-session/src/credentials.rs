//! Credentials: which key Amp would use, every place that was looked at, and Amp's own store.
//!
//! No value of a secret ever leaves this module: reports name places and states only.

mod key_check;
mod report;
mod secrets;

pub use key_check::{KeyQuestion, KeyVerdict};
pub use report::{CredentialState, CredentialsReport, Place, PlaceKind};

use std::fmt;
use std::path::PathBuf;

use crate::environment::{self, Environment, NamesOf};
use crate::error::Error;
use crate::settings::{Effective, ServiceAddress};

/// Amp's credentials as seen from one environment and the settings that go with it.
///
/// ```
/// use std::path::Path;
/// use amp_session::{Credentials, Effective, Environment};
///
/// let environment = Environment::from([("AMP_API_KEY".into(), "".into())]);
/// let settings = Effective::read(&environment, Path::new("/"), None);
/// let credentials = Credentials::new(&environment, &settings);
/// assert!(!credentials.report().is_configured(), "an empty key counts as a missing one");
/// ```
#[derive(Clone)]
pub struct Credentials {
    environment: Environment,
    service: ServiceAddress,
    native_store: bool,
}

impl Credentials {
    /// Looks at credentials as the CLI would, started with this environment and these settings.
    ///
    /// Where the user's settings keep keys in the operating system's store, that store is not
    /// asked, so nothing there counts as a reason to refuse a turn.
    #[must_use]
    pub fn new(environment: &Environment, settings: &Effective) -> Self {
        Self {
            environment: environment.clone(),
            service: settings.service(environment),
            native_store: settings.native_store(),
        }
    }

    /// Returns the credentials for another service.
    pub(crate) fn with_service(mut self, service: ServiceAddress) -> Self {
        self.service = service;
        self
    }

    /// Returns the service that the key goes to, and who named it.
    #[must_use]
    pub fn service(&self) -> &ServiceAddress {
        &self.service
    }

    /// Returns the address of the service, verbatim as the CLI would use it.
    #[must_use]
    pub fn service_url(&self) -> &str {
        &self.service.url
    }

    /// Returns where Amp keeps its own secrets, when the environment names a home.
    #[must_use]
    pub fn secrets_file(&self) -> Option<PathBuf> {
        environment::base_folder(&self.environment, "XDG_DATA_HOME", ".local/share")
            .map(|folder| folder.join("amp").join("secrets.json"))
    }

    /// Reports every place that was looked at and which one Amp would use.
    #[must_use]
    pub fn report(&self) -> CredentialsReport {
        report::report(self)
    }

    /// Refuses when Amp would find no key and wait five minutes in a login flow, or has no usable
    /// address to go to, which every build reports in other and misleading words.
    ///
    /// # Errors
    ///
    /// [`Error::NotConfigured`] when no key is found, [`Error::InvalidOption`] for the address.
    pub fn check(&self) -> Result<(), Error> {
        let behind = ["https://", "http://"];
        let host = behind
            .iter()
            .find_map(|scheme| self.service.url.strip_prefix(scheme));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
            let reason = format!("{:?} is not the address of a service", self.service.url);
            return Err(Error::InvalidOption {
                option: "AMP_URL",
                reason,
            });
        }
        if self.native_store || self.report().is_configured() {
            return Ok(());
        }
        Err(Error::NotConfigured {
            service_url: self.service.url.clone(),
        })
    }

    /// Stores a key in Amp's own secrets file, for this service, keeping everything else in it.
    ///
    /// The file is replaced as a whole and readable by this user only.
    ///
    /// # Errors
    ///
    /// Fails when there is no home folder, or the file cannot be read, understood or written.
    pub fn store(&self, key: &str) -> Result<PathBuf, Error> {
        let key = key.trim();
        if key.is_empty() || key.chars().any(char::is_control) {
            let reason = "a key is one line that is not empty".to_owned();
            return Err(Error::InvalidOption {
                option: "API key",
                reason,
            });
        }
        let path = self.writable_file()?;
        secrets::change(&path, &self.secret_name(), Some(key))?;
        Ok(path)
    }

    /// Removes the key of this service from Amp's own secrets file; tells whether there was one.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be read, understood or written.
    pub fn clear(&self) -> Result<bool, Error> {
        let path = self.writable_file()?;
        secrets::change(&path, &self.secret_name(), None)
    }

    /// The key that Amp would take from its own file, to keep it out of what is stored and shown.
    pub(crate) fn stored_key(&self) -> Option<String> {
        let secrets = secrets::read(&self.secrets_file()?).ok()??;
        secrets
            .get(&self.secret_name())?
            .as_str()
            .map(str::to_owned)
    }

    /// The name under which Amp looks for its key: the address exactly as it was given.
    fn secret_name(&self) -> String {
        format!("apiKey@{}", self.service.url)
    }

    fn writable_file(&self) -> Result<PathBuf, Error> {
        self.secrets_file().ok_or_else(|| Error::InvalidOption {
            option: "HOME",
            reason: "there is no home folder to keep secrets in".to_owned(),
        })
    }
}

/// Shows names of variables, never their values.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("service", &self.service)
            .field("environment", &NamesOf(&self.environment))
            .finish_non_exhaustive()
    }
}
