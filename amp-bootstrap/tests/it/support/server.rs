//! An HTTP server on loopback that does what its script says, faults included.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What one request gets.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<Vec<u8>>,
    framing: Framing,
    fault: Fault,
    honours_ranges: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Framing {
    Length,
    ClaimedLength(usize),
    Chunked,
    UntilClose,
}

#[derive(Debug, Clone, PartialEq)]
enum Fault {
    None,
    /// Closes after so many bytes of the body.
    CloseAfter(usize),
    /// Resets the connection after so many bytes of the body.
    ResetAfter(usize),
    /// Sends so many bytes of the body, then nothing more, until the client leaves.
    StallAfter(usize),
    /// Sends one byte at a time with a pause.
    Drip(Duration),
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Arc::default(),
            framing: Framing::Length,
            fault: Fault::None,
            honours_ranges: false,
        }
    }

    pub(crate) fn body(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: Arc::new(body.into()),
            ..Self::status(200)
        }
    }

    /// A file that can be continued, as object stores serve it.
    pub(crate) fn file(body: impl Into<Vec<u8>>, etag: &str) -> Self {
        Self {
            honours_ranges: true,
            ..Self::body(body).header("etag", etag)
        }
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    pub(crate) fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    pub(crate) fn claiming(mut self, length: usize) -> Self {
        self.framing = Framing::ClaimedLength(length);
        self
    }

    pub(crate) fn close_after(mut self, bytes: usize) -> Self {
        self.fault = Fault::CloseAfter(bytes);
        self
    }

    pub(crate) fn reset_after(mut self, bytes: usize) -> Self {
        self.fault = Fault::ResetAfter(bytes);
        self
    }

    pub(crate) fn stall_after(mut self, bytes: usize) -> Self {
        self.fault = Fault::StallAfter(bytes);
        self
    }

    pub(crate) fn drip(mut self, pause: Duration) -> Self {
        self.fault = Fault::Drip(pause);
        self
    }
}

/// The server; it stops listening when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    is_tls: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    routes: HashMap<String, VecDeque<Reply>>,
    requests: Vec<Request>,
    /// Requests for these paths wait until the path is taken out again.
    held: Vec<String>,
    stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::listen(None)
    }

    pub(crate) fn start_tls(config: ServerConfig) -> Self {
        Self::listen(Some(Arc::new(config)))
    }

    fn listen(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let is_tls = tls.is_some();
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.lock().stopped {
                    break;
                }
                let (shared, tls) = (Arc::clone(&for_thread), tls.clone());
                // A client that breaks off is part of the game.
                thread::spawn(move || drop(serve(stream, tls, &shared)));
            }
        });
        Self {
            address,
            shared,
            is_tls,
        }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.address.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers a path with these replies in turn; the last one stays.
    pub(crate) fn route(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.shared
            .lock()
            .routes
            .insert(path.to_owned(), replies.into_iter().collect());
    }

    /// Makes requests for a path wait.
    pub(crate) fn hold(&self, path: &str) {
        self.shared.lock().held.push(path.to_owned());
    }

    pub(crate) fn release(&self, path: &str) {
        self.shared.lock().held.retain(|held| held != path);
        self.shared.changed.notify_all();
    }

    /// Waits until a path was asked for so many times.
    pub(crate) fn wait_for(&self, path: &str, count: usize) {
        let too_few =
            |state: &mut State| state.requests.iter().filter(|r| r.path == path).count() < count;
        let limit = Duration::from_secs(30);
        let (state, timeout) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), limit, too_few)
            .unwrap();
        drop(state);
        assert!(
            !timeout.timed_out(),
            "{path} was not asked for {count} times"
        );
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    pub(crate) fn requests_for(&self, path: &str) -> Vec<Request> {
        self.requests()
            .into_iter()
            .filter(|request| request.path == path)
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        state.held.clear();
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the accepting thread so that it sees the flag.
        drop(TcpStream::connect(self.address));
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn serve(socket: TcpStream, tls: Option<Arc<ServerConfig>>, shared: &Shared) -> io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    let raw = socket.try_clone()?;
    let mut stream: Box<dyn Stream> = match tls {
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            Box::new(StreamOwned::new(connection, socket))
        }
        None => Box::new(socket),
    };
    let request = read_request(&mut *stream)?;
    let mut state = shared.lock();
    state.requests.push(request.clone());
    shared.changed.notify_all();
    while state.held.contains(&request.path) && !state.stopped {
        state = shared.changed.wait(state).unwrap();
    }
    let reply = match state.routes.get_mut(&request.path) {
        Some(replies) if replies.len() > 1 => replies.pop_front(),
        Some(replies) => replies.front().cloned(),
        None => None,
    };
    drop(state);
    let reply = reply.unwrap_or_else(|| Reply::status(404));
    answer(&mut *stream, &raw, &request, &reply)
}

