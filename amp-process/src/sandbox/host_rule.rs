//! A rule that names one service a program may reach.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::host_name::{self, HostName};

/// The port of a rule that names none.
const HTTPS: u16 = 443;

/// One service that a program may reach.
///
/// | written | allows |
/// |---|---|
/// | `example.com` | TLS to this name, port 443 |
/// | `*.example.com` | TLS to every name below it, not to the name itself |
/// | `example.com:8443` | TLS on another port |
/// | `example.com=10.0.0.5:8443` | TLS to the name, at this address, which may be a private one |
/// | `127.0.0.1:3000`, `localhost:3000`, `[::1]:3000` | anything to this port of this machine |
///
/// Names are compared by whole labels, so `example.com` does not allow `evil-example.com`. An
/// address that is not of this machine is no rule: what a name stands for is looked up outside the
/// sandbox, and private answers are refused, unless the rule states the address itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostRule(Shape);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Shape {
    Name {
        name: HostName,
        /// Whether the names below it are meant, and not the name itself.
        below: bool,
        port: u16,
        /// Where to connect to, in place of what the name stands for.
        address: Option<SocketAddr>,
    },
    ThisMachine {
        /// As it was written, `localhost` or an address.
        local: Local,
        port: u16,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Local {
    Localhost,
    V4(Ipv4Addr),
    V6,
}

/// Why a text is no [`HostRule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {problem}")]
pub struct InvalidHostRule {
    text: String,
    problem: &'static str,
}

impl HostRule {
    /// Returns whether the rule allows a connection to this name and port.
    pub(crate) fn allows(&self, host: &HostName, wanted: u16) -> bool {
        match &self.0 {
            Shape::Name {
                name, below, port, ..
            } => {
                *port == wanted
                    && if *below {
                        host.is_below(name)
                    } else {
                        host == name
                    }
            }
            Shape::ThisMachine { .. } => false,
        }
    }

    /// Returns the address that the rule states for its name.
    #[cfg(any(test, target_os = "linux"))]
    pub(crate) fn stated_address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Shape::Name { address, .. } => *address,
            Shape::ThisMachine { .. } => None,
        }
    }

    /// Returns whether the rule is about this name, with whatever port.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_about_name(&self, host: &HostName) -> bool {
        match &self.0 {
            Shape::Name { port, .. } => self.allows(host, *port),
            Shape::ThisMachine { .. } => false,
        }
    }

    /// Returns the name, if the rule is about one name alone.
    #[cfg(target_os = "linux")]
    pub(crate) fn single_name(&self) -> Option<&HostName> {
        match &self.0 {
            Shape::Name {
                name, below: false, ..
            } => Some(name),
            _ => None,
        }
    }

    /// Returns the addresses of this machine that the rule opens; the first of them must be there.
    pub(crate) fn local_addresses(&self) -> Vec<SocketAddr> {
        let Shape::ThisMachine { local, port } = &self.0 else {
            return Vec::new();
        };
        let v4 = |address| SocketAddr::new(IpAddr::V4(address), *port);
        let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), *port);
        match local {
            Local::Localhost => vec![v4(Ipv4Addr::LOCALHOST), v6],
            Local::V4(address) => vec![v4(*address)],
            Local::V6 => vec![v6],
        }
    }

    /// Returns whether a program that connects to this host and port is served by the rule.
    ///
    /// `host` is what stands in an address such as `https://host:port/`.
    pub fn covers(&self, host: &str, port: u16) -> bool {
        if let Ok(name) = host.parse::<HostName>() {
            return self.allows(&name, port) || self.is_local(host, port);
        }
        self.is_local(host.trim_matches(['[', ']']), port)
    }

    fn is_local(&self, host: &str, port: u16) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => {
                let wanted = SocketAddr::new(address, port);
                self.local_addresses().contains(&wanted)
            }
            Err(_) => {
                host.eq_ignore_ascii_case("localhost")
                    && self
                        .local_addresses()
                        .contains(&SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
            }
        }
    }
}

impl FromStr for HostRule {
    type Err = InvalidHostRule;

    fn from_str(text: &str) -> Result<Self, InvalidHostRule> {
        let invalid = |problem| InvalidHostRule {
            text: text.to_owned(),
            problem,
        };
        let (host, address) = match text.split_once('=') {
            Some((host, address)) => (host, Some(address)),
            None => (text, None),
        };
        let (host, port) = split_port(host).ok_or_else(|| invalid("has a port that is none"))?;
        if let Some(local) = local(host) {
            let port = port.ok_or_else(|| invalid("names this machine without a port"))?;
            if address.is_some() {
                return Err(invalid("gives this machine another address"));
            }
            return Ok(Self(Shape::ThisMachine { local, port }));
        }
        let port = port.unwrap_or(HTTPS);
        let (below, name) = match host.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, host),
        };
        if host_name::is_address(name) {
            return Err(invalid(
                "is an address; name the service, or write NAME=ADDRESS",
            ));
        }
        let name: HostName = name
            .parse()
            .map_err(|()| invalid("is no host name in ASCII"))?;
        if below && !name.as_str().contains('.') {
            return Err(invalid("would allow every name there is"));
        }
        let address = address.map(|address| stated(address, port)).transpose();
        let address = address.map_err(|()| invalid("states an address that is none"))?;
        Ok(Self(Shape::Name {
            name,
            below,
            port,
            address,
        }))
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Shape::Name {
                name,
                below,
                port,
                address,
            } => {
                let star = if *below { "*." } else { "" };
                write!(formatter, "{star}{name}")?;
                if *port != HTTPS {
                    write!(formatter, ":{port}")?;
                }
                match address {
                    Some(address) => write!(formatter, "={address}"),
                    None => Ok(()),
                }
            }
            Shape::ThisMachine { local, port } => match local {
                Local::Localhost => write!(formatter, "localhost:{port}"),
                Local::V4(address) => write!(formatter, "{address}:{port}"),
                Local::V6 => write!(formatter, "[::1]:{port}"),
            },
        }
    }
}

