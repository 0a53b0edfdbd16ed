//! What host and shim say to each other: lines of ASCII, one message each.
//!
//! The host begins with one byte that carries the program's standard streams as descriptors.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};

use crate::exit::{ExitStatus, Survivor};
use crate::signal::Signal;

/// The first argument that makes a shim of a host. No user types it by accident.
pub(crate) const REQUEST: &str = "__amp-process-shim-v1";
/// The second argument of a shim that shall only prove that it can be started.
pub(crate) const PROBE: &str = "__probe";
/// How a shim that was probed ends.
pub(crate) const PROBE_ANSWER: i32 = 86;

/// From the host to the shim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Send this signal to the program's process group.
    Signal(Signal),
    /// Kill everything, and go on until nothing is left.
    Kill,
}

/// From the shim to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// The program runs, with this process id.
    Started(u32),
    /// The program could not be started; the number is the operating system's error.
    Failed(i32),
    /// The program has ended.
    Exited(ExitStatus),
    /// This process had to be killed.
    Killed(Survivor),
    /// Nothing is left.
    Empty,
}

impl Order {
    /// Returns the message, its newline included.
    pub(crate) fn encode(&self) -> String {
        match self {
            Self::Signal(signal) => format!("signal {}\n", signal.number()),
            Self::Kill => "kill\n".to_owned(),
        }
    }

    /// Reads a message; `None` if it is none of ours.
    pub(crate) fn decode(line: &str) -> Option<Self> {
        match line.split_once(' ') {
            Some(("signal", number)) => {
                Some(Self::Signal(Signal::from_number(number.parse().ok()?)))
            }
            None if line == "kill" => Some(Self::Kill),
            _ => None,
        }
    }
}

impl Report {
    /// Returns the message, its newline included.
    pub(crate) fn encode(&self) -> String {
        match self {
            Self::Started(pid) => format!("started {pid}\n"),
            Self::Failed(error) => format!("failed {error}\n"),
            Self::Exited(ExitStatus::Code(code)) => format!("exited {code}\n"),
            Self::Exited(ExitStatus::Signal(signal)) => format!("signalled {}\n", signal.number()),
            Self::Exited(ExitStatus::Unknown) => "lost\n".to_owned(),
            Self::Killed(Survivor { pid, name }) => {
                let name = name.replace(char::is_control, "?");
                format!("killed {pid} {name}\n")
            }
            Self::Empty => "empty\n".to_owned(),
        }
    }

    /// Reads a message; `None` if it is none of ours.
    pub(crate) fn decode(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match name {
            "started" => Self::Started(rest.parse().ok()?),
            "failed" => Self::Failed(rest.parse().ok()?),
            "exited" => Self::Exited(ExitStatus::Code(rest.parse().ok()?)),
            "signalled" => {
                let signal = Signal::from_number(rest.parse().ok()?);
                Self::Exited(ExitStatus::Signal(signal))
            }
            "lost" => Self::Exited(ExitStatus::Unknown),
            "killed" => {
                let (pid, name) = rest.split_once(' ')?;
                Self::Killed(Survivor::new(pid.parse().ok()?, name.to_owned()))
            }
            "empty" => Self::Empty,
            _ => return None,
        })
    }
}

/// Sends the program's standard streams, in order.
pub(crate) fn send_streams(control: impl AsFd, streams: [BorrowedFd<'_>; 3]) -> io::Result<()> {
    let mut space = [std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&streams));
    let byte = [io::IoSlice::new(b"!")];
    rustix::net::sendmsg(control, &byte, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives the program's standard streams.
pub(crate) fn receive_streams(control: impl AsFd) -> io::Result<[OwnedFd; 3]> {
    let mut space = [std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(3))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut buffer = [io::IoSliceMut::new(&mut byte)];
    rustix::net::recvmsg(
        control,
        &mut buffer,
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let streams: Vec<OwnedFd> = ancillary
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(streams) => Some(streams),
            _ => None,
        })
        .flatten()
        .collect();
    let missing = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "the host sent no streams");
    streams.try_into().map_err(missing)
}

#[cfg(test)]
mod tests {
    use super::{Order, Report};
    use crate::exit::{ExitStatus, Survivor};
    use crate::signal::Signal;

    #[test]
    fn every_report_comes_back_as_it_was() {
        let reports = [
            Report::Started(7),
            Report::Failed(2),
            Report::Exited(ExitStatus::Code(3)),
            Report::Exited(ExitStatus::Signal(Signal::KILL)),
            Report::Exited(ExitStatus::Unknown),
            Report::Killed(Survivor::new(9, "a name".to_owned())),
            Report::Empty,
        ];
        for report in reports {
            assert_eq!(Report::decode(report.encode().trim_end()), Some(report));
        }
    }

    #[test]
    fn every_order_comes_back_as_it_was() {
        for order in [Order::Signal(Signal::TERMINATE), Order::Kill] {
            assert_eq!(Order::decode(order.encode().trim_end()), Some(order));
        }
    }

    #[test]
    fn a_name_cannot_forge_a_message() {
        let report = Report::Killed(Survivor::new(9, "x\nempty".to_owned()));
        assert_eq!(report.encode(), "killed 9 x?empty\n");
    }
}
