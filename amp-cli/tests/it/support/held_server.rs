//! A mirror over HTTP that stops in the middle of every large file until a test lets it go on.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::World;
use super::mirror::{NEWER, publish};

/// The size of the executable, in bytes.
const SIZE: usize = 1 << 20;

/// How much of it comes before the test's word, in bytes.
pub(crate) const HALF: usize = SIZE / 2;

/// Files from this size on are held.
const LARGE: usize = 64 << 10;

/// How long a download may take to reach the middle.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(30);

/// Represents the server; it ends when it is dropped.
pub(crate) struct HeldServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    held: Receiver<()>,
    go_on: Sender<()>,
    server: Option<JoinHandle<()>>,
}

/// What the server and the test look at.
struct Shared {
    folder: PathBuf,
    /// The first byte of each large answer.
    starts: Mutex<Vec<usize>>,
    is_over: AtomicBool,
}

impl HeldServer {
    /// Starts to serve the mirror of a world, and makes it the world's only source.
    pub(crate) fn start(world: World) -> (Self, World) {
        publish(&world, NEWER, SIZE);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            folder: world.project().join("../mirror"),
            starts: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let (report_held, held) = channel();
        let (go_on, allowed) = channel();
        let serving = Arc::clone(&shared);
        let server = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.is_over.load(SeqCst) {
                    break;
                }
                // A client that goes away in the middle is what some tests are about.
                let _ = serving.answer(stream.expect("a connection"), &report_held, &allowed);
            }
        });
        let server = Self {
            address,
            shared,
            held,
            go_on,
            server: Some(server),
        };
        let world = world.with("AMPCTL_SOURCES", &format!("http://{address}"));
        (server, world)
    }

    /// Waits until half of the executable is sent.
    pub(crate) fn wait_until_held(&self) {
        self.held
            .recv_timeout(DOWNLOAD_LIMIT)
            .expect("half a download");
    }

    /// Lets one download go on, the present one or the next.
    pub(crate) fn let_go(&self) {
        self.go_on.send(()).expect("a server");
    }

    /// Returns where each download began, in bytes.
    pub(crate) fn starts(&self) -> Vec<usize> {
        self.shared.starts.lock().expect("a list").clone()
    }
}

impl Drop for HeldServer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, SeqCst);
        // One word for a download that is held, one connection for a server that waits.
        let _ = self.go_on.send(());
        let _ = TcpStream::connect(self.address);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

impl Shared {
    /// Answers one request and closes the connection.
    fn answer(
        &self,
        mut stream: TcpStream,
        held: &Sender<()>,
        allowed: &Receiver<()>,
    ) -> std::io::Result<()> {
        let (path, start) = read_request(&stream)?;
        let Ok(body) = std::fs::read(self.folder.join(path.trim_start_matches('/'))) else {
            let nothing =
                "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return stream.write_all(nothing.as_bytes());
        };
        let (length, total) = (body.len() - start, body.len());
        let status = match start {
            0 => "200 OK".to_owned(),
            _ => format!(
                "206 Partial Content\r\ncontent-range: bytes {start}-{}/{total}",
                total - 1
            ),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\netag: \"1\"\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        if total < LARGE {
            return stream.write_all(&body[start..]);
        }
        self.starts.lock().expect("a list").push(start);
        stream.write_all(&body[start.min(HALF)..HALF])?;
        let _ = held.send(());
        // Without a test there is nobody to send the rest to.
        if allowed.recv().is_ok() {
            stream.write_all(&body[start.max(HALF)..])?;
        }
        Ok(())
    }
}

/// Returns the path of a request and the first byte that it wants.
fn read_request(stream: &TcpStream) -> std::io::Result<(String, usize)> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut start = 0;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().unwrap_or_default();
        }
    }
    Ok((path, start))
}
