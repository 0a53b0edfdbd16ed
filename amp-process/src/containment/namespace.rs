//! Containment by a PID namespace whose first process is the shim.
//!
//! The shim makes the namespace itself. Where the kernel does not let it, bubblewrap may be allowed
//! to: AppArmor has profiles for single programs, and some systems install it setuid.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::kind::ContainmentKind;
use super::shim::{NOT_HOOKED, ShimCommand};
use crate::shim::protocol::OWN_NAMESPACE;
use crate::spec::ProcessSpec;

/// Where bubblewrap lies when the program's `PATH` does not tell.
const USUAL_FOLDERS: &[&str] = &["/usr/bin", "/bin", "/usr/local/bin"];

/// The same files, devices and network as outside, but processes of its own.
///
/// `--as-pid-1` makes the shim the first process, so that nobody inside can stop or kill it;
/// `--die-with-parent` ends the namespace with the host.
const ARGUMENTS: &[&str] = &[
    "--dev-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--unshare-pid",
    "--as-pid-1",
    "--die-with-parent",
    "--",
];

/// Returns how to start a shim that makes its own namespace, or why that cannot be.
pub(crate) fn of_the_shim(spec: &ProcessSpec) -> Result<ShimCommand, String> {
    Ok(ShimCommand {
        kind: ContainmentKind::Namespace,
        confinement: vec![OWN_NAMESPACE.into()],
        ..ShimCommand::alone(spec)?
    })
}

/// Returns how to start a shim in a namespace that bubblewrap makes, or why that cannot be.
pub(crate) fn of_bubblewrap(spec: &ProcessSpec) -> Result<ShimCommand, String> {
    let bubblewrap = find(spec).ok_or("bubblewrap (bwrap) is not installed")?;
    let shim = shim_program(spec)?;
    let arguments = ARGUMENTS.iter().map(OsString::from);
    Ok(ShimCommand {
        kind: ContainmentKind::Namespace,
        program: bubblewrap,
        arguments: arguments.chain([shim.into_os_string()]).collect(),
        ..ShimCommand::alone(spec)?
    })
}

/// Returns the executable to start as the shim, by a path that is good in a namespace as well.
pub(crate) fn shim_program(spec: &ProcessSpec) -> Result<PathBuf, String> {
    match &spec.shim_program {
        Some(program) => Ok(program.clone()),
        None if crate::shim::is_hooked() => own_executable(),
        None => Err(NOT_HOOKED.to_owned()),
    }
}

/// Returns the host's executable by its path.
fn own_executable() -> Result<PathBuf, String> {
    match std::env::current_exe() {
        Ok(path) if path.exists() => Ok(path),
        _ => Err("the host's executable was moved or replaced".to_owned()),
    }
}

/// Returns where bubblewrap is.
pub(crate) fn find(spec: &ProcessSpec) -> Option<PathBuf> {
    let path = spec.environment.get(OsStr::new("PATH"));
    let folders = path.into_iter().flat_map(std::env::split_paths);
    folders
        .chain(USUAL_FOLDERS.iter().map(PathBuf::from))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("bwrap"))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.is_file() && crate::platform::is_executable(file)
}
