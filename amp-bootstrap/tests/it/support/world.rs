//! A server, a store and an environment, all of one test's own.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_bootstrap::{
    Architecture, Error, ErrorKind, Event, InstallRequest, Installed, Limits, OperatingSystem,
    Platform, Source, Store, Variables, VersionSpec, install,
};
use tempfile::TempDir;

use super::permissions;
use super::release::Release;
use super::server::Server;

pub(crate) const LINUX: Platform = Platform::new(OperatingSystem::Linux, Architecture::X64);

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) release: Release,
    pub(crate) folder: TempDir,
    pub(crate) environment: Variables,
    pub(crate) request: InstallRequest,
    events: RefCell<Vec<String>>,
}

impl World {
    /// A world whose bucket serves one release.
    pub(crate) fn new() -> Self {
        Self::with_server(Server::start())
    }

    pub(crate) fn with_server(server: Server) -> Self {
        Self::with_release(server, Release::new("0.0.1790000000-gabc123", 100_000))
    }

    pub(crate) fn with_release(server: Server, release: Release) -> Self {
        let folder = tempfile::tempdir().unwrap();
        release.serve(&server);
        let mut environment = Variables::new();
        let mut set = |name: &str, value: &Path| {
            environment.insert(name.into(), value.as_os_str().to_owned());
        };
        set("HOME", folder.path());
        set("USERPROFILE", folder.path());
        set("AMP_STORAGE_BASE", Path::new(&server.url()));
        set("NPM_CONFIG_REGISTRY", Path::new(&server.url()));
        let request = InstallRequest::new(VersionSpec::Latest)
            .with_sources([Source::Bucket])
            .with_platform(LINUX)
            .with_limits(quick_limits());
        Self {
            server,
            release,
            folder,
            environment,
            request,
            events: RefCell::default(),
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) {
        self.environment
            .insert(name.into(), value.as_ref().to_owned());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> Store {
        Store::at(self.path("store"))
    }

    /// The folder that the release is, or would be, installed in.
    pub(crate) fn installed_folder(&self) -> PathBuf {
        let version = self.release.version.to_string();
        self.store()
            .root()
            .join("versions")
            .join(version)
            .join("linux-x64")
    }

    pub(crate) fn install(&self) -> Result<Installed, Error> {
        self.events.borrow_mut().clear();
        let listen = |event: &Event<'_>| {
            let text = format!("{event:?}");
            let name = text.split([' ', '{']).next().unwrap_or_default().to_owned();
            self.events.borrow_mut().push(name);
        };
        install(&self.store(), &self.request, &self.environment, &listen)
    }

    /// Returns how often the last installation told of an event.
    pub(crate) fn count(&self, event: &str) -> usize {
        self.events
            .borrow()
            .iter()
            .filter(|name| *name == event)
            .count()
    }

    /// Returns what the last installation told, without how far the transfer was.
    pub(crate) fn events(&self) -> Vec<String> {
        let mut events = self.events.borrow().clone();
        events.retain(|name| name != "Advanced");
        events
    }

    /// Installs and checks that the result is the release and nothing else.
    pub(crate) fn installs(&self) -> Installed {
        let installed = self.install().unwrap_or_else(|error| {
            panic!("{}", serde_json::to_string_pretty(&error.report()).unwrap())
        });
        assert_eq!(installed.version, self.release.version);
        assert_eq!(installed.sha256, self.release.sha256());
        assert!(fs::read(&installed.path).unwrap() == self.release.executable);
        assert!(fs::symlink_metadata(&installed.path).unwrap().is_file());
        permissions::assert_everybody_may_run(&installed.path);
        self.leaves_no_temporary_files();
        installed
    }

    /// Installs, expects a kind of error, and checks that nothing can be run by mistake.
    pub(crate) fn fails(&self, kind: ErrorKind) -> Failure {
        let error = match self.install() {
            Ok(installed) => panic!("installed {installed:?} instead of {kind:?}"),
            Err(error) => error,
        };
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(!error.next_steps().is_empty());
        self.holds_nothing_executable();
        self.leaves_no_temporary_files();
        assert_eq!(self.store().list().unwrap(), []);
        Failure {
            text: self.redacted(&serde_json::to_string_pretty(&error.report()).unwrap()),
        }
    }

    /// Expects a failure after which nothing of what was fetched is on disk.
    pub(crate) fn refuses(&self, kind: ErrorKind) -> Failure {
        let failure = self.fails(kind);
        assert_eq!(self.kept_partials(), Vec::<PathBuf>::new());
        failure
    }

    /// Checks that the package of the release was never asked for.
    pub(crate) fn fetched_no_package(&self) {
        let requests = self.server.requests_for(&self.release.tarball_path());
        assert_eq!(requests.len(), 0);
    }

    pub(crate) fn holds_nothing_executable(&self) {
        for path in files_below(self.store().root()) {
            let may_run = permissions::somebody_may_run(&path);
            assert!(!may_run, "{} is executable", path.display());
        }
        let entry = self.store().find(&self.release.version, LINUX);
        assert_eq!(entry.and_then(|entry| entry.receipt), None);
    }

    pub(crate) fn leaves_no_temporary_files(&self) {
        for path in files_below(self.store().root()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                !name.starts_with(".incoming"),
                "{} was left behind",
                path.display()
            );
        }
    }

    /// Returns the partial transfers that are kept.
    pub(crate) fn kept_partials(&self) -> Vec<PathBuf> {
        let mut files = files_below(&self.store().root().join("partial"));
        files.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "part")
        });
        files
    }

    /// Replaces what differs from run to run.
    fn redacted(&self, text: &str) -> String {
        text.replace(&self.server.url(), "http://server")
            .replace(&format!("localhost:{}", self.server.port()), "server")
            .replace(&self.folder.path().display().to_string(), "FOLDER")
    }
}

/// An expected failure, for snapshots.
pub(crate) struct Failure {
    text: String,
}

impl Failure {
    /// As [`reads`](Self::reads), with the address of another server in it.
    pub(crate) fn reads_without(self, address: &str, name: &str) {
        let text = self.text.replace(address, "http://other");
        Self { text }.reads(name);
    }

    /// Compares the whole report with the one that was reviewed.
    pub(crate) fn reads(self, name: &str) {
        if cfg!(windows) {
            // The system words its reasons and writes its paths in another way there.
            return;
        }
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, self.text);
        });
    }
}

/// Limits that let a test of a stalled server end soon.
pub(crate) fn quick_limits() -> Limits {
    let mut limits = Limits::default();
    limits.deadlines.connect = Duration::from_secs(5);
    limits.deadlines.response = Duration::from_secs(5);
    // Loopback is slower where it is emulated.
    limits.deadlines.read = Duration::from_millis(if cfg!(windows) { 1500 } else { 400 });
    limits.deadlines.lock = Duration::from_secs(60);
    limits.retry.retries = 2;
    limits.retry.first_pause = Duration::from_millis(2);
    limits.retry.longest_pause = Duration::from_millis(4);
    limits
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files
}
