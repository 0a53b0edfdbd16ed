//! The network: empty but for what is allowed, and decided outside.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use amp_process::sandbox::{Network, Policy};

use super::{Place, asked, reach, shell};
use crate::support::{LIMIT, example};

/// A service of this machine that answers every connection.
fn service() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        // It ends when the test does not keep it busy any more: its last client says so.
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut first = [0; 4];
            let _ = client.read(&mut first);
            let _ = client.write_all(b"hello\n");
            if &first == b"quit" {
                return;
            }
        }
    });
    (address, thread)
}

fn end((address, thread): (SocketAddr, JoinHandle<()>)) {
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"quit").unwrap();
    thread.join().unwrap();
}

fn with_hosts(policy: Policy, rules: &[String], transparent: bool) -> Policy {
    policy.with_network(Network::Hosts {
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
        transparent,
    })
}

#[tokio::test]
async fn without_the_proxy_there_is_no_network_at_all() {
    let place = Place::new();
    let service = service();
    let local = format!("tcp:{}", service.0);
    let attempts = [
        local.as_str(),
        "tcp:10.0.0.1:80",
        "tcp:169.254.169.254:80",
        "tcp:1.1.1.1:443",
        "tcp:[2606:4700:4700::1111]:443",
        "udp:1.1.1.1:53",
        "udp:[2606:4700:4700::1111]:53",
        "name:example.com",
    ];
    let rules = ["example.com".to_owned()];
    let policy = with_hosts(place.policy(), &rules, false);
    if let Some(said) = reach(&place, policy, &attempts).await {
        for line in &said.lines {
            assert!(!line.contains("reached"), "{line}");
        }
        assert_eq!(said.lines.len(), attempts.len());
    }
    end(service);
}

#[tokio::test]
async fn a_port_of_this_machine_is_open_when_a_rule_says_so() {
    let place = Place::new();
    let (allowed, other) = (service(), service());
    let rules = [allowed.0.to_string()];
    let attempts = [format!("tcp:{}", allowed.0), format!("tcp:{}", other.0)];
    let attempts = attempts.each_ref().map(String::as_str);
    let policy = with_hosts(place.policy(), &rules, false);
    if let Some(said) = reach(&place, policy, &attempts).await {
        assert!(said.lines[0].ends_with("reached"), "{:?}", said.lines);
        assert!(said.lines[1].contains("refused"), "{:?}", said.lines);
        let decision = &said.decisions[0];
        assert_eq!(decision.to_string(), format!("{}: allowed", allowed.0));
    }
    end(allowed);
    end(other);
}

#[tokio::test]
async fn the_proxy_serves_allowed_names_and_tells_of_all() {
    let place = Place::new();
    let service = service();
    let rules = [
        format!("ampcode.example={}", service.0),
        format!("*.ampcode.example={}", service.0),
    ];
    let attempts = [
        "proxy:ampcode.example:443",
        "proxy:a.b.ampcode.example:443",
        "proxy:AMPCODE.example.:443",
        "proxy:evil-ampcode.example:443",
        "proxy:ampcode.example.evil.com:443",
        "proxy:ampcode.example:80",
        "proxy:127.0.0.1:443",
    ];
    let policy = with_hosts(place.policy(), &rules, false);
    if let Some(said) = reach(&place, policy, &attempts).await {
        for (index, line) in said.lines.iter().enumerate() {
            let status = if index < 3 { "200" } else { "451" };
            assert!(line.contains(&format!("HTTP/1.1 {status} ")), "{line}");
        }
        let refused = said
            .decisions
            .iter()
            .filter(|decision| decision.is_about_rules());
        assert_eq!(refused.count(), 4, "{:?}", said.decisions);
    }
    end(service);
}

#[tokio::test]
async fn names_lead_to_the_forwarder_for_programs_that_ignore_proxies() {
    let place = Place::new();
    let rules = ["ampcode.example", "*.ampcode.example"];
    let rules = rules.map(|name| format!("{name}=127.0.0.1:9"));
    let policy = with_hosts(place.policy(), &rules, true);
    let attempts = [
        "name:ampcode.example",
        "tcp:ampcode.example:443",
        "name:a.b.ampcode.example",
        "tcp:a.b.ampcode.example:443",
        "name:other.example",
        "name:ampcode.example.evil.com",
    ];
    let Some(said) = reach(&place, policy, &attempts).await else {
        return;
    };
    let expected = ["reached 127.0.0.1", "reached"].repeat(2);
    for (line, expected) in said.lines.iter().zip(expected) {
        assert!(line.ends_with(&format!(": {expected}")), "{:?}", said.lines);
    }
    for (line, host) in said.lines[4..]
        .iter()
        .zip(["other.example", "ampcode.example.evil.com"])
    {
        assert!(!line.contains("reached"), "{line}");
        let refused = format!("{host}:443: not allowed");
        let told = said
            .decisions
            .iter()
            .any(|decision| decision.to_string() == refused);
        assert!(told, "{:?}", said.decisions);
    }
}

