//! What a shim does to itself before it starts the program: a value that travels as arguments.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::PathBuf;

use super::entry::Identity;
use super::evidence::Evidence;
use super::landlock::Right;
use super::seccomp::Families;
use crate::sandbox::policy::Limits;

/// The argument that begins a confinement; the program stands behind [`END`].
pub(crate) const BEGIN: &str = "__confine";
const END: &str = "--";

/// Everything that a shim does to itself, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Confinement {
    /// What has to be so, or the view is not the one that was planned.
    pub(crate) evidence: Vec<Evidence>,
    /// Where to listen; whether the start fails when that cannot be. The host gets the listeners.
    pub(crate) listeners: Vec<SocketAddr>,
    /// Where to listen for questions about names; the host gets it behind the other listeners.
    pub(crate) name_server: Option<SocketAddr>,
    /// The user and the group to become, in a user namespace of its own.
    pub(crate) user: Option<(u32, u32)>,
    /// Whether the devices are to be made read-only, which is for root, who owns them.
    pub(crate) protect_devices: bool,
    /// The folder for temporary files, which is to be gone with the program.
    pub(crate) temporary: Option<PathBuf>,
    /// How much the program may use.
    pub(crate) limits: Limits,
    /// The rules of Landlock; without any it is not used.
    pub(crate) rights: Vec<(PathBuf, Right)>,
    /// The families of sockets for the filter of system calls; without them there is none.
    pub(crate) families: Option<Families>,
}

impl Confinement {
    /// Returns the arguments, from [`BEGIN`] to what separates them from the program.
    pub(crate) fn encode(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![BEGIN.into()];
        let mut add = |name: &str, values: &[&OsStr]| {
            arguments.push(name.into());
            arguments.extend(values.iter().map(Into::into));
        };
        for evidence in &self.evidence {
            let (name, path, identity) = match evidence {
                Evidence::Same(path, identity) => ("--same", path, identity),
                Evidence::Other(path, identity) => ("--other", path, identity),
                Evidence::ReadOnly(path) => {
                    add("--read-only", &[path.as_os_str()]);
                    continue;
                }
                Evidence::NoNetwork => {
                    add("--no-network", &[]);
                    continue;
                }
            };
            let Identity { device, number } = identity;
            let identity = format!("{device}:{number}");
            add(name, &[path.as_os_str(), identity.as_ref()]);
        }
        for address in &self.listeners {
            add("--listen", &[address.to_string().as_ref()]);
        }
        if let Some(address) = &self.name_server {
            add("--names", &[address.to_string().as_ref()]);
        }
        if let Some((user, group)) = self.user {
            add("--user", &[format!("{user}:{group}").as_ref()]);
        }
        if self.protect_devices {
            add("--devices", &[]);
        }
        if let Some(path) = &self.temporary {
            add("--temporary", &[path.as_os_str()]);
        }
        for (name, limit) in named(self.limits) {
            if let Some(limit) = limit {
                add("--limit", &[name.as_ref(), limit.to_string().as_ref()]);
            }
        }
        for (path, right) in &self.rights {
            let name = match right {
                Right::List => "list",
                Right::Read => "read",
                Right::Write => "write",
            };
            add("--right", &[name.as_ref(), path.as_os_str()]);
        }
        if let Some(Families { unix, netlink }) = self.families {
            add("--filter", &[]);
            if unix {
                add("--family", &["unix".as_ref()]);
            }
            if netlink {
                add("--family", &["netlink".as_ref()]);
            }
        }
        arguments.push(END.into());
        arguments
    }

