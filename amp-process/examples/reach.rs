//! Tries to reach what it is told, and says what came of each attempt; for the tests of sandboxes.
//!
//! ```text
//! reach ATTEMPT…
//! ```
//!
//! | attempt | what is tried |
//! |---|---|
//! | `tcp:ADDRESS` | a connection, and a word that is answered |
//! | `udp:ADDRESS` | a packet |
//! | `unix:PATH`, `abstract:NAME` | a connection to a Unix socket |
//! | `socket:FAMILY` | a socket of `vsock`, `netlink`, `packet`, `raw` or `unix` |
//! | `name:HOST` | looking up a name |
//! | `proxy:HOST:PORT`, `proxy:HOST:PORT@OTHER` | CONNECT through `HTTPS_PROXY`, perhaps with another `Host`; the first line of the answer is shown |
//! | `tunnel:HOST@NAME` | the beginning of TLS for a name through a tunnel of the proxy, port 443 |
//! | `direct:HOST@NAME` | the same to port 443 of the host itself; `@` without a name sends none, and `~` before it hides another |
//! | `flood:HOST:PORT:BYTES` | so many bytes through a tunnel of the proxy, after the beginning of TLS |
//! | `kill:PID` | a signal |
//! | `unshare`, `mount`, `ptrace`, `io_uring`, `keyctl`, `bpf`, `chroot`, `personality` | the system call |
//! | `pty` | a pseudo-terminal, and a word through it |
//! | `fork:COUNT` | so many children at once |

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
    use std::os::fd::FromRawFd;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};

    use rustix::net::{AddressFamily, SocketType, socket};
    use rustix::process::{Pid, Signal};

    pub(super) fn main() {
        for attempt in std::env::args().skip(1) {
            let (what, target) = attempt.split_once(':').unwrap_or((&attempt, ""));
            let outcome = match reach(what, target) {
                Ok(answer) => format!("reached {answer}"),
                Err(error) => match error.raw_os_error() {
                    Some(number) => rustix::io::Errno::from_raw_os_error(number).to_string(),
                    None => error.to_string(),
                },
            };
            // Whoever does not read the answer does not want it.
            let _ = writeln!(io::stdout(), "{attempt}: {}", outcome.trim_end());
        }
    }

    fn reach(what: &str, target: &str) -> io::Result<String> {
        let done = |()| String::new();
        match what {
            "tcp" => {
                let mut stream = TcpStream::connect(target)?;
                stream.write_all(b"x")?;
                stream.read(&mut [0]).map(|_| String::new())
            }
            "udp" => {
                let any = if target.starts_with('[') {
                    "[::]:0"
                } else {
                    "0.0.0.0:0"
                };
                UdpSocket::bind(any)?
                    .send_to(b"x", target)
                    .map(|_| String::new())
            }
            "unix" => UnixStream::connect(target).map(|_| String::new()),
            "abstract" => {
                let address = SocketAddr::from_abstract_name(target)?;
                UnixStream::connect_addr(&address).map(|_| String::new())
            }
            "socket" => open(target).map(done),
            "name" => {
                let mut found = (target, 443).to_socket_addrs()?;
                Ok(found
                    .next()
                    .map(|address| address.ip().to_string())
                    .unwrap_or_default())
            }
            "proxy" => {
                let (target, host) = target.split_once('@').unwrap_or((target, target));
                proxy(target, host).map(|(line, _)| line)
            }
            "tunnel" => {
                let (host, name) = target.split_once('@').unwrap_or((target, target));
                let host = format!("{host}:443");
                handshake(proxy(&host, &host)?.1, name)
            }
            "direct" => {
                let (host, name) = target.split_once('@').unwrap_or((target, target));
                handshake(TcpStream::connect((host, 443))?, name)
            }
            "flood" => flood(target),
            "pty" => pseudo_terminal(),
            "kill" => {
                let pid = target.parse().ok().and_then(Pid::from_raw);
                let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
                Ok(rustix::process::kill_process(pid, Signal::CONT).map(done)?)
            }
            "fork" => fork(target.parse().map_err(|_| io::ErrorKind::InvalidInput)?),
            call => system_call(call).map(done),
        }
    }

    fn open(family: &str) -> io::Result<()> {
        let (family, kind, protocol) = match family {
            "vsock" => (AddressFamily::VSOCK, SocketType::STREAM, None),
            "netlink" => (AddressFamily::NETLINK, SocketType::RAW, None),
            "packet" => (AddressFamily::PACKET, SocketType::DGRAM, None),
            "raw" => (
                AddressFamily::INET,
                SocketType::RAW,
                Some(rustix::net::ipproto::ICMP),
            ),
            _ => (AddressFamily::UNIX, SocketType::STREAM, None),
        };
        socket(family, kind, protocol)?;
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "clients of proxies find them there"
    )]
    fn proxy(target: &str, host: &str) -> io::Result<(String, TcpStream)> {
        let proxy = std::env::var("HTTPS_PROXY").map_err(|_| io::Error::other("no proxy"))?;
        let address = proxy.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "CONNECT {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")?;
        let mut line = String::new();
        let mut answer = BufReader::new(&stream);
        answer.read_line(&mut line)?;
        // Up to the end of the head.
        while answer.read_line(&mut String::new())? > 2 {}
        Ok((line, stream))
    }

    /// Begins TLS for a name, and returns what is answered, as far as it is text.
    fn handshake(mut stream: TcpStream, name: &str) -> io::Result<String> {
        stream.write_all(&hello(name))?;
        let mut answer = Vec::new();
        BufReader::new(stream).read_until(b'\n', &mut answer)?;
        match String::from_utf8(answer) {
            Ok(answer) if answer.is_ascii() && answer.ends_with('\n') => Ok(answer),
            _ => Err(io::Error::other("an alert")),
        }
    }

    fn flood(target: &str) -> io::Result<String> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let (target, count) = target.rsplit_once(':').ok_or_else(invalid)?;
        let (host, _) = target.rsplit_once(':').ok_or_else(invalid)?;
        let mut left: usize = count.parse().map_err(|_| invalid())?;
        let (_, mut stream) = proxy(target, target)?;
        stream.write_all(&hello(host))?;
        let chunk = vec![b'x'; 1 << 16];
        while left > 0 {
            left -= stream.write(&chunk[..left.min(chunk.len())])?;
        }
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        Ok(answer)
    }

    /// What a TLS client says first that asks for this name, for none, or for one that it hides.
    fn hello(name: &str) -> Vec<u8> {
        let (name, hidden) = match name.strip_prefix('~') {
            Some(name) => (name, &[0xfe, 0x0d, 0, 1, 0][..]),
            None => (name, &[][..]),
        };
        let vector = |bytes: Vec<u8>| {
            let length = u16::try_from(bytes.len()).expect("it is short");
            [&length.to_be_bytes()[..], &bytes].concat()
        };
        let shown = match name {
            "" => Vec::new(),
            name => {
                let name = vector([&[0][..], &vector(name.into())].concat());
                [&[0, 0][..], &vector(name)].concat()
            }
        };
        let extensions = vector([&shown[..], hidden].concat());
        // Version, random, no session, one cipher, no compression.
        let beginning = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0]].concat();
        let hello = vector([beginning, extensions].concat());
        let message = [&[1, 0][..], &hello].concat();
        [&[22, 3, 1][..], &vector(message)].concat()
    }

    #[expect(unsafe_code, reason = "std makes no pseudo-terminals")]
    fn pseudo_terminal() -> io::Result<String> {
        // SAFETY: the calls take a descriptor, which is open until the end of this function.
        let descriptor = unsafe {
            let descriptor = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY);
            if descriptor < 0 || libc::unlockpt(descriptor) < 0 {
                return Err(io::Error::last_os_error());
            }
            descriptor
        };
        // SAFETY: nobody else closes it.
        let mut ours: std::fs::File =
            unsafe { std::os::fd::OwnedFd::from_raw_fd(descriptor) }.into();
        let mut number: libc::c_uint = 0;
        // SAFETY: the call writes one number.
        if unsafe { libc::ioctl(descriptor, libc::TIOCGPTN, &raw mut number) } < 0 {
            return Err(io::Error::last_os_error());
        }
        let path = format!("/dev/pts/{number}");
        let mut theirs = std::fs::File::options().write(true).open(path)?;
        theirs.write_all(b"word\n")?;
        let mut line = String::new();
        BufReader::new(&mut ours).read_line(&mut line)?;
        Ok(line)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the program under test")]
    fn fork(count: usize) -> io::Result<String> {
        let mut children = Vec::new();
        let mut outcome = Ok(String::new());
        for _ in 0..count {
            let child = std::process::Command::new("sleep").arg("60").spawn();
            match child {
                Ok(child) => children.push(child),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        for mut child in children {
            let _ = child.kill();
            let _ = child.wait();
        }
        outcome
    }

    #[expect(
        unsafe_code,
        reason = "the calls are tried as an attacker would make them"
    )]
    fn system_call(name: &str) -> io::Result<()> {
        let zero = 0_usize;
        let root = c"/".as_ptr() as usize;
        let (number, arguments) = match name {
            "unshare" => (
                libc::SYS_unshare,
                [libc::CLONE_NEWUSER as usize, 0, 0, 0, 0],
            ),
            "mount" => (
                libc::SYS_mount,
                [root, root, zero, libc::MS_BIND as usize, 0],
            ),
            "ptrace" => (
                libc::SYS_ptrace,
                [libc::PTRACE_TRACEME as usize, 0, 0, 0, 0],
            ),
            "io_uring" => (libc::SYS_io_uring_setup, [1, zero, 0, 0, 0]),
            "keyctl" => (libc::SYS_keyctl, [0, usize::MAX - 3, 1, 0, 0]),
            "bpf" => (libc::SYS_bpf, [usize::MAX, zero, 0, 0, 0]),
            "chroot" => (libc::SYS_chroot, [root, 0, 0, 0, 0]),
            "personality" => (libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0]),
            _ => return Err(io::Error::other("no such attempt")),
        };
        let [first, second, third, fourth, fifth] = arguments;
        // SAFETY: none of these calls writes to memory of ours; pointers are to a constant or null.
        let result = unsafe { libc::syscall(number, first, second, third, fourth, fifth) };
        match result {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}
