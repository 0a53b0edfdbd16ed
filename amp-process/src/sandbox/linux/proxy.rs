//! The way out of a sandbox: listeners within it, served by a thread of the host.
//!
//! A socket belongs to the network it was made in, so a listener that was made within the sandbox
//! and handed out is accepted on here, outside, where names are looked up and connections made.
//! Nothing in the sandbox has a part in the decision.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepidle, set_tcp_keepintvl};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::address::is_public;
use super::client_hello::{self, ClientHello};
use super::connect_head::{self, ConnectHead, HeadProblem, Target};
use super::name_query::{self, LONGEST_QUERY};
use super::plan::Purpose;
use crate::sandbox::decision::{NetworkLog, Refusal};
use crate::sandbox::host_name::HostName;
use crate::sandbox::host_rule::HostRule;

/// How long a client may take to say where it wants to go.
const SAYING: Duration = Duration::from_secs(10);
/// How long looking up a name and connecting may take.
const CONNECTING: Duration = Duration::from_secs(20);
/// The most connections at a time; agents use fewer than ten.
const MOST_CONNECTIONS: usize = 256;
/// How long a connection is silent before its other end is asked whether it is there.
const ASKING: Duration = Duration::from_secs(60);
/// What is held of each direction of a connection, in bytes.
const BUFFER: usize = 32 * 1024;
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// The status of what is refused: clients print its number, and take 403 for the service's answer.
const REFUSED: &str = "451 Unavailable For Legal Reasons";
/// The alert "unrecognized name" of TLS, fatal.
const ALERT: &[u8] = &[21, 3, 1, 0, 2, 2, 112];

/// Looks up the addresses of a name; it may block.
type Resolver = fn(&str) -> io::Result<Vec<IpAddr>>;

/// The thread that serves the listeners of one sandbox; it ends, and they close, on drop.
#[derive(Debug)]
pub(super) struct Proxy {
    _end: oneshot::Sender<()>,
}

struct Shared {
    rules: Vec<HostRule>,
    log: NetworkLog,
    connections: Arc<Semaphore>,
    resolver: Resolver,
    /// How long a client may take to say where it wants to go.
    saying: Duration,
}

/// Serves these listeners by these rules.
///
/// It has a thread and a runtime of its own, so that the program goes on whatever its host does.
pub(super) fn serve(
    listeners: Vec<(OwnedFd, Purpose)>,
    rules: Vec<HostRule>,
    log: NetworkLog,
) -> io::Result<Proxy> {
    serve_with(listeners, rules, log, look_up, SAYING)
}

fn serve_with(
    listeners: Vec<(OwnedFd, Purpose)>,
    rules: Vec<HostRule>,
    log: NetworkLog,
    resolver: Resolver,
    saying: Duration,
) -> io::Result<Proxy> {
    let shared = Arc::new(Shared::new(rules, log, resolver, saying));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    {
        let _entered = runtime.enter();
        for (listener, purpose) in listeners {
            if purpose == Purpose::Names {
                let socket = std::net::UdpSocket::from(listener);
                socket.set_nonblocking(true)?;
                let socket = UdpSocket::from_std(socket)?;
                let shared = Arc::clone(&shared);
                runtime.spawn(async move { shared.answer_questions(&socket).await });
                continue;
            }
            let listener = std::net::TcpListener::from(listener);
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            runtime.spawn(accept(listener, purpose, Arc::clone(&shared)));
        }
    }
    let (end, ended) = oneshot::channel::<()>();
    std::thread::Builder::new()
        .name("amp-process-proxy".to_owned())
        .spawn(move || {
            // It is never sent to; its end is told by its being dropped.
            let _ = runtime.block_on(ended);
            // A name that is being looked up is not waited for.
            runtime.shutdown_background();
        })?;
    Ok(Proxy { _end: end })
}

async fn accept(listener: TcpListener, purpose: Purpose, shared: Arc<Shared>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&shared.connections).try_acquire_owned() else {
            shared
                .log
                .note("", port_of(purpose), Some(Refusal::TooMany));
            continue;
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let _permit = permit;
            // A connection that breaks is for its two ends to notice.
            let _ = shared.serve(client, purpose).await;
        });
    }
}

fn port_of(purpose: Purpose) -> u16 {
    match purpose {
        Purpose::Connect | Purpose::ServerName | Purpose::Names => 443,
        Purpose::Local(address) => address.port(),
    }
}

impl Shared {
    fn new(rules: Vec<HostRule>, log: NetworkLog, resolver: Resolver, saying: Duration) -> Self {
        Self {
            rules,
            log,
            connections: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            resolver,
            saying,
        }
    }

