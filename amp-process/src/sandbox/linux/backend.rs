//! Puts a launch into its sandbox: what is needed is found out, planned and taken into use.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::bubblewrap;
use super::confined::Confined;
use super::confinement::Confinement;
use super::entry;
use super::evidence;
use super::landlock::{self, Right};
use super::mount::mounts;
use super::plan::{HostFiles, Machine, NAME_SERVER, Plan, Purpose, is_transparent, plan};
use super::seccomp;
use super::shells;
use super::temporary::{self, TemporaryFolder};
use crate::containment::kind::{Containment, ContainmentKind};
use crate::containment::shim::{NOT_HOOKED, ShimCommand};
use crate::containment::tree::Listeners;
use crate::containment::{namespace, strategy};
use crate::error::Error;
use crate::platform::Launch;
use crate::sandbox::decision::NetworkLog;
use crate::sandbox::host_rule::HostRule;
use crate::sandbox::layer::{Absence, LayerStatus, diagnose};
use crate::sandbox::policy::{Access, Network, Policy};
use crate::sandbox::request::Sandbox;
use crate::sandbox::status::SandboxStatus;
use crate::spec::ProcessSpec;

/// A launch that was put into its sandbox, before it runs.
pub(crate) struct Prepared {
    command: ShimCommand,
    purposes: Vec<Purpose>,
    rules: Vec<HostRule>,
    status: SandboxStatus,
    temporary: Option<TemporaryFolder>,
}

/// Plans the sandbox of a launch and changes the launch so that it runs in it.
pub(crate) async fn prepare(launch: &mut Launch) -> Result<Prepared, Error> {
    let Some(sandbox) = launch.spec.sandbox.take() else {
        return Err(Error::sandbox("none is asked for", Vec::new()));
    };
    let (machine, bubblewrap, shim) = look_around(&launch.spec, sandbox.policy()).await?;
    let executables = [Some(launch.program.as_path()), shim.as_deref()];
    let policy = with_executables(sandbox.policy(), &executables);
    let planned = planned(&policy, &launch.spec, &machine, shim.as_deref())?;
    refuse_missing(&sandbox, &planned.layers)?;
    let Plan {
        kind,
        bubblewrap: mut arguments,
        host_names,
        mut confinement,
        purposes,
        mut variables,
        layers,
    } = planned;
    let Some(shim) = shim else {
        return Err(Error::sandbox(NOT_HOOKED, layers));
    };
    if let Containment::Require(wanted) = launch.spec.containment
        && wanted != kind
    {
        let reason = format!("it comes with containment by {kind}, not by {wanted}");
        return Err(Error::sandbox(reason, layers));
    }
    let mut temporary = None;
    if kind != ContainmentKind::Namespace {
        // The shared folder is everybody's; mounts would make it private.
        let folder = TemporaryFolder::for_program(&launch.spec)
            .map_err(Error::io("make a folder for temporary files"))?;
        let path = folder.path().to_owned();
        if !confinement.rights.is_empty() {
            confinement.rights.push((path.clone(), Right::Write));
        }
        variables.insert(temporary::VARIABLE.into(), path.clone().into());
        confinement.temporary = Some(path);
        temporary = Some(folder);
    }
    let visible = |(name, _): &(OsString, OsString)| policy.variables().allows(name);
    let given = std::mem::take(&mut launch.spec.environment).into_iter();
    launch.spec.environment = given.filter(visible).chain(variables).collect();
    let program = match bubblewrap.filter(|_| !arguments.is_empty()) {
        Some(bubblewrap) => {
            arguments.push(shim.into_os_string());
            bubblewrap
        }
        None => shim,
    };
    Ok(Prepared {
        command: ShimCommand {
            kind,
            program,
            arguments,
            confinement: confinement.encode(),
            data: host_names.map(String::into_bytes),
        },
        purposes,
        rules: match policy.network() {
            Network::Hosts { rules, .. } => rules.clone(),
            Network::Open => Vec::new(),
        },
        status: SandboxStatus {
            layers,
            network: NetworkLog::default(),
        },
        temporary,
    })
}

impl Prepared {
    /// Returns how to start the shim.
    pub(crate) fn command(&self) -> &ShimCommand {
        &self.command
    }

    /// Begins to serve the listeners that the shim has handed out.
    pub(crate) fn serve(self, listeners: Listeners) -> Result<Confined, Error> {
        let purpose = |(position, listener)| Some((listener, *self.purposes.get(position)?));
        let listeners = listeners.into_iter().filter_map(purpose).collect();
        Confined::new(listeners, self.rules, self.status, self.temporary)
            .map_err(Error::io("serve the network of the sandbox"))
    }
}

impl ProcessSpec {
    /// Finds out what would enforce the sandbox of this program, without starting it; nothing when
    /// it has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SandboxRefused`](crate::ErrorKind::SandboxRefused) when a rule of the policy
    /// cannot be kept, or where there is no backend at all. That a layer is missing is no error:
    /// the layers tell.
    pub async fn probe_sandbox(&self) -> Result<Vec<LayerStatus>, Error> {
        let Some(sandbox) = &self.sandbox else {
            return Ok(Vec::new());
        };
        let (machine, _, shim) = look_around(self, sandbox.policy()).await?;
        let policy = with_executables(sandbox.policy(), &[shim.as_deref()]);
        Ok(planned(&policy, self, &machine, shim.as_deref())?.layers)
    }
}

