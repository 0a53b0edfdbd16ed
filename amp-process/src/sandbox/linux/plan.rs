//! From a policy to everything that enforces it on Linux; pure, apart from what it is told.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::confinement::Confinement;
use super::entry::{self, Entry};
use super::evidence::{self, Evidence};
use super::host_names;
use super::landlock::{self, NEEDED};
use super::mount::{Mount, mounts};
use super::seccomp::Families;
use super::shells::{self, Shell, StandIn};
use super::view::View;
use crate::containment::kind::ContainmentKind;
use crate::sandbox::host_rule::HostRule;
use crate::sandbox::layer::{Absence, Layer, LayerStatus};
use crate::sandbox::policy::{Access, Network, Policy};
use crate::sandbox::request::Backend;
use crate::shim::protocol::MOST_LISTENERS;

/// Where the proxy listens within the sandbox, unless a rule wants the port.
const PROXY_PORT: u16 = 3128;
/// Where programs look for a name server when they are told of none.
pub(super) const NAME_SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);
/// The port that the transparent forwarder stands at.
const HTTPS_PORT: u16 = 443;

/// What this machine has to offer.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    /// What makes namespaces, or why there are none.
    pub(super) namespace: Result<Backend, Absence>,
    /// Why there is no shim without one.
    pub(super) shim: Option<Absence>,
    /// The version of Landlock; 0 without it.
    pub(super) landlock: u8,
    /// Why system calls cannot be filtered; `None` when they can.
    pub(super) filter: Option<Absence>,
    /// The user and the group that we are; `None` when the kernel takes us for root.
    pub(super) user: Option<(u32, u32)>,
    /// What shows that a process is in none of the host's namespaces.
    pub(super) outside: Vec<Evidence>,
}

impl Machine {
    pub(super) fn is_root(&self) -> bool {
        self.user.is_none()
    }

    /// Returns whether the shim begins as root of its namespaces, whoever we are: where it has made
    /// them, and where it needs a port that is `low`.
    pub(super) fn stands_for_root(&self, low: bool) -> bool {
        match self.namespace {
            Ok(Backend::Namespaces) => true,
            Ok(Backend::Bubblewrap) => low,
            Err(_) => false,
        }
    }

    /// Returns whether the devices are left to be protected.
    pub(super) fn protects_devices(&self) -> bool {
        self.is_root() && self.namespace == Ok(Backend::Bubblewrap)
    }
}

/// Everything that enforces a policy.
#[derive(Debug)]
pub(super) struct Plan {
    /// The containment that it is made of.
    pub(super) kind: ContainmentKind,
    /// What the program sees; nothing of its own without namespaces.
    pub(super) view: Option<View>,
    /// The text of the file of host names, if it is replaced.
    pub(super) host_names: Option<String>,
    /// What the shim does.
    pub(super) confinement: Confinement,
    /// What each of its listeners is for.
    pub(super) purposes: Vec<Purpose>,
    /// Variables to set over those that are allowed.
    pub(super) variables: BTreeMap<OsString, OsString>,
    pub(super) layers: Vec<LayerStatus>,
}

/// What a listener within the sandbox is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The proxy.
    Connect,
    /// The forwarder that goes by the name in the TLS handshake.
    ServerName,
    /// The name server that leads allowed names to the forwarder.
    Names,
    /// A port of this machine.
    Local(SocketAddr),
}