    async fn serve(&self, mut client: TcpStream, purpose: Purpose) -> io::Result<()> {
        client.set_nodelay(true)?;
        match purpose {
            Purpose::Connect => self.connect(&mut client).await,
            Purpose::ServerName => self.forward(&mut client).await,
            Purpose::Names => Ok(()),
            Purpose::Local(address) => {
                let connected = timeout(CONNECTING, TcpStream::connect(address)).await;
                let server = connected.ok().and_then(Result::ok);
                let refusal = server.is_none().then_some(Refusal::Unreachable);
                self.log
                    .note(&address.ip().to_string(), address.port(), refusal);
                match server {
                    Some(server) => splice(&mut client, server, &[]).await,
                    None => Ok(()),
                }
            }
        }
    }

    /// Serves a client that says where it wants to go.
    async fn connect(&self, client: &mut TcpStream) -> io::Result<()> {
        let mut bytes = Vec::new();
        let target = match timeout(self.saying, read_head(client, &mut bytes)).await {
            Ok(Ok(Ok(target))) => target,
            Ok(Ok(Err(problem))) => return self.complain(client, problem).await,
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                self.log.note("", 443, Some(Refusal::Late));
                return Ok(());
            }
        };
        let Target { host, port } = target;
        let server = match self.reach(&host, port).await {
            Ok(server) => server,
            Err(refusal) => {
                let status = match refusal {
                    Refusal::Unknown | Refusal::Unreachable => "502 Bad Gateway",
                    _ => REFUSED,
                };
                let why = format!("the sandbox refused {host}:{port}: {refusal}\n");
                self.log.note(host.as_str(), port, Some(refusal));
                return answer(client, status, &why).await;
            }
        };
        client
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await?;
        match timeout(self.saying, read_hello(client, &mut bytes)).await {
            Ok(Ok(ClientHello::Name(name))) if name.0 == host => {
                self.log.note(host.as_str(), port, None);
                splice(client, server, &bytes).await
            }
            said => {
                let refusal = match said {
                    Err(_) => Refusal::Late,
                    Ok(Err(error)) => return Err(error),
                    Ok(Ok(ClientHello::Name(name))) => Refusal::OtherName(name.0.to_string()),
                    Ok(Ok(ClientHello::Nameless)) => Refusal::NoName,
                    Ok(Ok(ClientHello::Hidden)) => Refusal::HiddenName,
                    Ok(Ok(_)) => Refusal::NotTls,
                };
                self.log.note(host.as_str(), port, Some(refusal));
                client.write_all(ALERT).await
            }
        }
    }

    /// Serves a client that takes this for the service, by the name in its handshake.
    async fn forward(&self, client: &mut TcpStream) -> io::Result<()> {
        let mut bytes = Vec::new();
        let port = port_of(Purpose::ServerName);
        let (host, refusal) = match timeout(self.saying, read_hello(client, &mut bytes)).await {
            Err(_) => (String::new(), Refusal::Late),
            Ok(Err(error)) => return Err(error),
            Ok(Ok(ClientHello::Nameless)) => (String::new(), Refusal::NoName),
            Ok(Ok(ClientHello::Hidden)) => (String::new(), Refusal::HiddenName),
            Ok(Ok(ClientHello::Name(name))) => match self.reach(&name.0, port).await {
                Ok(server) => {
                    self.log.note(name.0.as_str(), port, None);
                    return splice(client, server, &bytes).await;
                }
                Err(refusal) => (name.0.to_string(), refusal),
            },
            Ok(Ok(_)) => (String::new(), Refusal::NotTls),
        };
        self.log.note(&host, port, Some(refusal));
        client.write_all(ALERT).await
    }

    /// Answers questions about names: those of the rules lead to the forwarder, others nowhere.
    async fn answer_questions(&self, socket: &UdpSocket) {
        let mut message = [0; LONGEST_QUERY];
        loop {
            let Ok((length, client)) = socket.recv_from(&mut message).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let Some(query) = name_query::parse(&message[..length]) else {
                continue;
            };
            let is_allowed =
                |host: &HostName| self.rules.iter().any(|rule| rule.is_about_name(host));
            let reply = match &query.host {
                Some(host) if is_allowed(host) => query.answer(Ipv4Addr::LOCALHOST),
                host => {
                    // Programs ask for each kind of address; one question is enough to tell.
                    if let Some(host) = host.as_ref().filter(|_| query.wants_address) {
                        let port = port_of(Purpose::Names);
                        self.log
                            .note(host.as_str(), port, Some(Refusal::NotAllowed));
                    }
                    query.deny()
                }
            };
            // Who is gone by now asks again or does not want to know.
            let _ = socket.send_to(&reply, client).await;
        }
    }

    async fn complain(&self, client: &mut TcpStream, problem: HeadProblem) -> io::Result<()> {
        let (status, refusal) = match problem {
            HeadProblem::TooLong => ("431 Request Header Fields Too Large", Refusal::Malformed),
            HeadProblem::Method => (REFUSED, Refusal::NotConnect),
            HeadProblem::Host(..) => (REFUSED, Refusal::NotAllowed),
            HeadProblem::Malformed => ("400 Bad Request", Refusal::Malformed),
        };
        let (host, port) = match problem {
            HeadProblem::Host(host, port) => (host, port),
            _ => (String::new(), 443),
        };
        let why = format!("the sandbox refused {host}: {refusal}\n");
        self.log.note(&host, port, Some(refusal));
        answer(client, status, &why).await
    }

    /// Connects to an allowed service; what was looked up is what is connected to.
    async fn reach(&self, host: &HostName, port: u16) -> Result<TcpStream, Refusal> {
        let allowing = self.rules.iter().filter(|rule| rule.allows(host, port));
        // An address that is stated wins over one that would be looked up.
        let rule = allowing.max_by_key(|rule| rule.stated_address().is_some());
        let rule = rule.ok_or(Refusal::NotAllowed)?;
        let connecting = async {
            let addresses = match rule.stated_address() {
                Some(address) => vec![address],
                None => self.look_up(host, port).await?,
            };
            for address in addresses {
                if let Ok(server) = TcpStream::connect(address).await {
                    return Ok(server);
                }
            }
            Err(Refusal::Unreachable)
        };
        let connected = timeout(CONNECTING, connecting).await;
        connected.unwrap_or(Err(Refusal::Unreachable))
    }

    async fn look_up(&self, host: &HostName, port: u16) -> Result<Vec<SocketAddr>, Refusal> {
        let (resolver, name) = (self.resolver, host.as_str().to_owned());
        let found = tokio::task::spawn_blocking(move || resolver(&name)).await;
        let found = found.ok().and_then(Result::ok).unwrap_or_default();
        public_addresses(&found).map(|addresses| {
            let addresses = addresses.into_iter();
            addresses
                .map(|address| SocketAddr::new(address, port))
                .collect()
        })
    }
}

