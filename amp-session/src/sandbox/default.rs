//! The policy for Amp: the facts behind it were measured with native and JavaScript builds of 2026.
//!
//! Each of its three folders has to be writable, or it ends at once; its executable, the
//! certificates it is told of and instructions for agents in folders around the workspace are read.

use std::path::{Path, PathBuf};

use amp_process::sandbox::{Access, HostRule, Network, Policy, Sandbox};

use super::config::SandboxConfig;
use super::{git, key};
use crate::dialect::Generation;
use crate::environment::{self, Environment};
use crate::error::Error;

/// The services of Amp.
const HOSTS: [&str; 2] = ["ampcode.com", "*.ampcode.com"];

/// What is passed on: where things are, how to speak, and what Amp itself reads.
const VARIABLES: &[&str] = &[
    "AMP_*",
    "COLORTERM",
    "FORCE_COLOR",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "LOGNAME",
    "NODE_EXTRA_CA_CERTS",
    "NO_COLOR",
    "PATH",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];

/// Variables whose values are files or folders with certificates.
const CERTIFICATES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Amp's own folders: the variable that moves each, and where it is below the home folder.
const FOLDERS: [(&str, &str); 3] = [
    ("XDG_CACHE_HOME", ".cache"),
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_DATA_HOME", ".local/share"),
];

/// What in Amp's configuration decides what it does the next time, perhaps outside a sandbox.
const CONFIGURATION: [&str; 6] = [
    "AGENTS.md",
    "plugins",
    "settings.json",
    "settings.jsonc",
    "skills",
    "toolbox",
];

/// Instructions for agents, which Amp reads in every folder around the workspace.
const INSTRUCTIONS: [&str; 3] = ["AGENTS.md", "AGENT.md", "CLAUDE.md"];

/// What a sandbox is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) config: &'a SandboxConfig,
    /// The environment of the agent.
    pub(crate) environment: &'a Environment,
    /// The variables that were set for this run on purpose.
    pub(crate) chosen: &'a Environment,
    /// The folder the agent works in.
    pub(crate) workspace: &'a Path,
    /// The executable, and what stands in front of its arguments.
    pub(crate) programs: &'a [PathBuf],
    /// Files that the options of the run name.
    pub(crate) files: &'a [PathBuf],
    /// The files of the run itself, which nothing in it may change.
    pub(crate) run_folder: &'a Path,
    /// What the agent starts to ask about a call, over a socket in the folder of the run.
    pub(crate) helper: Option<&'a Path>,
    pub(crate) generation: Generation,
    /// The service that the agent talks to.
    pub(crate) service_url: &'a str,
}

/// Makes the sandbox, and the folders of Amp that it needs.
pub(crate) fn sandbox(subject: &Subject<'_>) -> Result<Sandbox, Error> {
    let policy = policy(subject)?;
    check_service(&policy, subject.service_url)?;
    let sandbox = Sandbox::new(policy);
    Ok(match subject.config.best_effort {
        true => sandbox.best_effort(),
        false => sandbox,
    })
}