/// Plans a sandbox for a program that starts in `directory`; an error says why it cannot be.
pub(super) fn plan(
    policy: &Policy,
    entries: &[Entry],
    directory: &Path,
    machine: &Machine,
    files: &HostFiles,
) -> Result<Plan, String> {
    let own_view = machine.namespace.is_ok();
    if entry::access(entries, directory) == Access::Hidden {
        return Err(format!(
            "the working directory {} is not visible in the sandbox",
            directory.display()
        ));
    }
    let (listeners, mut purposes) = match policy.network() {
        Network::Hosts { .. } if own_view => listeners(policy)?,
        _ => Default::default(),
    };
    let transparent = purposes.contains(&Purpose::ServerName);
    let mut mounts = mounts(entries);
    let stand_in = stand_in(policy, entries, machine, files);
    mounts.extend(stand_in.iter().flat_map(|stand_in| stand_in.mounts.clone()));
    let substitutes = policy.substitutes.iter();
    mounts.extend(substitutes.map(|(path, from)| Mount::Substitute(from.clone(), path.clone())));
    if *policy.network() == Network::Open
        && let Some(resolver) = &files.resolver
        && entry::access(entries, resolver) != Access::Readable
    {
        mounts.push(Mount::Readable(resolver.clone()));
    }
    if transparent {
        purposes.push(Purpose::Names);
        // Without a file that they can read, programs ask this machine.
        if let Some(resolver) = &files.resolver
            && entry::access(entries, resolver) == Access::Readable
        {
            mounts.push(Mount::Unreadable(resolver.clone()));
        }
    }
    let view = own_view.then(|| View {
        own_network: *policy.network() != Network::Open,
        own_host_names: transparent,
        root: machine.is_root(),
        ..View::new(mounts, policy.private_bytes, directory)
    });
    let mut variables = variables(&purposes, &listeners);
    let names = stand_in.as_ref().map(|stand_in| stand_in.names.clone());
    variables.extend(names.map(|names| (shells::VARIABLE.into(), names)));
    let confinement = Confinement {
        evidence: {
            let namespaces = machine.outside.iter().filter(|_| own_view).cloned();
            let of_files = evidence::of_files(entries, view.as_ref());
            let of_shells = stand_in.into_iter().flat_map(|stand_in| stand_in.evidence);
            namespaces.chain(of_files).chain(of_shells).collect()
        },
        listeners,
        name_server: transparent.then_some(NAME_SERVER),
        user: machine
            .user
            .filter(|_| machine.stands_for_root(transparent)),
        protect_devices: machine.protects_devices(),
        temporary: None,
        limits: policy.limits(),
        rights: match machine.landlock >= NEEDED {
            true => landlock::rights(entries, own_view),
            false => Vec::new(),
        },
        families: match machine.filter {
            None => Some(Families {
                unix: policy.unix_sockets,
                netlink: *policy.network() == Network::Open,
            }),
            Some(_) => None,
        },
    };
    Ok(Plan {
        kind: match own_view {
            true => ContainmentKind::Namespace,
            false => ContainmentKind::Shim,
        },
        view,
        host_names: transparent.then(|| host_names::text(policy, &files.host_names)),
        confinement,
        purposes,
        variables,
        layers: layers(policy, entries, machine, files),
    })
}

/// What the plan needs to know of files of the host.
#[derive(Debug, Default)]
pub(super) struct HostFiles {
    /// Where `/etc/resolv.conf` leads to.
    pub(super) resolver: Option<PathBuf>,
    /// The text of `/etc/hosts`.
    pub(super) host_names: String,
    /// The shells that programs start.
    pub(super) shells: Vec<Shell>,
    /// What is started as the shim.
    pub(super) shim: Option<PathBuf>,
}

/// Returns what keeps the withheld variables of a policy from commands, where that can be had.
fn stand_in(
    policy: &Policy,
    entries: &[Entry],
    machine: &Machine,
    files: &HostFiles,
) -> Option<StandIn> {
    let shim = files.shim.as_ref()?;
    if machine.namespace.is_err() || machine.landlock == 0 {
        return None;
    }
    let withheld: Vec<OsString> = policy.withheld.iter().cloned().collect();
    shells::stand_in(&files.shells, shim, &withheld, entries)
}

/// Returns whether programs that ignore proxies are served.
pub(super) fn is_transparent(policy: &Policy) -> bool {
    listeners(policy).is_ok_and(|(_, purposes)| purposes.contains(&Purpose::ServerName))
}

