//! Which proxy a request goes through: the rules of `HTTPS_PROXY`, `NO_PROXY` and their kin.

use std::net::IpAddr;

use super::Address;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, NextStep, Result};

/// Proxies by scheme, and the hosts that are reached without one.
#[derive(Clone, Default)]
pub(crate) struct ProxyRules {
    https: Option<String>,
    http: Option<String>,
    direct: Vec<String>,
}

impl ProxyRules {
    /// Reads the usual variables; the lower-case name wins, `ALL_PROXY` fills gaps.
    pub(crate) fn from_environment(environment: Environment<'_>) -> Self {
        let get = |names: &[&str]| environment.first_text(names).map(str::to_owned);
        let direct = environment.first_text(&["no_proxy", "NO_PROXY"]);
        Self {
            https: get(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            http: get(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            direct: split_list(direct.unwrap_or_default()),
        }
    }

    /// Lets npm's `https-proxy`, `proxy` and `noproxy` win over the environment.
    #[must_use]
    pub(crate) fn overridden(
        mut self,
        https: Option<&str>,
        http: Option<&str>,
        direct: Option<&str>,
    ) -> Self {
        let given = |value: Option<&str>| value.map(str::to_owned);
        // npm sends both schemes through `proxy` when only that is set.
        self.https = given(https).or_else(|| given(http)).or(self.https);
        self.http = given(http).or(self.http);
        if let Some(direct) = direct {
            self.direct = split_list(direct);
        }
        self
    }

    pub(super) fn for_address(&self, address: &Address) -> Result<Option<ureq::Proxy>> {
        if self.direct.iter().any(|rule| covers(rule, address)) {
            return Ok(None);
        }
        let (proxy, variable) = if address.is_https() {
            (&self.https, "HTTPS_PROXY")
        } else {
            (&self.http, "HTTP_PROXY")
        };
        let Some(proxy) = proxy else { return Ok(None) };
        ureq::Proxy::new(proxy).map(Some).map_err(|cause| {
            Error::new(ErrorKind::Proxy, "the proxy setting is not a proxy URL")
                .permanent()
                .caused_by(cause)
                .next(NextStep::Configure {
                    name: variable.to_owned(),
                    value: "http://host:port, https://, socks5:// or socks5h://".to_owned(),
                })
        })
    }
}

impl std::fmt::Debug for ProxyRules {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProxyRules")
            .field("https", &self.https.is_some())
            .field("http", &self.http.is_some())
            .field("direct", &self.direct)
            .finish()
    }
}

/// Returns a proxy's name without its credentials.
pub(super) fn name(proxy: &ureq::Proxy) -> String {
    let protocol = proxy.protocol().to_string().to_ascii_lowercase();
    format!("{protocol}://{}:{}", proxy.host(), proxy.port())
}

fn split_list(text: &str) -> Vec<String> {
    text.split([',', ' '])
        .map(|rule| rule.trim().to_ascii_lowercase())
        .filter(|rule| !rule.is_empty())
        .collect()
}

/// Returns whether a `NO_PROXY` rule covers a host: `*`, a domain and what is below it, an
/// address, a range in CIDR form; each with an optional port.
fn covers(rule: &str, address: &Address) -> bool {
    if rule == "*" {
        return true;
    }
    let host = address.host().to_ascii_lowercase();
    let (rule, port) = match rule.rsplit_once(':') {
        Some((before, port)) if !before.contains(':') || before.ends_with(']') => {
            (before, port.parse().ok())
        }
        _ => (rule, None),
    };
    if port.is_some_and(|port: u16| port != address.port()) {
        return false;
    }
    let rule = rule.trim_start_matches('[').trim_end_matches(']');
    if let Ok(host) = host.parse::<IpAddr>() {
        return covers_address(rule, host);
    }
    let domain = rule.trim_start_matches('*').trim_start_matches('.');
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.') && !domain.is_empty())
}

fn covers_address(rule: &str, host: IpAddr) -> bool {
    let (network, length) = match rule.split_once('/') {
        Some((network, length)) => (network, length.parse::<u32>().ok()),
        None => (rule, Some(128)),
    };
    let (Ok(network), Some(length)) = (network.parse::<IpAddr>(), length) else {
        return false;
    };
    match (network, host) {
        (IpAddr::V4(network), IpAddr::V4(host)) => {
            let ignored = 32u32.saturating_sub(length);
            let prefix = |address: u32| address.checked_shr(ignored).unwrap_or(0);
            prefix(network.to_bits()) == prefix(host.to_bits())
        }
        (IpAddr::V6(network), IpAddr::V6(host)) => {
            let ignored = 128u32.saturating_sub(length);
            let prefix = |address: u128| address.checked_shr(ignored).unwrap_or(0);
            prefix(network.to_bits()) == prefix(host.to_bits())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_match_whole_labels_addresses_ranges_and_ports() {
        let check = |rule: &str, url: &str| covers(rule, &Address::parse(url).unwrap());
        for (rule, url, expected) in [
            ("*", "https://any", true),
            ("example.com", "https://example.com", true),
            ("example.com", "https://a.example.com", true),
            (".example.com", "https://a.example.com", true),
            ("*.example.com", "https://a.example.com", true),
            ("example.com", "https://evilexample.com", false),
            ("example.com:8443", "https://example.com", false),
            ("example.com:443", "https://example.com", true),
            ("127.0.0.1", "http://127.0.0.1:80", true),
            ("10.0.0.0/8", "http://10.2.3.4", true),
            ("10.0.0.0/8", "http://11.2.3.4", false),
            ("0.0.0.0/0", "http://11.2.3.4", true),
            ("::1", "http://[::1]:80", true),
            ("fd00::/8", "http://[fd12::1]", true),
        ] {
            assert_eq!(check(rule, url), expected, "{rule} {url}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_rule_is_survived_and_never_covers_an_unrelated_name(rule in "[a-z0-9.:/*\\[\\]]{1,20}") {
            let address = Address::parse("https://unrelated.example").unwrap();
            let related = rule.contains('*') || "unrelated.example".contains(rule.split(':').next().unwrap_or("").trim_start_matches('.'));
            proptest::prop_assert!(related || !covers(&rule, &address));
        }
    }
}
