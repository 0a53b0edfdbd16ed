//! The arguments of bubblewrap that make the view of a policy.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::confinement::Confinement;
use super::mount::Mount;
use super::view::View;

/// Namespaces of its own for everything but the network.
///
/// `--as-pid-1` makes the shim the first process, which nobody inside can stop or kill;
/// `--die-with-parent` ends the namespace with the host; `--new-session` takes the terminal away.
const ALWAYS: &[&str] = &[
    "--die-with-parent",
    "--new-session",
    "--as-pid-1",
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--cap-drop",
    "ALL",
];

/// Returns the arguments up to the program, which is to follow: a shim that may do what the
/// confinement asks of it.
pub(super) fn arguments(view: &View, confinement: &Confinement) -> Vec<OsString> {
    let low_ports = confinement.name_server.is_some();
    let mut arguments = Arguments(ALWAYS.iter().map(OsString::from).collect());
    if view.own_network {
        arguments.add(["--unshare-net"]);
    }
    if confinement.protect_devices {
        // To make them read-only.
        arguments.add(["--cap-add", "CAP_SYS_ADMIN"]);
    }
    if low_ports {
        arguments.add(["--cap-add", "CAP_NET_BIND_SERVICE"]);
    }
    if confinement.protect_devices || low_ports {
        // For giving up the others.
        arguments.add(["--cap-add", "CAP_SETPCAP"]);
    }
    if low_ports {
        // For the pseudo-terminals of `--dev`, bubblewrap makes a second user namespace unless we
        // are root in the first. The capability counts in the one that owns the network, which is
        // the first; so the shim makes the second, when it has bound the ports. A namespace in
        // which somebody stands for root takes the third one, since Linux 5.12.
        if !view.root {
            arguments.add(["--uid", "0", "--gid", "0"]);
            arguments.add(["--cap-add", "CAP_SETFCAP"]);
        }
    }
    arguments.add(["--dev", "/dev"]);
    arguments.private(view, Path::new("/dev/shm"));
    arguments.add(["--proc", "/proc"]);
    let mut read_only = vec![OsStr::new("/")];
    if view.root {
        // Root can change settings of the kernel there, and with them the whole machine: the
        // program that takes core files, for instance. Bubblewrap does not cover all of it.
        read_only.push(OsStr::new("/proc"));
    }
    for mount in &view.mounts {
        match mount {
            Mount::Link(text, path) => {
                arguments.add([OsStr::new("--symlink"), text.as_os_str(), path.as_os_str()]);
            }
            Mount::Readable(path) => arguments.bind("--ro-bind", path, path),
            Mount::Substitute(from, to) => arguments.bind("--ro-bind", from, to),
            Mount::Writable(path) => arguments.bind("--bind", path, path),
            Mount::Private(path) => arguments.private(view, path),
            Mount::EmptyFolder(path) => {
                arguments.add([OsStr::new("--tmpfs"), path.as_os_str()]);
                read_only.push(path.as_os_str());
            }
            Mount::Unreadable(path) => arguments.bind("--ro-bind", Path::new("/dev/null"), path),
        }
    }
    if view.own_host_names {
        arguments.add(["--ro-bind-data", "1", "/etc/hosts"]);
    }
    // Last, because mount points are made in them until here.
    for path in read_only.into_iter().rev() {
        arguments.add([OsStr::new("--remount-ro"), path]);
    }
    arguments.add([OsStr::new("--chdir"), view.directory.as_os_str()]);
    arguments.add(["--"]);
    arguments.0
}

struct Arguments(Vec<OsString>);

impl Arguments {
    fn add<const COUNT: usize>(&mut self, arguments: [impl Into<OsString>; COUNT]) {
        self.0.extend(arguments.map(Into::into));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &Path) {
        self.add([OsStr::new(how), from.as_os_str(), to.as_os_str()]);
    }

    fn private(&mut self, view: &View, path: &Path) {
        self.add(["--size", &view.private_bytes.to_string(), "--tmpfs"]);
        self.add([path]);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Confinement, Mount, View, arguments};

    /// One option a line, as a person would write them.
    fn shown(arguments: &[OsString]) -> String {
        let mut text = String::new();
        for argument in arguments {
            let argument = argument.to_string_lossy();
            let separator = if argument.starts_with("--") {
                "\n"
            } else {
                " "
            };
            text.push_str(separator);
            text.push_str(&argument);
        }
        text
    }

    fn mounts() -> Vec<Mount> {
        vec![
            Mount::Link("usr/bin".into(), "/bin".into()),
            Mount::Readable("/etc".into()),
            Mount::Unreadable("/etc/shadow".into()),
            Mount::EmptyFolder("/etc/ssh".into()),
            Mount::Private("/home/me".into()),
            Mount::Writable("/home/me/project".into()),
            Mount::Writable("/home/me/project/.git".into()),
            Mount::Readable("/home/me/project/.git/hooks".into()),
            Mount::Readable("/usr".into()),
        ]
    }

    fn view(mounts: Vec<Mount>) -> View {
        View {
            own_network: true,
            ..View::new(mounts, 1 << 20, "/home/me/project".as_ref())
        }
    }

    fn confinement() -> Confinement {
        Confinement::default()
    }

    #[test]
    fn a_network_of_its_own() {
        insta::assert_snapshot!(shown(&arguments(&view(mounts()), &confinement())));
    }

    #[test]
    fn a_network_for_programs_that_ignore_proxies() {
        let view = View {
            own_host_names: true,
            ..view(Vec::new())
        };
        let confinement = Confinement {
            name_server: Some("127.0.0.1:53".parse().unwrap()),
            ..confinement()
        };
        insta::assert_snapshot!(shown(&arguments(&view, &confinement)));
    }

    #[test]
    fn root_is_kept_from_the_settings_of_the_kernel() {
        let view = View {
            root: true,
            ..view(Vec::new())
        };
        let confinement = Confinement {
            protect_devices: true,
            ..confinement()
        };
        let shown = shown(&arguments(&view, &confinement));
        assert!(shown.contains("\n--remount-ro /proc\n"), "{shown}");
        assert!(shown.contains("\n--cap-add CAP_SYS_ADMIN\n"), "{shown}");
    }

    #[test]
    fn the_network_of_the_host() {
        let view = View {
            own_network: false,
            ..view(Vec::new())
        };
        insta::assert_snapshot!(shown(&arguments(&view, &confinement())));
    }
}
