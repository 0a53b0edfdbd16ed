//! Runs a command on a machine whose name server changes its mind; for the tests of sandboxes.
//!
//! ```text
//! names ADDRESS,ADDRESS… -- COMMAND ARGUMENTS…
//! ```
//!
//! It answers at 127.0.0.1:53, which `/etc/resolv.conf` has to name: the first question for an
//! address of version 4 with the first address, and so on; those after the last with the last. A
//! service stands at 127.0.0.1:443. Afterwards it says how many questions and visitors there were.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where the name ends in a question: behind the head of 12 bytes.
const HEAD: usize = 12;

#[expect(
    clippy::disallowed_methods,
    reason = "it stands outside of what is tested"
)]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let addresses = arguments.next().expect("addresses");
    let addresses: Vec<Ipv4Addr> = addresses
        .split(',')
        .map(|address| address.parse().expect("an address"))
        .collect();
    assert_eq!(arguments.next().as_deref(), Some("--"));
    let names = UdpSocket::bind("127.0.0.1:53").expect("the port of name servers");
    let service = TcpListener::bind("127.0.0.1:443").expect("the port of TLS");
    let (questions, visitors) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let counted = Arc::clone(&questions);
    std::thread::spawn(move || answer(&names, &addresses, &counted));
    let counted = Arc::clone(&visitors);
    std::thread::spawn(move || {
        for mut visitor in service.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            // Who is gone by now does not want to know.
            let _ = visitor.write_all(b"hello\n");
        }
    });
    let status = Command::new(arguments.next().expect("a command"))
        .args(arguments)
        .status()
        .expect("it can be started");
    let (questions, visitors) = (
        questions.load(Ordering::SeqCst),
        visitors.load(Ordering::SeqCst),
    );
    let said = writeln!(
        std::io::stdout(),
        "questions: {questions}, visitors: {visitors}"
    );
    match status.success() && said.is_ok() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn answer(socket: &UdpSocket, addresses: &[Ipv4Addr], questions: &AtomicUsize) {
    let mut message = [0; 512];
    while let Ok((length, client)) = socket.recv_from(&mut message) {
        let length_of_name = message[HEAD..length].iter().position(|byte| *byte == 0);
        let end = HEAD + length_of_name.expect("a name") + 1;
        let is_for_version_4 = message[end..end + 2] == [0, 1];
        // A response without an error to one question, which is repeated.
        let mut reply = message[..end + 4].to_vec();
        reply[2..HEAD].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
        if is_for_version_4 {
            let nth = questions.fetch_add(1, Ordering::SeqCst);
            let address = addresses[nth.min(addresses.len() - 1)];
            reply[7] = 1;
            // The name of the question, an address of the Internet, not to be kept, 4 bytes.
            reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
            reply.extend(address.octets());
        }
        // Who is gone by now does not want to know.
        let _ = socket.send_to(&reply, client);
    }
}
