//! The proxy over real sockets of this machine, with names that stand for whatever a test wants.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::client_hello::tests::{hello_for, hiding_hello_for};
use super::{MOST_CONNECTIONS, NetworkLog, Proxy, Purpose, Refusal, SAYING, Shared, serve_with};

/// A proxy, and where it listens.
struct Served {
    proxy: Option<Proxy>,
    at: SocketAddr,
    log: NetworkLog,
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn served_for(purpose: Purpose, rules: &[String], saying: Duration) -> Served {
    let (listener, at) = listener();
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    let log = NetworkLog::default();
    let listeners = vec![(listener.into(), purpose)];
    let proxy = serve_with(listeners, rules, log.clone(), private_answers, saying).unwrap();
    Served {
        proxy: Some(proxy),
        at,
        log,
    }
}

/// A name server that leads every name into this machine, as an attacker's would.
fn private_answers(name: &str) -> io::Result<Vec<IpAddr>> {
    match name {
        "metadata.example" => Ok(vec!["169.254.169.254".parse().unwrap()]),
        "nowhere.example" => Err(io::ErrorKind::NotFound.into()),
        _ => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
    }
}

fn served(rules: &[String]) -> Served {
    served_for(Purpose::Connect, rules, SAYING)
}

impl Served {
    fn client(&self) -> TcpStream {
        let client = TcpStream::connect(self.at).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        client
    }

    /// Sends `bytes` and returns all that comes back.
    fn ask(&self, bytes: &[u8]) -> String {
        let mut client = self.client();
        client.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // A reset is an end too.
        let _ = client.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn said(&self) -> Vec<String> {
        let decisions = self.log.decisions();
        decisions.iter().map(ToString::to_string).collect()
    }
}

/// A server that reads to the end, answers with what it got, in capitals, and closes.
fn server() -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let (listener, address) = listener();
    let thread = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).unwrap();
        client.write_all(b"ANSWER").unwrap();
        bytes
    });
    (address, thread)
}

fn connect(authority: &str) -> Vec<u8> {
    format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n").into_bytes()
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[test]
fn a_tunnel_carries_both_directions_and_each_end_on_its_own() {
    let (address, server) = server();
    let served = served(&[format!("service.example={address}")]);
    let mut client = served.client();
    // The handshake may come with the request, in one packet.
    let request = [
        connect("Service.Example.:443"),
        hello_for("service.example"),
    ]
    .concat();
    client.write_all(&request).unwrap();
    client.write_all(b"and more").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, format!("{ESTABLISHED}ANSWER"));
    let expected = [hello_for("service.example"), b"and more".to_vec()].concat();
    assert_eq!(server.join().unwrap(), expected);
    assert_eq!(served.said(), ["service.example:443: allowed"]);
}

#[tokio::test]
async fn a_tunnel_may_be_silent_for_hours() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (upstream, address) = listener();
    let shared = Shared::new(
        vec![format!("service.example={address}").parse().unwrap()],
        NetworkLog::default(),
        private_answers,
        SAYING,
    );
    let (ours, at) = listener();
    let mut client = tokio::net::TcpStream::connect(at).await.unwrap();
    let (theirs, _) = ours.accept().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let theirs = tokio::net::TcpStream::from_std(theirs).unwrap();
    let serving = tokio::spawn(async move { shared.serve(theirs, Purpose::Connect).await });

    client
        .write_all(&connect("service.example:443"))
        .await
        .unwrap();
    client
        .write_all(&hello_for("service.example"))
        .await
        .unwrap();
    let mut established = [0; ESTABLISHED.len()];
    client.read_exact(&mut established).await.unwrap();
    let (server, _) = upstream.accept().unwrap();
    let mut hello = vec![0; hello_for("service.example").len()];
    server.set_nonblocking(true).unwrap();
    let mut server = tokio::net::TcpStream::from_std(server).unwrap();
    server.read_exact(&mut hello).await.unwrap();

    tokio::time::pause();
    let mut byte = [0];
    for _ in 0..4 {
        tokio::time::advance(Duration::from_secs(60 * 60)).await;
        server.write_all(b"x").await.unwrap();
        client.read_exact(&mut byte).await.unwrap();
        client.write_all(b"y").await.unwrap();
        server.read_exact(&mut byte).await.unwrap();
    }
    drop((client, server));
    assert!(serving.await.unwrap().is_ok());
}

#[test]
fn what_no_rule_allows_is_answered_with_451() {
    let served = served(&["ampcode.example".into(), "*.ampcode.example".into()]);
    for authority in [
        "evil-ampcode.example:443",
        "ampcode.example.evil.com:443",
        "ampcode.example:80",
        "127.0.0.1:443",
        "[::1]:443",
        "2130706433:443",
        "0x7f000001:443",
        "ampcode.example%2eevil.com:443",
        "user@ampcode.example:443",
    ] {
        let answer = served.ask(&connect(authority));
        assert!(answer.starts_with("HTTP/1.1 451 "), "{authority}: {answer}");
        assert!(answer.contains("the sandbox refused"), "{answer}");
    }
    insta::assert_snapshot!(served.said().join("\n"));
}

