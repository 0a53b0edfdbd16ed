//! The same policy in the language of macOS, whose `sandbox-exec` takes a profile.
//!
//! No machine has tried it: the profile is there to be read, and nothing runs under it yet.

use std::path::Path;

use super::host_rule::HostRule;
use super::policy::{Access, Network, Policy};

/// Returns the profile for a policy; `proxy_port` is where a proxy of the host would listen.
///
/// A profile knows addresses of this machine by port alone, and other hosts not by name. So a
/// program under it can reach the proxy, and the ports that rules about this machine name.
#[must_use]
pub fn profile(policy: &Policy, proxy_port: u16) -> String {
    let mut profile = String::from(
        "(version 1)\n\
         ; untried: written from the documentation of Seatbelt, run on no machine\n\
         (deny default)\n\
         (import \"system.sb\")\n\
         (allow process-exec process-fork)\n\
         (allow signal (target same-sandbox))\n\
         (allow sysctl-read)\n\
         (allow file-read-metadata)\n",
    );
    let mut add = |line: String| {
        profile.push_str(&line);
        profile.push('\n');
    };
    // Of the rules that match, the last one counts, and parents come first.
    for (path, access) in policy.files() {
        let path = quoted(path);
        match access {
            Access::Hidden => add(format!("(deny file-read* file-write* (subpath {path}))")),
            Access::Readable => {
                add(format!("(allow file-read* (subpath {path}))"));
                add(format!("(deny file-write* (subpath {path}))"));
            }
            // There are no private folders; what is shared in their place is not shown.
            Access::Private => add(format!("(deny file-read* file-write* (subpath {path}))")),
            Access::Writable => add(format!("(allow file-read* file-write* (subpath {path}))")),
        }
    }
    match policy.network() {
        Network::Open => add("(allow network*)".to_owned()),
        Network::Hosts { rules, .. } => {
            let local = rules.iter().flat_map(HostRule::local_addresses);
            let mut ports: Vec<u16> = local.map(|address| address.port()).collect();
            if rules.iter().any(|rule| rule.local_addresses().is_empty()) {
                ports.push(proxy_port);
            }
            ports.sort_unstable();
            ports.dedup();
            for port in ports {
                add(format!(
                    "(allow network-outbound (remote ip \"localhost:{port}\"))"
                ));
            }
        }
    }
    profile
}

/// Writes a path as a string of the profile's language.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

// Snapshots are read from the source tree, which the tests under Wine do not find.
#[cfg(all(test, unix))]
mod tests {
    use super::{Access, Policy, profile};

    #[test]
    fn a_profile_says_what_the_policy_says() {
        let policy = Policy::new()
            .with_files("/Users/me/project", Access::Writable)
            .with_files("/Users/me/project/.git/hooks", Access::Readable)
            .with_files("/Users/me/a \"quoted\" \\ name", Access::Readable)
            .with_host("example.com".parse().unwrap())
            .with_host("localhost:8080".parse().unwrap());
        insta::assert_snapshot!(profile(&policy, 3128));
    }
}
