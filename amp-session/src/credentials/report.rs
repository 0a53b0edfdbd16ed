//! What was found at every place where somebody might expect Amp to look for a key.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Credentials, secrets};
use crate::environment;
use crate::settings::{NamedBy, RefusedService};

/// Every place that was looked at, in the order in which Amp prefers them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CredentialsReport {
    /// The service the key is for.
    pub service_url: String,
    /// Who named that service.
    pub named_by: NamedBy,
    /// The service that the project names instead, which does not get the key.
    pub refused_service: Option<RefusedService>,
    /// The places, the one in use first if there is one.
    pub places: Vec<Place>,
}

/// One place and what was found there; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The variable's name, the file's path, or the file's path and the entry in it.
    pub name: String,
    /// What was found.
    pub state: CredentialState,
}

/// A kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlaceKind {
    /// An environment variable.
    Variable,
    /// Amp's own secrets file.
    SecretsFile,
    /// The operating system's own store of secrets.
    NativeStore,
    /// A file that documentation names and Amp does not read.
    OtherFile,
}

/// What was found at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "detail")]
#[non_exhaustive]
pub enum CredentialState {
    /// A key is there, and Amp uses it.
    Used,
    /// A key is there, and an earlier place wins.
    Shadowed,
    /// Nothing is there.
    Absent,
    /// The entry is there but empty, which counts as absent.
    Empty,
    /// Something is there that Amp does not use for its own key.
    Ignored,
    /// A key is there for another service address, given here; addresses are compared verbatim.
    OtherUrl(String),
    /// Amp looks there, and this report does not.
    NotLookedAt,
    /// It could not be read or understood, for this reason.
    Unreadable(String),
}

impl CredentialsReport {
    /// Tells whether Amp would find a key.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.used().is_some()
    }

    /// Returns the place whose key Amp uses.
    #[must_use]
    pub fn used(&self) -> Option<&Place> {
        self.places
            .iter()
            .find(|place| place.state == CredentialState::Used)
    }

    /// Returns a note on what would help, when no key is in use.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        if self.is_configured() {
            return None;
        }
        for place in &self.places {
            match &place.state {
                CredentialState::OtherUrl(url) => {
                    return Some(format!(
                        "a key is stored for {url}, but the service is {}: the two must be equal to \
                         the last character",
                        self.service_url
                    ));
                }
                CredentialState::Unreadable(reason) => {
                    return Some(format!("{} cannot be used: {reason}", place.name));
                }
                _ => {}
            }
        }
        let ignored = self
            .places
            .iter()
            .find(|place| place.state == CredentialState::Ignored);
        Some(match ignored {
            Some(place) => {
                format!(
                    "set AMP_API_KEY; {} is there, but Amp does not use it",
                    place.name
                )
            }
            None => "set AMP_API_KEY to a key from the service's settings page".to_owned(),
        })
    }
}

/// Variables that drivers and documentation name and that no build of 2026 uses for its key.
const IGNORED_VARIABLES: [&str; 2] = ["ANTHROPIC_API_KEY", "SRC_ACCESS_TOKEN"];

/// Files below the home folder that documentation names and no build of 2026 reads.
const IGNORED_FILES: [&str; 2] = [".claude/.credentials.json", ".amp/config.json"];

pub(super) fn report(credentials: &Credentials) -> CredentialsReport {
    let environment = &credentials.environment;
    let mut found = false;
    let mut places = vec![Place {
        kind: PlaceKind::Variable,
        name: "AMP_API_KEY".to_owned(),
        state: match environment.get(OsStr::new("AMP_API_KEY")) {
            None => CredentialState::Absent,
            Some(value) if value.is_empty() => CredentialState::Empty,
            Some(value) => match use_first(&mut found) {
                CredentialState::Used if !fits_into_a_header(value) => {
                    CredentialState::Unreadable("it has characters that no key has".to_owned())
                }
                state => state,
            },
        },
    }];
    if let Some(path) = credentials.secrets_file() {
        places.extend(secrets_places(credentials, &path, &mut found));
    }
    if credentials.native_store {
        places.push(Place {
            kind: PlaceKind::NativeStore,
            name: "the operating system's store".to_owned(),
            state: CredentialState::NotLookedAt,
        });
    }
    for name in IGNORED_VARIABLES {
        let present = environment::value(environment, name).is_some();
        places.push(Place {
            kind: PlaceKind::Variable,
            name: name.to_owned(),
            state: if present {
                CredentialState::Ignored
            } else {
                CredentialState::Absent
            },
        });
    }
    if let Some(home) = environment::home(environment) {
        for path in IGNORED_FILES.map(|below| home.join(below)) {
            places.push(Place {
                kind: PlaceKind::OtherFile,
                state: if path.exists() {
                    CredentialState::Ignored
                } else {
                    CredentialState::Absent
                },
                name: path.display().to_string(),
            });
        }
    }
    places.sort_by_key(|place| place.state != CredentialState::Used);
    CredentialsReport {
        service_url: credentials.service.url.clone(),
        named_by: credentials.service.named_by,
        refused_service: credentials.service.refused.clone(),
        places,
    }
}

fn secrets_places(credentials: &Credentials, path: &Path, found: &mut bool) -> Vec<Place> {
    let name = path.display().to_string();
    let place = |name: String, state| Place {
        kind: PlaceKind::SecretsFile,
        name,
        state,
    };
    let secrets: Map<String, Value> = match secrets::read(path) {
        Ok(None) => return vec![place(name, CredentialState::Absent)],
        Ok(Some(secrets)) => secrets,
        Err(error) => {
            let reason = match error.kind() {
                io::ErrorKind::InvalidData => "it is not a JSON object".to_owned(),
                _ => error.to_string(),
            };
            return vec![place(name, CredentialState::Unreadable(reason))];
        }
    };
    let wanted = credentials.secret_name();
    let state = match secrets.get(&wanted).and_then(Value::as_str) {
        None => CredentialState::Absent,
        Some("") => CredentialState::Empty,
        Some(_) => use_first(found),
    };
    let mut places = vec![place(format!("{name} ({wanted})"), state)];
    for (other, value) in &secrets {
        let Some(url) = other.strip_prefix("apiKey@") else {
            continue;
        };
        if *other != wanted && value.as_str().is_some_and(|key| !key.is_empty()) {
            let state = CredentialState::OtherUrl(url.to_owned());
            places.push(place(format!("{name} ({other})"), state));
        }
    }
    places
}

/// Returns whether the CLI can send a key.
///
/// It trims it and puts it into a header, which takes nothing beyond Latin-1 and no line break: the
/// build of 2026-09-23 crashes on `export AMP_API_KEY=…` taken literally, and on typographic quotes.
fn fits_into_a_header(key: &OsStr) -> bool {
    key.to_str().is_some_and(|key| {
        let mut letters = key.trim().chars();
        letters.all(|letter| letter <= '\u{ff}' && !letter.is_control())
    })
}

fn use_first(found: &mut bool) -> CredentialState {
    if std::mem::replace(found, true) {
        CredentialState::Shadowed
    } else {
        CredentialState::Used
    }
}