#[tokio::test]
async fn only_the_name_that_is_allowed_gets_through_a_handshake() {
    let place = Place::new();
    let service = service();
    let rules = [format!("ampcode.example={}", service.0)];
    // What is said in the handshake, and what comes of it: in a tunnel, and at the forwarder.
    let cases = [
        ("ampcode.example", None, None),
        ("AMPCODE.example", None, None),
        (
            "other.example",
            Some("ampcode.example:443: the handshake asks for other.example"),
            Some("other.example:443: not allowed"),
        ),
        (
            "",
            Some("ampcode.example:443: the handshake asks for no name"),
            Some("port 443: the handshake asks for no name"),
        ),
        (
            "~ampcode.example",
            Some("ampcode.example:443: the handshake hides its name (ECH)"),
            Some("port 443: the handshake hides its name (ECH)"),
        ),
    ];
    let attempts = ["tunnel", "direct"].map(|way| {
        let attempt = |(name, ..): &(&str, _, _)| format!("{way}:ampcode.example@{name}");
        cases.iter().map(attempt).collect::<Vec<_>>()
    });
    for (attempts, refusals) in attempts.iter().zip([
        cases.map(|(_, in_a_tunnel, _)| in_a_tunnel),
        cases.map(|(.., at_the_forwarder)| at_the_forwarder),
    ]) {
        let attempts: Vec<&str> = attempts.iter().map(String::as_str).collect();
        let policy = with_hosts(place.policy(), &rules, true);
        let Some(said) = reach(&place, policy, &attempts).await else {
            break;
        };
        let mut told = said
            .decisions
            .iter()
            .filter(|decision| decision.refusal.is_some());
        assert_eq!(said.lines.len(), cases.len());
        for (line, refusal) in said.lines.iter().zip(refusals) {
            let Some(refusal) = refusal else {
                assert!(line.ends_with("reached hello"), "{line}");
                continue;
            };
            assert!(line.ends_with("an alert"), "{line}");
            let told = told.next().expect("it is told");
            assert_eq!(told.to_string(), refusal);
        }
    }
    end(service);
}

#[tokio::test]
async fn the_proxy_goes_by_what_is_connected_to_and_not_by_the_host_header() {
    let place = Place::new();
    let service = service();
    let rules = [format!("ampcode.example={}", service.0)];
    let attempts = [
        "proxy:ampcode.example:443@other.example",
        "proxy:other.example:443@ampcode.example",
    ];
    let policy = with_hosts(place.policy(), &rules, false);
    if let Some(said) = reach(&place, policy, &attempts).await {
        assert!(said.lines[0].contains("HTTP/1.1 200 "), "{:?}", said.lines);
        assert!(said.lines[1].contains("HTTP/1.1 451 "), "{:?}", said.lines);
        let told = said.decisions.last().expect("it is told").to_string();
        assert_eq!(told, "other.example:443: not allowed");
    }
    end(service);
}