/// Adds what has to be executed, where nothing of it could be seen, by the path that names it:
/// some programs go by their own name.
fn with_executables(policy: &Policy, executables: &[Option<&Path>]) -> Policy {
    let mut policy = policy.clone();
    for path in executables.iter().copied().flatten() {
        policy = policy.with_name(path);
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if matches!(policy.access(&path), Access::Hidden | Access::Private) {
            policy = policy.with_files(path, Access::Readable);
        }
    }
    policy
}

fn planned(
    policy: &Policy,
    spec: &ProcessSpec,
    machine: &Machine,
    shim: Option<&Path>,
) -> Result<Plan, Error> {
    let refused = |reason| Error::sandbox(reason, Vec::new());
    let entries = entry::resolve(policy).map_err(refused)?;
    let directory = spec.working_directory.clone();
    let directory = directory.unwrap_or_else(|| PathBuf::from("."));
    let directory = directory
        .canonicalize()
        .map_err(|error| refused(format!("{} cannot be used: {error}", directory.display())))?;
    let files = HostFiles {
        resolver: Path::new("/etc/resolv.conf").canonicalize().ok(),
        host_names: std::fs::read_to_string("/etc/hosts").unwrap_or_default(),
        shells: shells::find(),
        shim: shim.map(Path::to_owned),
    };
    plan(policy, &entries, &directory, machine, &files).map_err(refused)
}

/// Refuses a sandbox that lacks something, by the first reason that tells what to do about it.
fn refuse_missing(sandbox: &Sandbox, layers: &[LayerStatus]) -> Result<(), Error> {
    let missing: Vec<&LayerStatus> = layers.iter().filter(|layer| layer.is_missing()).collect();
    let absences = || missing.iter().filter_map(|layer| layer.absence.as_ref());
    let telling = absences().find(|absence| **absence != Absence::BeyondLandlock);
    match telling.or_else(|| absences().next()) {
        Some(absence) if !sandbox.is_best_effort() => {
            let names: Vec<&str> = missing.iter().map(|layer| layer.layer.as_str()).collect();
            let names = names.join(", ");
            let reason = format!("{absence}, and without it there is no protection of {names}");
            Err(Error::sandbox(reason, layers.to_vec()))
        }
        _ => Ok(()),
    }
}

/// Finds out what this machine has, where bubblewrap is, and what to start as the shim.
async fn look_around(
    spec: &ProcessSpec,
    policy: &Policy,
) -> Result<(Machine, Option<PathBuf>, Option<PathBuf>), Error> {
    let shim = namespace::shim_program(spec);
    let bubblewrap = namespace::find(spec);
    let user = rustix::process::geteuid();
    let own_network = *policy.network() != Network::Open;
    let outside = evidence::namespaces(own_network);
    let mut machine = Machine {
        namespace: None,
        shim: shim.as_ref().err().cloned().map(Absence::NoShim),
        landlock: landlock::version(),
        filter: seccomp::absence(),
        user: (!user.is_root()).then(|| {
            let group = rustix::process::getegid();
            (user.as_raw(), group.as_raw())
        }),
        outside: outside.map_err(Error::io("look at the namespaces of this process"))?,
    };
    machine.namespace = match (&bubblewrap, &shim) {
        (None, _) => Some(Absence::NoBubblewrap),
        (_, Err(reason)) => Some(Absence::NoShim(reason.clone())),
        (Some(bubblewrap), Ok(shim)) => {
            try_namespace(bubblewrap, shim, spec, policy, &machine).await?
        }
    };
    Ok((machine, bubblewrap, shim.ok()))
}

/// Makes namespaces once, with every kind of option that is used, and has a shim do in them all
/// that needs a capability; the answer is remembered.
async fn try_namespace(
    program: &Path,
    shim: &Path,
    spec: &ProcessSpec,
    policy: &Policy,
    machine: &Machine,
) -> Result<Option<Absence>, Error> {
    let transparent = is_transparent(policy);
    let alone = with_executables(&Policy::new(), &[Some(shim)]);
    let refused = |reason| Error::sandbox(reason, Vec::new());
    let mounts = mounts(&entry::resolve(&alone).map_err(refused)?);
    let view = bubblewrap::View {
        mounts: &mounts,
        private_bytes: 1 << 20,
        own_network: *policy.network() != Network::Open,
        low_ports: transparent,
        own_host_names: false,
        root: machine.is_root(),
        directory: Path::new("/"),
    };
    let confinement = Confinement {
        evidence: machine.outside.clone(),
        name_server: transparent.then_some(NAME_SERVER),
        user: machine.user.filter(|_| transparent),
        protect_devices: machine.is_root(),
        ..Confinement::default()
    };
    let mut arguments = bubblewrap::arguments(&view);
    arguments.push(shim.as_os_str().to_owned());
    let trial = ShimCommand {
        kind: ContainmentKind::Namespace,
        program: program.to_owned(),
        arguments,
        confinement: confinement.encode(),
        data: None,
    };
    let setting = |name: &str| {
        let path = Path::new("/proc/sys").join(name.replace('.', "/"));
        std::fs::read_to_string(path).ok()
    };
    let outcome = strategy::probe(&trial, spec).await?;
    Ok(outcome.err().map(|failure| diagnose(&failure, setting)))
}
