//! Puts a launch into its sandbox: what is needed is found out, planned and taken into use.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::bubblewrap;
use super::confined::Confined;
use super::confinement::Confinement;
use super::entry;
use super::evidence;
use super::landlock::{self, Right};
use super::links;
use super::mount::mounts;
use super::plan::{HostFiles, Machine, NAME_SERVER, Plan, Purpose, is_transparent, plan};
use super::seccomp;
use super::shells;
use super::temporary::{self, TemporaryFolder};
use super::view::View;
use crate::containment::kind::{Containment, ContainmentKind};
use crate::containment::shim::ShimCommand;
use crate::containment::tree::Listeners;
use crate::containment::{namespace, strategy};
use crate::error::Error;
use crate::platform::Launch;
use crate::sandbox::decision::NetworkLog;
use crate::sandbox::host_rule::HostRule;
use crate::sandbox::layer::{Absence, LayerStatus, diagnose};
use crate::sandbox::policy::{Access, Network, Policy};
use crate::sandbox::request::{Backend, Sandbox};
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
    let (machine, tools) = look_around(&launch.spec, &sandbox).await?;
    let shim = tools.shim.as_deref().ok();
    let executables = [Some(launch.program.as_path()), shim];
    let policy = with_executables(sandbox.policy(), &executables);
    let planned = planned(&policy, &launch.spec, &machine, shim)?;
    refuse_missing(&sandbox, &planned.layers)?;
    let Plan {
        kind,
        view,
        host_names,
        mut confinement,
        purposes,
        mut variables,
        layers,
    } = planned;
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
    let view = view.as_ref().zip(machine.namespace.ok());
    let command = tools.command(&launch.spec, view, &confinement);
    let command = command.map_err(|reason| Error::sandbox(reason, layers.clone()))?;
    Ok(Prepared {
        command: ShimCommand {
            data: host_names.map(String::into_bytes),
            ..command
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
        let (machine, tools) = look_around(self, sandbox).await?;
        let shim = tools.shim.as_deref().ok();
        let policy = with_executables(sandbox.policy(), &[shim]);
        Ok(planned(&policy, self, &machine, shim)?.layers)
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
    let mut policy = policy.clone();
    let substitutes = policy.substitutes.iter();
    policy.substitutes = substitutes
        .map(|(path, from)| (links::resolved(path), links::resolved(from)))
        .collect();
    let directory = spec.working_directory.clone();
    let directory = directory.unwrap_or_else(|| PathBuf::from("."));
    let directory = directory
        .canonicalize()
        .map_err(|error| refused(format!("{} cannot be used: {error}", directory.display())))?;
    let files = HostFiles {
        resolver: Path::new("/etc/resolv.conf").canonicalize().ok(),
        host_names: std::fs::read_to_string("/etc/hosts").unwrap_or_default(),
        shells: shells::find(),
        shim: shim.map(links::resolved),
    };
    plan(&policy, &entries, &directory, machine, &files).map_err(refused)
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

/// The programs that make a sandbox.
struct Tools {
    shim: Result<PathBuf, String>,
    bubblewrap: Option<PathBuf>,
}

impl Tools {
    /// Returns how to start the shim, in a view that is made by this backend, or in none.
    fn command(
        &self,
        spec: &ProcessSpec,
        view: Option<(&View, Backend)>,
        confinement: &Confinement,
    ) -> Result<ShimCommand, String> {
        let shim = self.shim.clone()?;
        let alone = ShimCommand {
            confinement: confinement.encode(),
            ..ShimCommand::alone(spec)?
        };
        let Some((view, backend)) = view else {
            return Ok(alone);
        };
        let kind = ContainmentKind::Namespace;
        Ok(match backend {
            Backend::Namespaces => ShimCommand {
                kind,
                confinement: [view.encode(), alone.confinement].concat(),
                ..alone
            },
            Backend::Bubblewrap => {
                let mut arguments = bubblewrap::arguments(view, confinement);
                arguments.push(shim.into_os_string());
                let bubblewrap = self.bubblewrap.clone();
                ShimCommand {
                    kind,
                    program: bubblewrap.ok_or_else(|| Absence::NoBubblewrap(None).to_string())?,
                    arguments,
                    ..alone
                }
            }
        })
    }
}

/// Finds out what this machine has, and what makes a sandbox on it.
async fn look_around(spec: &ProcessSpec, sandbox: &Sandbox) -> Result<(Machine, Tools), Error> {
    let tools = Tools {
        shim: namespace::shim_program(spec),
        bubblewrap: namespace::find(spec),
    };
    let user = rustix::process::geteuid();
    let own_network = *sandbox.policy().network() != Network::Open;
    let outside = evidence::namespaces(own_network);
    let mut machine = Machine {
        namespace: Ok(Backend::Namespaces),
        shim: tools.shim.as_ref().err().cloned().map(Absence::NoShim),
        landlock: landlock::version(),
        filter: seccomp::absence(),
        user: (!user.is_root()).then(|| {
            let group = rustix::process::getegid();
            (user.as_raw(), group.as_raw())
        }),
        outside: outside.map_err(Error::io("look at the namespaces of this process"))?,
    };
    machine.namespace = match &machine.shim {
        Some(absence) => Err(absence.clone()),
        None => find_backend(spec, sandbox, &machine, &tools).await?,
    };
    Ok((machine, tools))
}

/// Finds what makes namespaces here: bubblewrap is tried where the shim cannot.
async fn find_backend(
    spec: &ProcessSpec,
    sandbox: &Sandbox,
    machine: &Machine,
    tools: &Tools,
) -> Result<Result<Backend, Absence>, Error> {
    let wanted = |backend| sandbox.backend().is_none_or(|asked| asked == backend);
    let attempt = |backend| attempt(backend, spec, sandbox.policy(), machine, tools);
    let mut refused = None;
    if wanted(Backend::Namespaces) {
        match attempt(Backend::Namespaces).await? {
            None => return Ok(Ok(Backend::Namespaces)),
            Some(absence) if !wanted(Backend::Bubblewrap) => return Ok(Err(absence)),
            Some(absence) => refused = Some(Box::new(absence)),
        }
    }
    if tools.bubblewrap.is_none() {
        return Ok(Err(Absence::NoBubblewrap(refused)));
    }
    let absence = attempt(Backend::Bubblewrap).await?;
    Ok(absence.map_or(Ok(Backend::Bubblewrap), Err))
}

/// Makes namespaces once, with every kind of step that is used, and has a shim do in them all that
/// needs a capability; the answer, why that cannot be, is remembered.
async fn attempt(
    backend: Backend,
    spec: &ProcessSpec,
    policy: &Policy,
    machine: &Machine,
    tools: &Tools,
) -> Result<Option<Absence>, Error> {
    let refused = |reason| Error::sandbox(reason, Vec::new());
    let machine = Machine {
        namespace: Ok(backend),
        ..machine.clone()
    };
    let transparent = is_transparent(policy);
    let alone = with_executables(&Policy::new(), &[tools.shim.as_deref().ok()]);
    let mounts = mounts(&entry::resolve(&alone).map_err(refused)?);
    let view = View {
        own_network: *policy.network() != Network::Open,
        root: machine.is_root(),
        ..View::new(mounts, 1 << 20, Path::new("/"))
    };
    let confinement = Confinement {
        evidence: machine.outside.clone(),
        name_server: transparent.then_some(NAME_SERVER),
        user: machine
            .user
            .filter(|_| machine.stands_for_root(transparent)),
        protect_devices: machine.protects_devices(),
        ..Confinement::default()
    };
    let trial = tools.command(spec, Some((&view, backend)), &confinement);
    let outcome = strategy::probe(&trial.map_err(refused)?, spec).await?;
    let setting = |name: &str| {
        let path = Path::new("/proc/sys").join(name.replace('.', "/"));
        std::fs::read_to_string(path).ok()
    };
    Ok(outcome.err().map(|failure| diagnose(&failure, setting)))
}