/// Reads up to the empty line, leaving nothing behind.
fn read_request(stream: &mut dyn Stream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = text.lines();
    let target = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or("/")
        .to_owned();
    let path = match target.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .map_or("/", |slash| &rest[slash..])
            .to_owned(),
        None => target,
    };
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Request { path, headers })
}

fn answer(
    stream: &mut dyn Stream,
    socket: &TcpStream,
    request: &Request,
    reply: &Reply,
) -> io::Result<()> {
    let mut status = reply.status;
    let mut body: &[u8] = &reply.body;
    let mut extra = String::new();
    if reply.honours_ranges
        && let Some(start) = range_start(request, reply)
    {
        if start >= body.len() {
            (status, body) = (416, b"");
        } else {
            status = 206;
            let total = body.len();
            extra = format!("content-range: bytes {start}-{}/{total}\r\n", total - 1);
            body = &body[start..];
        }
    }
    let mut head = format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\n{extra}");
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match reply.framing {
        Framing::Length => head.push_str(&format!("content-length: {}\r\n", body.len())),
        Framing::ClaimedLength(length) => head.push_str(&format!("content-length: {length}\r\n")),
        Framing::Chunked => head.push_str("transfer-encoding: chunked\r\n"),
        Framing::UntilClose => {}
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;

    let end = match reply.fault {
        Fault::CloseAfter(bytes) | Fault::ResetAfter(bytes) | Fault::StallAfter(bytes) => {
            bytes.min(body.len())
        }
        Fault::None | Fault::Drip(_) => body.len(),
    };
    let sent = &body[..end];
    if let Fault::Drip(pause) = reply.fault {
        for byte in sent {
            stream.write_all(&[*byte])?;
            thread::sleep(pause);
        }
    } else if reply.framing == Framing::Chunked {
        for chunk in sent.chunks(1000) {
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
            stream.write_all(chunk)?;
            stream.write_all(b"\r\n")?;
        }
        if reply.fault == Fault::None {
            stream.write_all(b"0\r\n\r\n")?;
        }
    } else {
        stream.write_all(sent)?;
    }
    stream.flush()?;
    match reply.fault {
        Fault::ResetAfter(_) => reset(socket),
        Fault::StallAfter(_) => wait_for_the_client_to_leave(socket),
        _ => Ok(()),
    }
}

fn range_start(request: &Request, reply: &Reply) -> Option<usize> {
    let etag = reply
        .headers
        .iter()
        .find(|(name, _)| name == "etag")
        .map(|(_, value)| value);
    let still_valid = match request.header("if-range") {
        Some(validator) => etag.is_some_and(|etag| etag == validator),
        None => true,
    };
    let range = request.header("range").filter(|_| still_valid)?;
    range
        .strip_prefix("bytes=")?
        .strip_suffix('-')?
        .parse()
        .ok()
}

/// Closes the connection so that the client sees a reset instead of an end.
fn reset(socket: &TcpStream) -> io::Result<()> {
    rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO))?;
    Ok(())
}

fn wait_for_the_client_to_leave(mut socket: &TcpStream) -> io::Result<()> {
    let mut byte = [0];
    while socket.read(&mut byte)? > 0 {}
    Ok(())
}
