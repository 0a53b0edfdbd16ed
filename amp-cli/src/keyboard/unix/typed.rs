//! Lines as they are typed, waited for beside other work.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;
use rustix::termios::{QueueSelector, tcflush};
use tokio::net::unix::pipe::Receiver;

/// The longest line that a terminal hands out.
const LONGEST_LINE: usize = 4096;

/// The controlling terminal, opened for reading lines from it.
#[derive(Debug)]
pub(crate) struct Keyboard(File);

impl Keyboard {
    /// Opens it; what others have opened it for stays as it is.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let terminal = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open("/dev/tty")?;
        Ok(Self(terminal))
    }

    /// Forgets what was typed and not read: it was no answer to what is about to be asked.
    pub(crate) fn forget(&self) {
        // A terminal that is gone has nothing to forget.
        let _ = tcflush(&self.0, QueueSelector::IFlush);
    }

    /// Waits for a line; `None` at the end of the input. Dropping the future takes nothing away.
    pub(crate) async fn line(&self) -> io::Result<Option<String>> {
        // To the runtime a terminal is a pipe: something to wait for until it can be read.
        let terminal = Receiver::from_file_unchecked(self.0.try_clone()?)?;
        let mut bytes = [0; LONGEST_LINE];
        loop {
            terminal.readable().await?;
            match terminal.try_read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(0) => return Ok(None),
                Ok(length) => {
                    let line = String::from_utf8_lossy(&bytes[..length]);
                    return Ok(Some(line.trim().to_owned()));
                }
            }
        }
    }
}
