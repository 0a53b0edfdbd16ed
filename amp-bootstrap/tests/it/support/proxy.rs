//! Forward proxies on loopback: HTTP with `CONNECT`, and SOCKS5.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

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
