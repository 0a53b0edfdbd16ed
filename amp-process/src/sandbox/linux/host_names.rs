//! The file of host names that programs see when names shall lead to the forwarder.

use crate::sandbox::host_rule::HostRule;
use crate::sandbox::policy::{Network, Policy};

/// Returns the text: the host's own names, and those of the rules for this machine's address.
///
/// Names of the host stay, for instance its own, unless a rule is about them.
pub(super) fn text(policy: &Policy, of_host: &str) -> String {
    let Network::Hosts { rules, .. } = policy.network() else {
        return of_host.to_owned();
    };
    let names: Vec<&str> = rules
        .iter()
        .filter_map(HostRule::single_name)
        .map(crate::sandbox::host_name::HostName::as_str)
        .collect();
    let is_ours = |line: &&str| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_whitespace().skip(1).any(|name| {
            let name = name.to_ascii_lowercase();
            names.contains(&name.as_str())
        })
    };
    let mut text: String = of_host
        .lines()
        .filter(|line| !is_ours(line))
        .map(|line| format!("{line}\n"))
        .collect();
    for name in names {
        text.push_str(&format!("127.0.0.1 {name}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Network, Policy, text};

    #[test]
    fn allowed_names_lead_to_the_forwarder() {
        let rules = [
            "example.com",
            "*.example.com",
            "a.example.org:8443",
            "127.0.0.1:80",
        ];
        let policy = Policy::new().with_network(Network::Hosts {
            rules: rules.map(|rule| rule.parse().unwrap()).into(),
            transparent: true,
        });
        let of_host = "127.0.0.1 localhost me\n10.0.0.1 other Example.com # comment\n";
        let expected = "127.0.0.1 localhost me\n127.0.0.1 example.com\n127.0.0.1 a.example.org\n";
        assert_eq!(text(&policy, of_host), expected);
    }
}
