//! The only interface of a network namespace that is new.

use std::io;

use rustix::ioctl::{Opcode, Setter, ioctl};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// Turns the loopback interface on; the kernel gives it its addresses.
#[expect(unsafe_code, reason = "rustix does not have the call")]
pub(super) fn turn_on() -> io::Result<()> {
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    // SAFETY: all zeros are a value of it.
    let mut request = unsafe { std::mem::zeroed::<libc::ifreq>() };
    for (place, letter) in request.ifr_name.iter_mut().zip(b"lo") {
        *place = letter.cast_signed() as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: the call reads the name, which ends in zero, and the flags.
    unsafe {
        let request = Setter::<{ libc::SIOCSIFFLAGS as Opcode }, _>::new(request);
        Ok(ioctl(socket, request)?)
    }
}