#[test]
fn a_name_that_stands_for_this_machine_or_its_network_is_refused() {
    let served = served(&["*.in.example".into()]);
    let answer = served.ask(&connect("a.in.example:443"));
    assert!(answer.starts_with("HTTP/1.1 451 "), "{answer}");
    let refusal = served.log.decisions()[0].refusal.clone();
    assert_eq!(
        refusal,
        Some(Refusal::NotPublic(Ipv4Addr::LOCALHOST.into()))
    );
}

#[test]
fn the_metadata_service_of_a_cloud_is_refused() {
    let served = served(&["metadata.example".into()]);
    served.ask(&connect("metadata.example:443"));
    let expected = "metadata.example:443: leads to 169.254.169.254, not a public one";
    assert_eq!(served.said(), [expected]);
}

#[test]
fn a_name_that_stands_for_nothing_is_a_bad_gateway() {
    let served = served(&["nowhere.example".into()]);
    let answer = served.ask(&connect("nowhere.example:443"));
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[test]
fn of_many_answers_only_public_ones_are_used() {
    let found = ["10.0.0.1", "1.1.1.1", "::1"].map(|text| text.parse().unwrap());
    let public: IpAddr = "1.1.1.1".parse().unwrap();
    assert_eq!(super::public_addresses(&found), Ok(vec![public]));
}

#[test]
fn anything_but_connect_is_refused() {
    let served = served(&["service.example".into()]);
    for (request, status) in [
        ("GET http://service.example/ HTTP/1.1\r\n\r\n", "451"),
        ("nonsense\r\n\r\n", "400"),
        ("CONNECT service.example:443 HTTP/1.1\r\nbad\r\n\r\n", "400"),
    ] {
        let answer = served.ask(request.as_bytes());
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    let endless = vec![b'a'; 9 * 1024];
    let answer = served.ask(&endless);
    assert!(
        answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(),
        "{answer}"
    );
}

#[test]
fn a_handshake_for_another_name_reaches_nobody() {
    for (hello, refusal) in [
        (
            hello_for("other.example"),
            Refusal::OtherName("other.example".into()),
        ),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), Refusal::NotTls),
        (b"SSH-2.0-x\r\n".to_vec(), Refusal::NotTls),
        (hiding_hello_for("service.example"), Refusal::HiddenName),
    ] {
        let (upstream, address) = listener();
        let served = served(&[format!("service.example={address}")]);
        let mut client = served.client();
        client.write_all(&connect("service.example:443")).unwrap();
        client.write_all(&hello).unwrap();
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        assert!(answer.ends_with(super::ALERT), "{answer:?}");
        let (mut reached, _) = upstream.accept().unwrap();
        let mut bytes = Vec::new();
        reached.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"", "{refusal}");
        assert_eq!(served.log.decisions()[0].refusal, Some(refusal));
    }
}

#[test]
fn a_forwarder_goes_by_the_name_in_the_handshake() {
    let (address, server) = server();
    let rules = [format!("service.example={address}")];
    let served = served_for(Purpose::ServerName, &rules, SAYING);
    let mut client = served.client();
    client.write_all(&hello_for("service.example")).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ANSWER");
    assert_eq!(server.join().unwrap(), hello_for("service.example"));
    for bytes in [
        hello_for("other.example"),
        b"GET / HTTP/1.1\r\n".to_vec(),
        hiding_hello_for("service.example"),
    ] {
        assert!(!served.ask(&bytes).contains("ANSWER"));
    }
    let expected = [
        "service.example:443: allowed",
        "other.example:443: not allowed",
        "port 443: not TLS",
        "port 443: the handshake hides its name (ECH)",
    ];
    assert_eq!(served.said(), expected);
}

#[test]
fn a_port_of_this_machine_carries_anything() {
    let (address, server) = server();
    let served = served_for(Purpose::Local(address), &[], SAYING);
    let mut client = served.client();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ANSWER");
    assert_eq!(server.join().unwrap(), b"GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn a_client_that_says_nothing_is_not_held_for_ever() {
    for purpose in [Purpose::Connect, Purpose::ServerName] {
        let served = served_for(purpose, &[], Duration::from_millis(50));
        let mut client = served.client();
        client.write_all(&[22]).unwrap();
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        assert_eq!(served.log.decisions()[0].refusal, Some(Refusal::Late));
    }
}

#[test]
fn connections_beyond_the_cap_are_closed() {
    let served = served(&[]);
    let held: Vec<TcpStream> = (0..MOST_CONNECTIONS).map(|_| served.client()).collect();
    assert_eq!(served.ask(b""), "");
    assert_eq!(served.log.decisions()[0].refusal, Some(Refusal::TooMany));
    drop(held);
}

#[test]
fn with_its_owner_the_proxy_is_gone_and_so_is_every_connection() {
    let mut served = served(&[]);
    let mut client = served.client();
    client.write_all(b"CONN").unwrap();
    served.proxy = None;
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    assert_eq!(answer, b"");
    while TcpStream::connect(served.at).is_ok() {
        std::thread::yield_now();
    }
}
