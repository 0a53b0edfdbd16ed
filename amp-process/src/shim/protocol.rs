//! What host and shim say to each other: lines of ASCII, one message each.
//!
//! The host begins with the [`fingerprint`] of the shim's arguments, which carries the program's
//! standard streams as descriptors.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
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
/// The argument before the program of a shim that makes a PID namespace, and lives in it.
pub(crate) const OWN_NAMESPACE: &str = "__own-namespace";
/// The most listeners that a shim can hand over.
pub(crate) const MOST_LISTENERS: usize = 32;
/// How a shim that was probed ends.
pub(crate) const PROBE_ANSWER: i32 = 86;
/// How it ends when something is as it is outside, which it says on standard error.
pub(crate) const PROBE_NOT_SEPARATE: i32 = 87;
/// How it ends when it cannot confine itself, which it says there as well.
pub(crate) const PROBE_POWERLESS: i32 = 88;

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
    /// The program was not started, because its sandbox could not be made.
    Refused(String),
    /// The descriptors that come with this are the listeners at these positions.
    Listening(Vec<usize>),
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
            Self::Refused(reason) => format!("refused {}\n", one_line(reason)),
            Self::Listening(positions) => {
                let positions: Vec<String> = positions.iter().map(usize::to_string).collect();
                format!("listening {}\n", positions.join(","))
            }
            Self::Exited(ExitStatus::Code(code)) => format!("exited {code}\n"),
            Self::Exited(ExitStatus::Signal(signal)) => format!("signalled {}\n", signal.number()),
            Self::Exited(ExitStatus::Unknown) => "lost\n".to_owned(),
            Self::Killed(Survivor { pid, name }) => format!("killed {pid} {}\n", one_line(name)),
            Self::Empty => "empty\n".to_owned(),
        }
    }

    /// Reads a message; `None` if it is none of ours.
    pub(crate) fn decode(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match name {
            "started" => Self::Started(rest.parse().ok()?),
            "failed" => Self::Failed(rest.parse().ok()?),
            "refused" => Self::Refused(rest.to_owned()),
            "listening" => {
                let positions = rest.split(',').map(str::parse);
                Self::Listening(positions.collect::<Result<_, _>>().ok()?)
            }
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

/// Returns a text that cannot be taken for another message.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, "?")
}

/// Sends listeners, [`MOST_LISTENERS`] at most, with the report that says which of them they are.
pub(crate) fn send_listeners(
    control: impl AsFd,
    positions: &[usize],
    listeners: &[OwnedFd],
) -> io::Result<()> {
    let mut space = [std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_LISTENERS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let listeners: Vec<BorrowedFd<'_>> = listeners.iter().map(AsFd::as_fd).collect();
    if !ancillary.push(SendAncillaryMessage::ScmRights(&listeners)) {
        return Err(io::Error::other("too many"));
    }
    let report = Report::Listening(positions.to_vec()).encode();
    let report = [io::IoSlice::new(report.as_bytes())];
    rustix::net::sendmsg(control, &report, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives bytes of reports, and the descriptors that came with them.
pub(crate) fn receive_reports(
    control: impl AsFd,
    chunk: &mut [u8],
) -> rustix::io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_LISTENERS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut buffer = [io::IoSliceMut::new(chunk)];
    let received = rustix::net::recvmsg(
        control,
        &mut buffer,
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    Ok((received.bytes, descriptors(&mut ancillary)))
}

fn descriptors(ancillary: &mut RecvAncillaryBuffer<'_>) -> Vec<OwnedFd> {
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    rights.flatten().collect()
}

/// Returns what tells the arguments of a shim from others, for its host's own executable alone.
///
/// They go through whoever makes the namespace; what is left out on the way is a rule less.
pub(crate) fn fingerprint<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for argument in arguments {
        argument.hash(&mut hasher);
    }
    hasher.finish()
}

/// Sends the program's standard streams, in order.
pub(crate) fn send_streams(
    control: impl AsFd,
    fingerprint: u64,
    streams: [BorrowedFd<'_>; 3],
) -> io::Result<()> {
    let mut space = [std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&streams));
    let fingerprint = fingerprint.to_ne_bytes();
    let message = [io::IoSlice::new(&fingerprint)];
    rustix::net::sendmsg(control, &message, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives the program's standard streams, and the fingerprint of what the shim was told.
pub(crate) fn receive_streams(control: impl AsFd) -> io::Result<(u64, [OwnedFd; 3])> {
    let mut space = [std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(3))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut fingerprint = [0; size_of::<u64>()];
    let mut buffer = [io::IoSliceMut::new(&mut fingerprint)];
    rustix::net::recvmsg(
        control,
        &mut buffer,
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let streams = descriptors(&mut ancillary);
    let missing = |_| io::Error::new(io::ErrorKind::UnexpectedEof, "the host sent no streams");
    let streams = streams.try_into().map_err(missing)?;
    Ok((u64::from_ne_bytes(fingerprint), streams))
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
            Report::Refused("for a reason".to_owned()),
            Report::Listening(vec![0, 2]),
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