fn policy(subject: &Subject<'_>) -> Result<Policy, Error> {
    let refused = |reason: String| Error::InvalidOption {
        option: "sandbox",
        reason,
    };
    let unusable = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| refused(format!("{path} cannot be used: {error}"))
    };
    let workspace = subject.workspace.canonicalize();
    let workspace = workspace.map_err(unusable(subject.workspace))?;
    let named_home = environment::home(subject.environment);
    let home = named_home
        .as_ref()
        .and_then(|home| home.canonicalize().ok());
    let is_around_home = home
        .as_ref()
        .is_some_and(|home| home.starts_with(&workspace));
    if is_around_home || workspace.parent().is_none() {
        let workspace = workspace.display();
        return Err(refused(format!(
            "{workspace} holds the whole home folder; work in a folder below it"
        )));
    }

    // What is known by a path with links in it is to be found by that path.
    let names = named_home.iter().map(PathBuf::as_path);
    let names = names.chain([subject.workspace]);
    let mut policy = names.fold(Policy::new(), with_name);
    if let Some(home) = &home {
        policy = policy.with_files(home, Access::Private);
    }
    let mut data = None;
    for (variable, below_home) in FOLDERS {
        let base = environment::base_folder(subject.environment, variable, below_home);
        let Some(folder) = base.map(|base| base.join("amp")) else {
            continue;
        };
        make_private_folder(&folder).map_err(unusable(&folder))?;
        policy = with_name(policy, &folder);
        let folder = folder.canonicalize().map_err(unusable(&folder))?;
        if variable == "XDG_CONFIG_HOME" {
            // What else is in a configuration of the run itself is links, and what they lead to
            // stays as it is.
            let is_own = folder.starts_with(subject.run_folder);
            let names = CONFIGURATION.into_iter();
            for name in names.filter(|name| !is_own || *name == "plugins") {
                policy = policy.with_files(folder.join(name), Access::Readable);
            }
        }
        if variable == "XDG_DATA_HOME" {
            data = Some(folder.clone());
        }
        policy = policy.with_files(folder, Access::Writable);
    }
    policy = readable(policy, subject, &workspace, home.as_deref());
    policy = policy.with_files(&workspace, Access::Writable);
    policy = git::protect(policy, &workspace);
    policy = policy.with_files(workspace.join(".amp"), Access::Readable);
    let readable = subject.config.readable.iter();
    let readable = readable.map(|path| (path, Access::Readable));
    let writable = subject.config.writable.iter();
    let writable = writable.map(|path| (path, Access::Writable));
    for (path, access) in readable.chain(writable) {
        let canonical = path.canonicalize().map_err(unusable(path))?;
        policy = with_name(policy, path).with_files(canonical, access);
    }
    policy = fixed(policy, subject);
    let run_folder = subject.run_folder;
    policy = key::withhold(policy, subject.environment, data.as_deref(), run_folder);

    let chosen = subject.chosen.keys().cloned();
    let variables = VARIABLES.iter().map(Into::into);
    let variables = variables
        .chain(chosen)
        .chain(subject.config.variables.iter().cloned());
    policy = variables.fold(policy, Policy::with_variable);
    let default = HOSTS
        .iter()
        .filter_map(|host| host.parse::<HostRule>().ok());
    Ok(policy
        .with_network(Network::Hosts {
            rules: default
                .chain(subject.config.hosts.iter().cloned())
                .collect(),
            // The JavaScript builds ignore every proxy variable; native ones use them for fetch and
            // WebSocket alike.
            transparent: subject.generation == Generation::LocalLoop,
        })
        .with_limits(subject.config.limits))
}

/// Adds what Amp reads outside the folders that are its own.
fn readable(
    policy: Policy,
    subject: &Subject<'_>,
    workspace: &Path,
    home: Option<&Path>,
) -> Policy {
    let certificates = CERTIFICATES
        .iter()
        .filter_map(|name| environment::value(subject.environment, name).map(PathBuf::from));
    let packages = subject.programs.iter().filter_map(|path| {
        let path = path.canonicalize().ok()?;
        Some(package_of(&path).unwrap_or(path))
    });
    let programs = subject.programs.iter().cloned();
    let around = workspace.ancestors().skip(1);
    let around = around.take_while(|folder| home.is_some_and(|home| folder.starts_with(home)));
    let instructions =
        around.flat_map(|folder| INSTRUCTIONS.iter().map(move |name| folder.join(name)));
    let node = (subject.generation == Generation::LocalLoop)
        .then(|| program_in_path("node", subject.environment))
        .flatten();
    let files = subject.files.iter().cloned();
    let paths = certificates
        .chain(packages)
        .chain(programs)
        .chain(node)
        .chain(files)
        .chain(instructions);
    with_readable(policy, paths)
}

/// Makes what is there of these readable; what can be read already needs no rule.
pub(super) fn with_readable(policy: Policy, paths: impl Iterator<Item = PathBuf>) -> Policy {
    paths.fold(policy, |policy, path| {
        let Ok(canonical) = path.canonicalize() else {
            return policy;
        };
        let policy = with_name(policy, &path);
        match policy.access(&canonical) {
            Access::Hidden | Access::Private => policy.with_files(canonical, Access::Readable),
            _ => policy,
        }
    })
}

/// Adds what decides about the run, which stays as it is wherever it lies.
fn fixed(policy: Policy, subject: &Subject<'_>) -> Policy {
    let paths = [subject.run_folder].into_iter().chain(subject.helper);
    // The folder of a run that is only previewed is not there.
    let there = paths.filter_map(|path| Some((path, path.canonicalize().ok()?)));
    let policy = there.fold(policy, |policy, (path, canonical)| {
        with_name(policy, path).with_files(canonical, Access::Readable)
    });
    match subject.helper {
        // Whatever else listens in a folder that the agent sees can be reached then, too.
        Some(_) => policy.with_unix_sockets(),
        None => policy,
    }
}

