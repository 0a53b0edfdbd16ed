//! What the user can do about a failure, as data.

use serde::Serialize;

use super::ErrorKind;
use crate::source_name::{BUCKET, NPM};

/// A thing the user can do about an error, as data for whoever words it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
#[non_exhaustive]
pub enum NextStep {
    /// Run the same command again later.
    Retry {
        /// The wait that the server asked for, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        after_seconds: Option<u64>,
    },
    /// Use another source.
    UseSource {
        /// The sources worth trying, as [`Source`](crate::Source) is written.
        sources: Vec<String>,
    },
    /// Use a mirror of the official bucket, at a URL or in a folder.
    UseMirror,
    /// Choose one of these versions.
    ChooseVersion {
        /// What the publisher or the store has, newest first.
        available: Vec<String>,
    },
    /// Set or correct an environment variable or a setting.
    Configure {
        /// The variable or setting.
        name: String,
        /// What it should hold.
        value: String,
    },
    /// Fetch these on a connected machine and install from the folder.
    FetchElsewhere {
        /// What to fetch, relative to the mirror folder.
        files: Vec<String>,
    },
    /// Install once while online.
    InstallOnline {
        /// The version to install.
        version: String,
    },
    /// Remove old versions from the store.
    FreeSpace,
    /// Move the store to another folder.
    MoveStore {
        /// Why the present one does not do.
        reason: String,
    },
    /// Take the right to write to the store's folder from others.
    RestrictAccess {
        /// The folder.
        folder: String,
    },
    /// Stop what is using the version first.
    StopUsers,
    /// Correct what was given.
    CorrectInput,
    /// Name the host that may be asked over plain HTTP.
    AllowHttp {
        /// The host.
        host: String,
    },
    /// Remove the note of what a registry signed or proved, if it is known why that has changed.
    ForgetSigning {
        /// The note.
        file: String,
    },
    /// Check who sits between this machine and the publisher.
    SuspectTampering,
}

/// Returns what helps against a kind of failure when nothing more specific is known.
pub(super) fn usual_steps(kind: ErrorKind, tried: &[&str]) -> Vec<NextStep> {
    let mut sources = vec![BUCKET.to_owned(), NPM.to_owned()];
    sources.retain(|source| !tried.contains(&source.as_str()));
    let use_source = (!sources.is_empty()).then_some(NextStep::UseSource { sources });
    let elsewhere = use_source.into_iter().chain([NextStep::UseMirror]);
    let first = |step: NextStep| [step].into_iter().chain(elsewhere.clone()).collect();
    let configure = |name: &str, value: &str| NextStep::Configure {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let retry = NextStep::Retry {
        after_seconds: None,
    };
    match kind {
        ErrorKind::Unreachable | ErrorKind::Timeout | ErrorKind::ServerError => first(retry),
        ErrorKind::Proxy => first(configure(
            "HTTPS_PROXY",
            "a proxy that may reach the publisher, with its credentials",
        )),
        ErrorKind::Tls => vec![
            configure(
                "SSL_CERT_FILE",
                "a PEM file with the authority that your network uses",
            ),
            NextStep::SuspectTampering,
        ],
        ErrorKind::Unauthorized => first(configure(
            "NPM_CONFIG_USERCONFIG",
            "an .npmrc with a valid token for the registry",
        )),
        ErrorKind::NotPublished | ErrorKind::Signature | ErrorKind::UnsupportedPlatform => {
            elsewhere.collect()
        }
        ErrorKind::UnexpectedResponse | ErrorKind::Redirect | ErrorKind::TooLarge => {
            first(NextStep::SuspectTampering)
        }
        ErrorKind::ChecksumMissing
        | ErrorKind::ChecksumMismatch
        | ErrorKind::PublishersDisagree
        | ErrorKind::NotEncrypted
        | ErrorKind::Archive => vec![NextStep::SuspectTampering],
        ErrorKind::NpmConfiguration => first(configure(
            "NPM_CONFIG_REGISTRY",
            "the URL of your npm registry",
        )),
        ErrorKind::StorageFull
        | ErrorKind::StorageDenied
        | ErrorKind::Storage
        | ErrorKind::UntrustedStore => {
            vec![NextStep::MoveStore {
                reason: "its folder cannot be used".to_owned(),
            }]
        }
        ErrorKind::LockTimeout => vec![retry],
        ErrorKind::InUse => vec![NextStep::StopUsers],
        ErrorKind::Offline | ErrorKind::NotInstalled => vec![NextStep::InstallOnline {
            version: "latest".to_owned(),
        }],
        ErrorKind::InvalidInput => vec![NextStep::CorrectInput],
    }
}