/// Returns where to listen, and what for.
fn listeners(policy: &Policy) -> Result<(Vec<SocketAddr>, Vec<Purpose>), String> {
    let Network::Hosts { rules, transparent } = policy.network() else {
        return Ok(Default::default());
    };
    let local: Vec<SocketAddr> = rules.iter().flat_map(HostRule::local_addresses).collect();
    let is_free = |port: &u16| !local.iter().any(|address| address.port() == *port);
    let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut listeners = Vec::new();
    if rules.iter().any(|rule| rule.local_addresses().is_empty()) {
        let port = (PROXY_PORT..).find(is_free).unwrap_or(PROXY_PORT);
        listeners.push((here(port), Purpose::Connect));
        if *transparent && is_free(&HTTPS_PORT) {
            listeners.push((here(HTTPS_PORT), Purpose::ServerName));
        }
    }
    for address in local {
        if !listeners.iter().any(|(taken, _)| *taken == address) {
            listeners.push((address, Purpose::Local(address)));
        }
    }
    // The name server is one more.
    let most = MOST_LISTENERS - 1;
    if listeners.len() > most {
        return Err(format!(
            "{} ports are too many to open; {most} can be",
            listeners.len()
        ));
    }
    Ok(listeners.into_iter().unzip())
}

/// Returns the variables that lead programs to the proxy.
///
/// `http_proxy` is left out: it would send what programs say to one another over loopback to a
/// proxy that refuses it.
fn variables(purposes: &[Purpose], listeners: &[SocketAddr]) -> BTreeMap<OsString, OsString> {
    let proxy = purposes
        .iter()
        .position(|purpose| *purpose == Purpose::Connect);
    let Some(address) = proxy.and_then(|position| listeners.get(position)) else {
        return BTreeMap::new();
    };
    let proxy = format!("http://{address}");
    let direct = "localhost,127.0.0.1,::1";
    let variables = [
        ("HTTPS_PROXY", proxy.as_str()),
        ("https_proxy", &proxy),
        ("NO_PROXY", direct),
        ("no_proxy", direct),
    ];
    variables
        .map(|(name, value)| (name.into(), value.into()))
        .into()
}

/// Says what each layer is made of, and which cannot be had.
fn layers(
    policy: &Policy,
    entries: &[Entry],
    machine: &Machine,
    files: &HostFiles,
) -> Vec<LayerStatus> {
    let mut layers = Vec::new();
    let by_namespace = |layer| match &machine.namespace {
        Ok(backend) => LayerStatus::present(layer, backend.as_str()),
        Err(absence) => LayerStatus::absent(layer, Backend::Namespaces.as_str(), absence.clone()),
    };
    let old_landlock = (machine.landlock < NEEDED).then_some(Absence::Landlock {
        version: machine.landlock,
    });
    if machine.namespace.is_ok() {
        layers.push(by_namespace(Layer::Files));
        layers.push(LayerStatus {
            absence: old_landlock,
            required: false,
            ..LayerStatus::present(Layer::FileRules, "landlock")
        });
    } else {
        let absence = match (&machine.shim, old_landlock) {
            (Some(shim), _) => Some(shim.clone()),
            (None, Some(old)) => Some(old),
            (None, None) => has_exceptions(entries).then_some(Absence::BeyondLandlock),
        };
        layers.push(LayerStatus {
            absence,
            ..LayerStatus::present(Layer::Files, "landlock")
        });
    }
    if policy.files().any(|(_, access)| access == Access::Private) {
        layers.push(by_namespace(Layer::PrivateFolders));
    }
    layers.push(by_namespace(Layer::Processes));
    if *policy.network() != Network::Open {
        layers.push(by_namespace(Layer::Network));
    }
    layers.push(LayerStatus {
        absence: machine.filter.clone(),
        ..LayerStatus::present(Layer::SystemCalls, "seccomp")
    });
    if !policy.withheld.is_empty() {
        let absence = match stand_in(policy, entries, machine, files) {
            Some(_) => None,
            None if machine.landlock == 0 => Some(Absence::Landlock { version: 0 }),
            None => Some(
                machine
                    .namespace
                    .clone()
                    .err()
                    .unwrap_or(Absence::BeyondLandlock),
            ),
        };
        layers.push(LayerStatus {
            absence,
            required: false,
            ..LayerStatus::present(Layer::WithheldVariables, "landlock")
        });
    }
    if policy.limits() != Default::default() {
        let uncounted = machine.is_root() && policy.limits().processes.is_some();
        layers.push(LayerStatus {
            absence: uncounted.then_some(Absence::RootIsNotCounted),
            ..LayerStatus::present(Layer::Limits, "setrlimit")
        });
    }
    layers
}