/// Runs a sandbox on a machine of its own, whose name server gives these addresses one after the
/// other; returns what was reached, and how often the name server and the machine itself were.
#[expect(clippy::disallowed_methods, reason = "another host is under test")]
fn with_addresses(place: &Place, addresses: &str, rule: &str, attempts: &[&str]) -> Vec<String> {
    place.write("resolv.conf", "nameserver 127.0.0.1\n");
    let resolver = std::fs::canonicalize("/etc/resolv.conf").expect("a resolver");
    let output = std::process::Command::new("bwrap")
        .args([
            "--unshare-user",
            "--unshare-net",
            "--uid",
            "0",
            "--gid",
            "0",
        ])
        .args(["--cap-add", "ALL", "--dev-bind", "/", "/", "--ro-bind"])
        .arg(place.root().join("resolv.conf"))
        .arg(resolver)
        .arg(example("names"))
        .args([addresses, "--"])
        .arg(example("confine"))
        .args(asked())
        .args(["--transparent", "--host", rule])
        .args(["--variable", "HTTPS_PROXY", "--write"])
        .arg(&place.project)
        .arg("--")
        .arg(example("reach"))
        .args(attempts)
        .current_dir(&place.project)
        .output()
        .expect("bubblewrap is here");
    let said = String::from_utf8_lossy(&output.stdout);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{problem}");
    said.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_asked_for_once_and_leads_nowhere_else() {
    let place = Place::new();
    let rules = ["changing.example".to_owned()];
    let policy = with_hosts(place.policy(), &rules, true);
    if shell(&place, policy, "true").await.is_none() {
        return;
    }
    for way in ["tunnel", "direct"] {
        let attempt = format!("{way}:changing.example");
        let attempts = [attempt.as_str()];
        // Nobody can be reached by the public address, and the private one is this machine's.
        let said = with_addresses(&place, "1.1.1.1,127.0.0.1", "changing.example", &attempts);
        assert!(!said[0].contains("reached"), "{said:?}");
        assert_eq!(said[1], "questions: 1, visitors: 0");
        // The other way round it is refused for what it is at first.
        let said = with_addresses(&place, "127.0.0.1,1.1.1.1", "changing.example", &attempts);
        assert!(!said[0].contains("reached"), "{said:?}");
        assert_eq!(said[1], "questions: 1, visitors: 0");
        // An address that is stated is not asked for.
        let rule = "changing.example=127.0.0.1:443";
        let said = with_addresses(&place, "1.1.1.1,127.0.0.1", rule, &attempts);
        assert!(said[0].ends_with("reached hello"), "{said:?}");
        assert_eq!(said[1], "questions: 0, visitors: 1");
    }
}

#[tokio::test]
async fn there_are_pseudo_terminals_in_every_kind_of_network() {
    let place = Place::new();
    let rules = ["ampcode.example=127.0.0.1:9".to_owned()];
    for transparent in [false, true] {
        let policy = with_hosts(place.policy(), &rules, transparent);
        let Some(said) = reach(&place, policy, &["pty"]).await else {
            return;
        };
        assert_eq!(said.lines, ["pty: reached word"]);
    }
}

#[tokio::test]
async fn two_sandboxes_at_once_do_not_know_of_each_other() {
    let (one, other) = (Place::new(), Place::new());
    let rules = ["ampcode.example=127.0.0.1:9".to_owned()];
    let script = "env | grep https_proxy; echo $$";
    let first = shell(&one, with_hosts(one.policy(), &rules, true), script);
    let second = shell(&other, with_hosts(other.policy(), &rules, true), script);
    let (Some(first), Some(second)) = tokio::join!(first, second) else {
        return;
    };
    assert_eq!(first.lines, second.lines);
    assert!(first.exit.status().is_success() && second.exit.status().is_success());
}

#[tokio::test]
async fn the_open_network_is_the_hosts() {
    let place = Place::new();
    let service = service();
    let policy = place.policy().with_network(Network::Open);
    let local = format!("tcp:{}", service.0);
    if let Some(said) = reach(&place, policy, &[&local, "socket:vsock"]).await {
        assert!(said.lines[0].ends_with("reached"), "{:?}", said.lines);
        assert!(!said.lines[1].contains("reached"), "{:?}", said.lines);
    }
    end(service);
}

#[tokio::test]
async fn a_gigabyte_passes_through_a_host_whose_memory_stays_as_it_is() {
    const BYTES: usize = 1 << 30;
    /// Beyond what a connection holds, by far; a host that kept the bytes would need all of them.
    const GROWTH_KIB: u64 = 16 * 1024;
    let place = Place::new();
    if shell(&place, place.policy(), "true").await.is_none() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let rule = format!("service.example={}", listener.local_addr().unwrap());
    let mut host = super::confine()
        .args(["--host", &rule, "--variable", "HTTPS_PROXY", "--read"])
        .arg(example("reach"))
        .arg("--write")
        .arg(&place.project)
        .arg("--")
        .arg(example("reach"))
        .arg(format!("flood:service.example:443:{BYTES}"))
        .current_dir(&place.project)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let peak_kib = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", host.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.unwrap().split_whitespace().nth(1);
        number.unwrap().parse::<u64>().unwrap()
    };
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let accepted = tokio::time::timeout(LIMIT, listener.accept()).await;
    let (client, _) = accepted.expect("the tunnel comes in time").unwrap();
    let mut client = client.into_std().unwrap();
    client.set_nonblocking(false).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let mut buffer = vec![0; 1 << 16];
    let mut count = client.read(&mut buffer).unwrap();
    let before = peak_kib();
    loop {
        match client.read(&mut buffer).unwrap() {
            0 => break,
            more => count += more,
        }
    }
    let after = peak_kib();
    client.write_all(b"all of it\n").unwrap();
    drop(client);
    let mut said = String::new();
    host.stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(host.wait().unwrap().success(), "{said}");
    assert!(said.ends_with("reached all of it\n"), "{said}");
    assert!(count > BYTES, "{count}");
    assert!(
        after < before + GROWTH_KIB,
        "{before} KiB, then {after} KiB"
    );
}