pub(super) fn with_name(policy: Policy, path: &Path) -> Policy {
    match path.is_absolute() {
        true => policy.with_name(path),
        false => policy,
    }
}

/// Returns the folder with a JavaScript program and the packages that it loads.
pub(super) fn package_of(program: &Path) -> Option<PathBuf> {
    let modules = |folder: &&Path| {
        folder
            .file_name()
            .is_some_and(|name| name == "node_modules")
    };
    let outermost = program.ancestors().filter(modules).last();
    let is_script = program
        .extension()
        .is_some_and(|extension| ["js", "cjs", "mjs"].iter().any(|known| extension == *known));
    let beside = program.parent().filter(|_| is_script);
    outermost.or(beside).map(Path::to_owned)
}

/// Returns where a program is that is found by its name.
pub(super) fn program_in_path(name: &str, environment: &Environment) -> Option<PathBuf> {
    let path = environment::value(environment, "PATH")?;
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Refuses a service that could not be reached, in place of the CLI, whose words do not tell why.
fn check_service(policy: &Policy, service_url: &str) -> Result<(), Error> {
    let (scheme, rest) = service_url
        .split_once("://")
        .unwrap_or(("https", service_url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let usual = if scheme == "http" { 80 } else { 443 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.contains(']') => {
            (host, port.parse().unwrap_or(usual))
        }
        _ => (authority, usual),
    };
    if policy.allows_host(host, port) {
        return Ok(());
    }
    let rule = match port {
        443 => host.to_owned(),
        port => format!("{host}:{port}"),
    };
    Err(Error::SandboxedService {
        service_url: service_url.to_owned(),
        rule,
    })
}

/// Makes a folder that only the user can read, as Amp would.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Access, Environment, Error, Generation, Network, Policy, SandboxConfig, Subject};

    struct Machine {
        _folder: tempfile::TempDir,
        home: PathBuf,
        workspace: PathBuf,
        environment: Environment,
    }

    fn machine() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let home = root.join("home");
        let workspace = home.join("code/project");
        for path in [".git/hooks", ".git/modules/sub", ".amp", "src"] {
            fs::create_dir_all(workspace.join(path)).unwrap();
        }
        fs::write(workspace.join(".git/config"), "").unwrap();
        fs::write(home.join("code/AGENTS.md"), "").unwrap();
        fs::create_dir(home.join(".ssh")).unwrap();
        Machine {
            _folder: folder,
            environment: [("HOME".into(), home.clone().into())].into(),
            home,
            workspace,
        }
    }

    fn subject<'a>(machine: &'a Machine, config: &'a SandboxConfig) -> Subject<'a> {
        static NONE: Environment = Environment::new();
        Subject {
            config,
            environment: &machine.environment,
            chosen: &NONE,
            workspace: &machine.workspace,
            programs: &[],
            files: &[],
            run_folder: Path::new("/nowhere"),
            helper: None,
            generation: Generation::ServerThreads,
            service_url: "https://ampcode.com/",
        }
    }

    fn policy(machine: &Machine) -> Policy {
        super::policy(&subject(machine, &SandboxConfig::new())).unwrap()
    }

    #[test]
    fn what_decides_about_a_run_stays_as_it_is_wherever_it_lies() {
        let machine = machine();
        let (run_folder, helper) = (machine.workspace.join("run"), machine.home.join("bin/host"));
        fs::create_dir(&run_folder).unwrap();
        fs::create_dir(helper.parent().unwrap()).unwrap();
        fs::write(&helper, "").unwrap();
        let config = SandboxConfig {
            writable: vec![helper.parent().unwrap().to_owned()],
            ..SandboxConfig::new()
        };
        let subject = Subject {
            run_folder: &run_folder,
            helper: Some(&helper),
            ..subject(&machine, &config)
        };
        let policy = super::policy(&subject).unwrap();
        assert_eq!(
            policy.access(&run_folder.join("approval.sock")),
            Access::Readable
        );
        assert_eq!(policy.access(&helper), Access::Readable);
    }

    #[test]
    fn the_default_says_what_the_documentation_says() {
        let machine = machine();
        let policy = policy(&machine);
        let access = |path: &str| policy.access(&machine.home.join(path));
        for path in [
            "code/project",
            "code/project/src/main.rs",
            "code/project/.git/index",
            ".cache/amp/logs",
            ".config/amp",
            ".local/share/amp",
        ] {
            assert_eq!(access(path), Access::Writable, "{path}");
        }
        for path in [
            "code/project/.git/hooks/pre-commit",
            "code/project/.git/config",
            "code/project/.git/modules/sub/config",
            "code/project/.amp/settings.json",
            "code/AGENTS.md",
            ".config/amp/settings.json",
            ".config/amp/plugins/a.ts",
        ] {
            assert_eq!(access(path), Access::Readable, "{path}");
        }
        for path in [
            ".ssh",
            ".bashrc",
            "code/other",
            ".config/ampctl",
            ".aws/credentials",
        ] {
            assert_eq!(access(path), Access::Private, "{path}");
        }
        for path in ["/root", "/srv", "/var/lib", "/home", "/sys"] {
            assert_eq!(policy.access(Path::new(path)), Access::Hidden, "{path}");
        }
        for name in ["PATH", "HOME", "AMP_API_KEY", "LC_ALL"] {
            assert!(policy.variables().allows(name.as_ref()), "{name}");
        }
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "SSH_AUTH_SOCK",
            "DBUS_SESSION_BUS_ADDRESS",
        ] {
            assert!(!policy.variables().allows(name.as_ref()), "{name}");
        }
        assert!(policy.allows_host("ampcode.com", 443));
        assert!(policy.allows_host("static.ampcode.com", 443));
        assert!(!policy.allows_host("ampcode.com", 80));
        assert!(!policy.allows_host("example.com", 443));
    }

    #[test]
    fn javascript_builds_are_served_without_proxy_variables() {
        let machine = machine();
        let config = SandboxConfig::new();
        for (generation, expected) in [
            (Generation::LocalLoop, true),
            (Generation::ServerThreads, false),
        ] {
            let subject = Subject {
                generation,
                ..subject(&machine, &config)
            };
            let policy = super::policy(&subject).unwrap();
            let Network::Hosts { transparent, .. } = policy.network() else {
                panic!("the network is limited");
            };
            assert_eq!(*transparent, expected);
        }
    }

    #[test]
    fn the_home_folder_is_no_workspace() {
        let machine = machine();
        let config = SandboxConfig::new();
        for workspace in [
            &machine.home,
            machine.home.parent().unwrap(),
            Path::new("/"),
        ] {
            let subject = Subject {
                workspace,
                ..subject(&machine, &config)
            };
            let error = super::policy(&subject).unwrap_err();
            assert!(matches!(error, Error::InvalidOption { .. }), "{error}");
        }
    }

    #[test]
    fn a_service_that_is_not_allowed_is_refused_by_its_rule() {
        let machine = machine();
        let config = SandboxConfig {
            hosts: vec!["127.0.0.1:8080".parse().unwrap()],
            ..SandboxConfig::new()
        };
        let refused = |service_url| {
            let subject = Subject {
                service_url,
                ..subject(&machine, &config)
            };
            super::sandbox(&subject).err().map(|error| match error {
                Error::SandboxedService { rule, .. } => rule,
                other => panic!("{other}"),
            })
        };
        assert_eq!(refused("https://ampcode.com/"), None);
        assert_eq!(refused("http://127.0.0.1:8080/"), None);
        let rule = |text: &str| Some(text.to_owned());
        assert_eq!(refused("https://amp.example/x"), rule("amp.example"));
        assert_eq!(refused("http://127.0.0.1:9"), rule("127.0.0.1:9"));
        assert_eq!(refused("http://[::1]:9/"), rule("[::1]:9"));
        assert_eq!(
            refused("https://u@amp.example:8443"),
            rule("amp.example:8443")
        );
    }

    #[test]
    fn a_javascript_program_comes_with_its_packages() {
        let package = |path: &str| super::package_of(Path::new(path));
        let found = package("/h/lib/node_modules/amp/node_modules/x/main.js");
        assert_eq!(found, Some("/h/lib/node_modules".into()));
        assert_eq!(package("/h/amp/main.js"), Some("/h/amp".into()));
        assert_eq!(package("/h/bin/amp"), None);
    }
}