/// Returns whether a rule gives less than the folder around it, which Landlock cannot.
fn has_exceptions(entries: &[Entry]) -> bool {
    let rank = |access| match access {
        Access::Hidden | Access::Private => 0,
        Access::Readable => 1,
        Access::Writable => 2,
    };
    entries.iter().any(|entry| {
        let around = entry.path.parent();
        let around = around.map_or(Access::Hidden, |path| entry::access(entries, path));
        rank(entry.access()) < rank(around)
    })
}

#[cfg(test)]
mod tests {
    use super::super::entry::Kind;
    use super::{
        Absence, Access, Backend, Entry, HostFiles, Layer, Machine, Network, Plan, Policy, Purpose,
        plan,
    };

    fn machine() -> Machine {
        Machine {
            namespace: Ok(Backend::Namespaces),
            shim: None,
            landlock: 6,
            filter: None,
            user: Some((1000, 1000)),
            outside: Vec::new(),
        }
    }

    fn entries() -> Vec<Entry> {
        let folder = |path: &str, access| Entry {
            path: path.into(),
            kind: Kind::Folder(access),
            identity: None,
        };
        vec![
            folder("/tmp", Access::Private),
            folder("/usr", Access::Readable),
            folder("/w", Access::Writable),
            folder("/w/.git/hooks", Access::Readable),
        ]
    }

    fn planned(policy: &Policy, machine: &Machine) -> Plan {
        let files = HostFiles::default();
        plan(policy, &entries(), "/w/src".as_ref(), machine, &files).unwrap()
    }

    fn missing(plan: &Plan) -> Vec<Layer> {
        let missing = plan.layers.iter().filter(|layer| layer.is_missing());
        missing.map(|layer| layer.layer).collect()
    }

    fn with_hosts(rules: &[&str], transparent: bool) -> Policy {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        Policy::new().with_network(Network::Hosts { rules, transparent })
    }

    #[test]
    fn a_folder_that_cannot_be_seen_is_no_place_to_start_in() {
        let files = HostFiles::default();
        let refusal = plan(
            &Policy::new(),
            &entries(),
            "/home/me".as_ref(),
            &machine(),
            &files,
        );
        assert!(refusal.unwrap_err().contains("/home/me is not visible"));
    }