/// Returns the public addresses among those that a name stands for.
fn public_addresses(found: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
    let (public, others): (Vec<IpAddr>, Vec<IpAddr>) =
        found.iter().partition(|address| is_public(**address));
    match (public.is_empty(), others.first()) {
        (false, _) => Ok(public),
        (true, Some(address)) => Err(Refusal::NotPublic(*address)),
        (true, None) => Err(Refusal::Unknown),
    }
}

fn look_up(name: &str) -> io::Result<Vec<IpAddr>> {
    let found = (name, 443).to_socket_addrs()?;
    Ok(found.map(|address| address.ip()).collect())
}

/// Reads up to the end of a head; leaves what came behind it in `bytes`.
async fn read_head(
    client: &mut TcpStream,
    bytes: &mut Vec<u8>,
) -> io::Result<Result<Target, HeadProblem>> {
    loop {
        match connect_head::parse(bytes) {
            ConnectHead::Incomplete => read_more(client, bytes).await?,
            ConnectHead::Invalid(problem) => return Ok(Err(problem)),
            ConnectHead::Target(target, length) => {
                bytes.drain(..length);
                return Ok(Ok(target));
            }
        }
    }
}

/// Reads up to the end of the first message of TLS, which stays in `bytes`.
async fn read_hello(client: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<ClientHello> {
    loop {
        match client_hello::parse(bytes) {
            ClientHello::Incomplete => read_more(client, bytes).await?,
            said => return Ok(said),
        }
    }
}

async fn read_more(client: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    match client.read_buf(bytes).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

async fn answer(client: &mut TcpStream, status: &str, why: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{why}",
        why.len()
    );
    client.write_all(head.as_bytes()).await?;
    client.shutdown().await
}

/// Passes on what was read and then everything in both directions, until both ends have closed.
///
/// A connection may be silent for as long as its ends want. That it is asked for now and then keeps
/// routers on the way from forgetting it, and tells when the other end is gone.
async fn splice(client: &mut TcpStream, mut server: TcpStream, first: &[u8]) -> io::Result<()> {
    server.set_nodelay(true)?;
    set_socket_keepalive(&server, true)?;
    set_tcp_keepidle(&server, ASKING)?;
    set_tcp_keepintvl(&server, ASKING)?;
    server.write_all(first).await?;
    copy_bidirectional_with_sizes(client, &mut server, BUFFER, BUFFER).await?;
    Ok(())
}

#[cfg(test)]
#[path = "proxy_tests.rs"]
mod tests;
