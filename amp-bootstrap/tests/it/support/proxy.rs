//! Forward proxies on loopback: HTTP with `CONNECT`, and SOCKS5.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A proxy that forwards to loopback and notes where to.
pub(crate) struct Proxy {
    port: u16,
    targets: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Http,
    /// Demands `user:word`.
    HttpWithPassword,
    Socks5,
}

impl Proxy {
    pub(crate) fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let targets = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&targets);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let noted = Arc::clone(&noted);
                thread::spawn(move || {
                    // A client that breaks off is part of the game.
                    drop(match kind {
                        Kind::Http => forward_http(client, false, &noted),
                        Kind::HttpWithPassword => forward_http(client, true, &noted),
                        Kind::Socks5 => forward_socks(client, &noted),
                    });
                });
            }
        });
        Self { port, targets }
    }

    pub(crate) fn url(&self, scheme: &str, user: &str) -> String {
        format!("{scheme}://{user}127.0.0.1:{}", self.port)
    }

    /// Returns what the clients wanted to reach.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.targets.lock().unwrap().clone()
    }
}

fn forward_http(
    mut client: TcpStream,
    password: bool,
    noted: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    // `user:word` in base64.
    if password
        && !text
            .to_ascii_lowercase()
            .contains("proxy-authorization: basic dxnlcjp3b3jk")
    {
        return client.write_all(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n");
    }
    let mut words = text.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let authority = match target.split_once("://") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(""),
        None => target,
    };
    noted.lock().unwrap().push(authority.to_owned());
    let port = authority
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    let mut server = TcpStream::connect(("127.0.0.1", port.unwrap_or(80)))?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    } else {
        server.write_all(&head)?;
    }
    splice(client, server)
}

fn forward_socks(mut client: TcpStream, noted: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting)?;
    let mut methods = vec![0; usize::from(greeting[1])];
    client.read_exact(&mut methods)?;
    client.write_all(&[5, 0])?;
    let mut request = [0; 4];
    client.read_exact(&mut request)?;
    let host = match request[3] {
        3 => {
            let mut length = [0];
            client.read_exact(&mut length)?;
            let mut name = vec![0; usize::from(length[0])];
            client.read_exact(&mut name)?;
            String::from_utf8_lossy(&name).into_owned()
        }
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address)?;
            address.map(|byte| byte.to_string()).join(".")
        }
        _ => {
            let mut address = [0; 16];
            client.read_exact(&mut address)?;
            "ipv6".to_owned()
        }
    };
    let mut port = [0; 2];
    client.read_exact(&mut port)?;
    let port = u16::from_be_bytes(port);
    noted.lock().unwrap().push(format!("{host}:{port}"));
    let server = TcpStream::connect(("127.0.0.1", port))?;
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])?;
    splice(client, server)
}

/// Puts TLS in front of a plain proxy, which makes it an HTTPS proxy; returns its port.
pub(crate) fn behind_tls(proxy: &Proxy, config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (inner, config) = (proxy.port, Arc::new(config));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A client that breaks off is part of the game.
            thread::spawn(move || drop(unwrap_tls(client, inner, config)));
        }
    });
    port
}

/// Passes bytes between a TLS client and a plain server, each side in short turns.
fn unwrap_tls(client: TcpStream, inner: u16, config: Arc<ServerConfig>) -> io::Result<()> {
    let turn = Duration::from_millis(2);
    client.set_read_timeout(Some(turn))?;
    let mut plain = TcpStream::connect(("127.0.0.1", inner))?;
    plain.set_read_timeout(Some(turn))?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut secure = StreamOwned::new(connection, client);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if pass(&mut secure, &mut plain, &mut buffer)?
            || pass(&mut plain, &mut secure, &mut buffer)?
        {
            return Ok(());
        }
    }
}

/// Passes what is there; returns whether that was all.
fn pass(from: &mut impl Read, to: &mut impl Write, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read(buffer) {
        Ok(0) => Ok(true),
        Ok(count) => {
            to.write_all(&buffer[..count])?;
            to.flush()?;
            Ok(false)
        }
        Err(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ) =>
        {
            Ok(false)
        }
        Err(cause) => Err(cause),
    }
}

fn splice(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let upload = thread::spawn(move || {
        drop(io::copy(&mut from_client, &mut to_server));
        drop(to_server.shutdown(Shutdown::Write));
    });
    let (mut from_server, mut to_client) = (server, client);
    drop(io::copy(&mut from_server, &mut to_client));
    drop(to_client.shutdown(Shutdown::Both));
    drop(upload.join());
    Ok(())
}