    #[test]
    fn a_name_needs_the_proxy_and_a_port_of_this_machine_its_own_listener() {
        let policy = with_hosts(&["example.com", "127.0.0.1:3128", "localhost:8080"], true);
        let plan = planned(&policy, &machine());
        let addresses: Vec<String> = plan
            .confinement
            .listeners
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "127.0.0.1:3129",
            "127.0.0.1:443",
            "127.0.0.1:3128",
            "127.0.0.1:8080",
            "[::1]:8080",
        ];
        assert_eq!(addresses, expected);
        assert_eq!(plan.purposes[..2], [Purpose::Connect, Purpose::ServerName]);
        assert_eq!(plan.purposes.last(), Some(&Purpose::Names));
        assert_eq!(plan.confinement.user, Some((1000, 1000)));
        let proxy = &plan.variables[std::ffi::OsStr::new("https_proxy")];
        assert_eq!(proxy, "http://127.0.0.1:3129");
        assert!(plan.host_names.is_some());
    }

    #[test]
    fn without_hosts_nothing_listens() {
        let plan = planned(&Policy::new(), &machine());
        assert_eq!(plan.purposes, []);
        assert!(plan.variables.is_empty());
        assert!(plan.view.is_some_and(|view| view.own_network));
    }

    #[test]
    fn everything_is_there_on_a_machine_that_has_it_all() {
        assert_eq!(missing(&planned(&Policy::new(), &machine())), []);
    }

    #[test]
    fn without_namespaces_each_missing_layer_is_named() {
        let machine = Machine {
            namespace: Err(Absence::NoBubblewrap(None)),
            ..machine()
        };
        let plan = planned(&with_hosts(&["example.com"], false), &machine);
        let expected = [
            Layer::Files,
            Layer::PrivateFolders,
            Layer::Processes,
            Layer::Network,
        ];
        assert_eq!(missing(&plan), expected);
        assert_eq!(plan.layers[0].absence, Some(Absence::BeyondLandlock));
        assert_eq!(plan.layers[1].absence, Some(Absence::NoBubblewrap(None)));
        assert!(plan.purposes.is_empty() && plan.view.is_none());
        assert!(!plan.confinement.rights.is_empty());
    }

    #[test]
    fn an_old_landlock_is_told_and_matters_only_without_namespaces() {
        for version in [0, 1, 2] {
            let old = Machine {
                landlock: version,
                ..machine()
            };
            let plan = planned(&Policy::new(), &old);
            assert_eq!(missing(&plan), []);
            assert_eq!(plan.layers[1].absence, Some(Absence::Landlock { version }));
            assert!(plan.confinement.rights.is_empty());
            let alone = Machine {
                namespace: Err(Absence::AppArmor),
                ..old
            };
            let plan = planned(&Policy::new(), &alone);
            assert_eq!(plan.layers[0].absence, Some(Absence::Landlock { version }));
        }
    }

    #[test]
    fn a_limit_that_the_kernel_ignores_for_root_is_missing() {
        let mut limits = Policy::new().limits();
        limits.processes = Some(100);
        let policy = Policy::new().with_limits(limits);
        assert_eq!(missing(&planned(&policy, &machine())), []);
        let root = Machine {
            user: None,
            ..machine()
        };
        assert_eq!(missing(&planned(&policy, &root)), [Layer::Limits]);
    }

    #[test]
    fn devices_are_protected_from_root_where_they_are_mounted() {
        let protects = |machine| {
            let plan = planned(&Policy::new(), &machine);
            plan.confinement.protect_devices
        };
        let by = |namespace| Machine {
            namespace,
            user: None,
            ..machine()
        };
        let bubblewrap = Ok(Backend::Bubblewrap);
        let without = by(Err(Absence::NoBubblewrap(None)));
        let user = Machine {
            namespace: bubblewrap.clone(),
            ..machine()
        };
        // The shim mounts them read-only itself.
        let own = by(Ok(Backend::Namespaces));
        assert!(protects(by(bubblewrap)));
        assert!(!protects(own) && !protects(without) && !protects(user));
    }

    #[test]
    fn whoever_stands_for_root_becomes_who_they_were() {
        let user = |namespace, transparent| {
            let machine = Machine {
                namespace: Ok(namespace),
                ..machine()
            };
            planned(&with_hosts(&["example.com"], transparent), &machine)
                .confinement
                .user
        };
        assert_eq!(user(Backend::Bubblewrap, false), None);
        assert_eq!(user(Backend::Bubblewrap, true), Some((1000, 1000)));
        assert_eq!(user(Backend::Namespaces, false), Some((1000, 1000)));
    }
}
