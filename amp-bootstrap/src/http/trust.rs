//! Which certificate authorities are believed: the system's, or the ones the user names.

use std::path::{Path, PathBuf};

use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, NextStep, Result};

/// The authorities to believe; read when the first request needs them.
///
/// A file or folder that the user names replaces the system's store, as OpenSSL and npm do it;
/// `NODE_EXTRA_CA_CERTS` adds to either, as Node does it. Verification cannot be turned off.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    file: Option<PathBuf>,
    folder: Option<PathBuf>,
    inline: Vec<String>,
    extra_file: Option<PathBuf>,
}

impl Trust {
    pub(crate) fn from_environment(environment: Environment<'_>) -> Self {
        Self {
            file: environment.get("SSL_CERT_FILE").map(PathBuf::from),
            folder: environment.get("SSL_CERT_DIR").map(PathBuf::from),
            inline: Vec::new(),
            extra_file: environment.get("NODE_EXTRA_CA_CERTS").map(PathBuf::from),
        }
    }

    /// Believes exactly this file, as npm's `cafile` says.
    #[must_use]
    pub(crate) fn only_file(self, file: PathBuf) -> Self {
        Self {
            file: Some(file),
            folder: None,
            inline: Vec::new(),
            ..self
        }
    }

    /// Believes exactly these PEM texts, as npm's `ca` says.
    #[must_use]
    pub(crate) fn only_inline(self, inline: Vec<String>) -> Self {
        Self {
            file: None,
            folder: None,
            inline,
            ..self
        }
    }

    pub(super) fn tls_config(&self) -> Result<TlsConfig> {
        let roots = self.roots()?;
        Ok(TlsConfig::builder().root_certs(roots).build())
    }

    fn roots(&self) -> Result<RootCerts> {
        let named = self.file.is_some() || self.folder.is_some() || !self.inline.is_empty();
        // Elsewhere the system's own verifier knows more than a list of authorities.
        let ask_the_system = !cfg!(target_os = "linux");
        if !named && self.extra_file.is_none() && ask_the_system {
            return Ok(RootCerts::PlatformVerifier);
        }
        let mut roots = if named {
            self.named_roots()?
        } else {
            owned(&load_native_certs())
        };
        if roots.is_empty() && !named {
            // Bare containers have no store; Mozilla's list is compiled in for them.
            return Ok(RootCerts::WebPki);
        }
        if let Some(file) = &self.extra_file {
            roots.extend(owned(&load_certs_from_paths(Some(file), None)));
        }
        Ok(RootCerts::from(roots))
    }

    fn named_roots(&self) -> Result<Vec<Certificate<'static>>> {
        let mut roots = Vec::new();
        if self.file.is_some() || self.folder.is_some() {
            let mut loaded = load_certs_from_paths(self.file.as_deref(), self.folder.as_deref());
            if loaded.certs.is_empty() {
                let place = self.file.as_deref().or(self.folder.as_deref());
                let cause = loaded.errors.pop();
                return Err(no_authority(place.unwrap_or(Path::new("")), cause));
            }
            roots.extend(owned(&loaded));
        }
        for text in &self.inline {
            let items = parse_pem(text.as_bytes()).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            roots.extend(items);
        }
        if roots.is_empty() {
            return Err(no_authority(Path::new("npm's ca setting"), None));
        }
        Ok(roots)
    }
}

fn owned(loaded: &CertificateResult) -> Vec<Certificate<'static>> {
    let certificates = loaded.certs.iter();
    certificates
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect()
}

fn no_authority(place: &Path, cause: Option<rustls_native_certs::Error>) -> Error {
    let error = Error::new(
        ErrorKind::Tls,
        "no certificate authority in the file or folder named",
    )
    .at(place.display().to_string())
    .next(NextStep::Configure {
        name: "SSL_CERT_FILE".to_owned(),
        value: "a readable PEM file".to_owned(),
    });
    // The place is told already; the text of the whole would repeat its own cause.
    match cause.map(|cause| cause.kind) {
        Some(rustls_native_certs::ErrorKind::Io { inner, .. }) => error.caused_by(inner),
        Some(rustls_native_certs::ErrorKind::Os(cause)) => error.caused_by(cause),
        Some(rustls_native_certs::ErrorKind::Pem(cause)) => error.caused_by(cause),
        _ => error,
    }
}