    /// Reads what follows [`BEGIN`], and leaves the program and its arguments; `None` when it is
    /// not what [`encode`](Self::encode) writes.
    pub(crate) fn decode(arguments: &mut impl Iterator<Item = OsString>) -> Option<Self> {
        let mut confinement = Self::default();
        loop {
            let name = arguments.next()?;
            let mut text = || arguments.next()?.into_string().ok();
            match name.to_str()? {
                END => return Some(confinement),
                "--listen" => confinement.listeners.push(text()?.parse().ok()?),
                "--names" => confinement.name_server = Some(text()?.parse().ok()?),
                "--user" => {
                    let (user, group) = pair(&text()?)?;
                    confinement.user = Some((user, group));
                }
                "--temporary" => confinement.temporary = Some(arguments.next()?.into()),
                "--devices" => confinement.protect_devices = true,
                "--limit" => {
                    let (name, limit) = (text()?, text()?.parse().ok()?);
                    *slot(&mut confinement.limits, &name)? = Some(limit);
                }
                "--right" => {
                    let right = match text()?.as_str() {
                        "list" => Right::List,
                        "read" => Right::Read,
                        "write" => Right::Write,
                        _ => return None,
                    };
                    confinement.rights.push((arguments.next()?.into(), right));
                }
                "--filter" => {
                    confinement.families = Some(Families {
                        unix: false,
                        netlink: false,
                    });
                }
                "--family" => {
                    let families = confinement.families.as_mut()?;
                    match text()?.as_str() {
                        "unix" => families.unix = true,
                        "netlink" => families.netlink = true,
                        _ => return None,
                    }
                }
                name @ ("--same" | "--other") => {
                    let path = arguments.next()?.into();
                    let (device, number) = pair(arguments.next()?.to_str()?)?;
                    let identity = Identity { device, number };
                    confinement.evidence.push(match name {
                        "--same" => Evidence::Same(path, identity),
                        _ => Evidence::Other(path, identity),
                    });
                }
                "--read-only" => {
                    let path = arguments.next()?.into();
                    confinement.evidence.push(Evidence::ReadOnly(path));
                }
                "--no-network" => confinement.evidence.push(Evidence::NoNetwork),
                _ => return None,
            }
        }
    }
}

/// Reads two numbers with a colon between them.
fn pair<T: std::str::FromStr>(text: &str) -> Option<(T, T)> {
    let (one, other) = text.split_once(':')?;
    Some((one.parse().ok()?, other.parse().ok()?))
}

fn named(limits: Limits) -> [(&'static str, Option<u64>); 5] {
    [
        ("processes", limits.processes),
        ("memory", limits.memory_bytes),
        ("file", limits.file_bytes),
        ("files", limits.open_files),
        ("cpu", limits.cpu_seconds),
    ]
}

fn slot<'a>(limits: &'a mut Limits, name: &str) -> Option<&'a mut Option<u64>> {
    Some(match name {
        "processes" => &mut limits.processes,
        "memory" => &mut limits.memory_bytes,
        "file" => &mut limits.file_bytes,
        "files" => &mut limits.open_files,
        "cpu" => &mut limits.cpu_seconds,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::{Confinement, Evidence, Families, Identity, Limits, Right};

    fn full() -> Confinement {
        let odd = OsString::from_vec(b"/a\n--\xff".to_vec());
        let identity = Identity {
            device: 7,
            number: u64::MAX,
        };
        Confinement {
            evidence: vec![
                Evidence::Same(odd.clone().into(), identity),
                Evidence::Other("/proc/self/ns/net".into(), identity),
                Evidence::ReadOnly(odd.clone().into()),
                Evidence::NoNetwork,
            ],
            listeners: vec![
                "127.0.0.1:3128".parse().unwrap(),
                "[::1]:80".parse().unwrap(),
            ],
            name_server: Some("127.0.0.1:53".parse().unwrap()),
            user: Some((1000, u32::MAX)),
            protect_devices: true,
            temporary: Some(odd.clone().into()),
            limits: Limits {
                processes: Some(1),
                memory_bytes: Some(2),
                file_bytes: Some(3),
                open_files: Some(4),
                cpu_seconds: Some(5),
            },
            rights: vec![
                ("/".into(), Right::List),
                ("/usr".into(), Right::Read),
                (odd.into(), Right::Write),
            ],
            families: Some(Families {
                unix: true,
                netlink: true,
            }),
        }
    }

    #[test]
    fn a_confinement_arrives_as_it_was() {
        for confinement in [full(), Confinement::default()] {
            let program: [OsString; 2] = ["--".into(), "--filter".into()];
            let mut arguments = confinement
                .encode()
                .into_iter()
                .skip(1)
                .chain(program.clone());
            assert_eq!(Confinement::decode(&mut arguments), Some(confinement));
            assert!(arguments.eq(program));
        }
    }

    #[test]
    fn what_was_cut_short_is_refused() {
        let arguments = full().encode();
        for end in 1..arguments.len() - 1 {
            let mut cut = arguments[1..=end].iter().cloned();
            assert_eq!(Confinement::decode(&mut cut), None, "{end}");
        }
    }
}