/// Splits `host:port`; `None` when the port is no number from 1 to 65535.
fn split_port(host: &str) -> Option<(&str, Option<u16>)> {
    if let Some(bracketed) = host.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((address, Some(number(port)?))),
            None => rest.is_empty().then_some((address, None)),
        };
    }
    match host.rsplit_once(':') {
        // More than one colon is an IPv6 address without a port.
        Some((name, port)) if !name.contains(':') => Some((name, Some(number(port)?))),
        _ => Some((host, None)),
    }
}

fn number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port != 0)
}

fn local(host: &str) -> Option<Local> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(Local::Localhost);
    }
    match host.parse().ok()? {
        IpAddr::V4(address) => address.is_loopback().then_some(Local::V4(address)),
        IpAddr::V6(address) => address.is_loopback().then_some(Local::V6),
    }
}

/// Reads `ADDRESS` or `ADDRESS:PORT`.
fn stated(text: &str, port: u16) -> Result<SocketAddr, ()> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let address: IpAddr = text.trim_matches(['[', ']']).parse().map_err(|_| ())?;
    Ok(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::HostRule;

    fn allows(rule: &str, host: &str, port: u16) -> bool {
        let rule: HostRule = rule.parse().unwrap();
        host.parse().is_ok_and(|host| rule.allows(&host, port))
    }

    #[test]
    fn a_name_allows_itself_alone() {
        assert!(allows("example.com", "example.com", 443));
        assert!(allows("example.com", "EXAMPLE.com.", 443));
        for host in [
            "a.example.com",
            "evil-example.com",
            "example.com.evil.com",
            "com",
            "example.co",
        ] {
            assert!(!allows("example.com", host, 443), "{host}");
        }
        assert!(!allows("example.com", "example.com", 80));
        assert!(allows("example.com:8443", "example.com", 8443));
        assert!(!allows("example.com:8443", "example.com", 443));
    }

    #[test]
    fn a_star_allows_what_is_below_and_not_the_name() {
        assert!(allows("*.example.com", "a.example.com", 443));
        assert!(allows("*.example.com", "a.b.example.com", 443));
        for host in ["example.com", "evil-example.com", "a.example.com.evil.com"] {
            assert!(!allows("*.example.com", host, 443), "{host}");
        }
    }

    #[test]
    fn this_machine_needs_a_port_and_is_no_name() {
        for rule in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"] {
            let parsed: HostRule = rule.parse().unwrap();
            assert_eq!(parsed.to_string(), rule);
            assert!(!parsed.local_addresses().is_empty());
            assert!(!parsed.allows(&"localhost".parse().unwrap(), 3000));
        }
        let rule: HostRule = "localhost:3000".parse().unwrap();
        assert!(rule.covers("127.0.0.1", 3000) && rule.covers("localhost", 3000));
        assert!(!rule.covers("127.0.0.1", 3001) && !rule.covers("127.0.0.2", 3000));
    }

    #[test]
    fn an_address_may_be_stated() {
        for (text, address) in [
            ("example.com=10.0.0.5", "10.0.0.5:443"),
            ("example.com:8443=10.0.0.5", "10.0.0.5:8443"),
            ("example.com=127.0.0.1:8080", "127.0.0.1:8080"),
            ("example.com=[::1]:8080", "[::1]:8080"),
            ("*.example.com=::1", "[::1]:443"),
        ] {
            let rule: HostRule = text.parse().unwrap();
            assert_eq!(rule.stated_address().unwrap().to_string(), address);
        }
    }

    // Snapshots are read from the source tree, which the tests under Wine do not find.
    #[cfg(unix)]
    #[test]
    fn what_is_no_rule_says_why() {
        let problems = [
            "",
            "*",
            "*.com",
            "*.*.com",
            "a*.example.com",
            "example.com:0",
            "example.com:65536",
            "example.com:",
            "example.com:+443",
            "https://example.com",
            "user@example.com",
            "exa mple.com",
            "exämple.com",
            "10.0.0.5",
            "169.254.169.254:80",
            "2130706433",
            "0x7f.1",
            "[2001:db8::1]:443",
            "localhost",
            "localhost:80=10.0.0.5",
            "example.com=example.org",
            "example.com=",
            "-example.com",
        ];
        let said: Vec<String> = problems
            .iter()
            .map(|text| text.parse::<HostRule>().unwrap_err().to_string())
            .collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn a_rule_reads_back_as_it_was_written() {
        for text in [
            "example.com",
            "*.example.com",
            "example.com:8443",
            "example.com=10.0.0.5:443",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(text.parse::<HostRule>().unwrap().to_string(), text);
        }
    }
}
