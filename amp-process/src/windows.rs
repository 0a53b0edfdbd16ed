//! Windows: pipes, programs, and the lack of signals.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use tokio::io::AsyncRead;
use tokio::process::ChildStdin;

use crate::deadlines::{Deadlines, StopPolicy};

/// The environment of a program.
type Variables = BTreeMap<OsString, OsString>;

/// Our end of a pipe that the program writes to.
pub(crate) type OutputPipe = Pin<Box<dyn AsyncRead + Send + Sync>>;
/// Our end of a pipe that the program reads from.
pub(crate) type InputPipe = ChildStdin;

/// Returns the policy without its signal, for there are none: the time that a program would have to
/// obey it is time to exit on the end of its input.
pub(crate) fn without_signal(mut policy: StopPolicy, deadlines: &Deadlines) -> StopPolicy {
    if policy.signal.take().is_some() {
        policy.stdin_grace = policy.stdin_grace.saturating_add(deadlines.grace);
    }
    policy
}

/// Returns how many bytes can be read from `pipe` without waiting.
///
/// `None`, for that cannot be known: a thread of its own reads the pipe, and may have taken bytes
/// that nobody can see yet.
pub(crate) fn buffered_bytes(_: &OutputPipe) -> Option<u64> {
    None
}

/// The suffixes of programs where `PATHEXT` does not name them.
const USUAL_SUFFIXES: &str = ".COM;.EXE;.BAT;.CMD";

/// Returns the variable of this name, in whatever case it is spelled: Windows itself says `Path`.
pub(crate) fn variable<'a>(environment: &'a Variables, name: &str) -> Option<&'a OsString> {
    let mut variables = environment.iter();
    variables.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
}

/// Returns the file to try for a program found in `PATH`, if one is there.
///
/// Only names that end as `PATHEXT` says are programs, the first suffix first: beside the `amp.cmd`
/// that npm makes for Windows lies a script `amp` for other systems.
pub(crate) fn with_program_suffix(candidate: PathBuf, environment: &Variables) -> Option<PathBuf> {
    let suffixes = variable(environment, "PATHEXT").and_then(|suffixes| suffixes.to_str());
    let suffixes = suffixes.filter(|suffixes| !suffixes.is_empty());
    let suffixes = || suffixes.unwrap_or(USUAL_SUFFIXES).split(';');
    let name = candidate
        .file_name()?
        .to_string_lossy()
        .to_ascii_lowercase();
    let is_whole = suffixes()
        .filter(|suffix| !suffix.is_empty())
        .any(|suffix| name.ends_with(&suffix.to_ascii_lowercase()));
    if is_whole && candidate.is_file() {
        return Some(candidate);
    }
    suffixes().find_map(|suffix| {
        let mut name = candidate.clone().into_os_string();
        name.push(suffix);
        let file = PathBuf::from(name);
        (!suffix.is_empty() && file.is_file()).then_some(file)
    })
}

/// Returns whether the file may be executed; on Windows the attempt alone tells.
pub(crate) fn is_executable(file: &Path) -> bool {
    file.is_file()
}

#[cfg(test)]
mod tests {
    use super::{Variables, variable, with_program_suffix};

    #[test]
    fn the_path_is_found_however_it_is_spelled() {
        for name in ["PATH", "Path", "path"] {
            let environment = Variables::from([(name.into(), r"C:\tools".into())]);
            assert_eq!(variable(&environment, "PATH").unwrap(), r"C:\tools");
        }
    }

    #[test]
    fn the_suffixes_of_programs_decide_which_file_is_one() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["amp", "amp.cmd", "tool.exe", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let usual = Variables::new();
        let only_exe = Variables::from([("PathExt".into(), ".EXE".into())]);
        for (name, environment, found) in [
            ("amp", &usual, Some("amp.CMD")),
            ("amp", &only_exe, None),
            ("tool", &only_exe, Some("tool.EXE")),
            ("tool.exe", &usual, Some("tool.exe")),
            ("notes.txt", &usual, None),
        ] {
            let file = with_program_suffix(folder.path().join(name), environment);
            assert_eq!(file, found.map(|found| folder.path().join(found)), "{name}");
        }
    }
}
