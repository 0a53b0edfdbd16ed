//! What a file is, told by its first bytes and never by its name alone.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ExecutableKind, Launch};
use crate::bounded_file;
use crate::environment::Environment;
use crate::npm::find_program;
use crate::platform::{Architecture, OperatingSystem, Platform};
use crate::store::may_be_run;
use crate::version::CliVersion;

pub(super) enum Inspected {
    Absent,
    Unusable(String),
    Usable {
        kind: ExecutableKind,
        launch: Launch,
        real_path: PathBuf,
    },
}

/// Decides whether a path can be run on a platform, and how.
pub(super) fn inspect(path: &Path, platform: Platform, environment: Environment<'_>) -> Inspected {
    let unusable = |reason: &str| Inspected::Unusable(reason.to_owned());
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(_) if fs::symlink_metadata(path).is_ok() => {
            return unusable("the link leads nowhere");
        }
        Err(cause) if is_absence(&cause) => return Inspected::Absent,
        Err(cause) => return Inspected::Unusable(cause.to_string()),
    };
    if !metadata.is_file() {
        return unusable("it is not a file");
    }
    if metadata.len() == 0 {
        return unusable("it is empty");
    }
    let start = match first_bytes(path) {
        Ok(start) => start,
        Err(cause) => return Inspected::Unusable(cause.to_string()),
    };
    let kind = match classify(&start, path) {
        Ok(kind) => kind,
        Err(reason) => return unusable(reason),
    };
    if kind == ExecutableKind::Native
        && let Some(reason) = mismatch(&start, platform)
    {
        return unusable(reason);
    }
    let launch = if kind == ExecutableKind::NodeScript {
        let node = if cfg!(windows) { "node.exe" } else { "node" };
        match find_program(environment, node) {
            Some(node) => Launch {
                program: node,
                arguments: vec![path.as_os_str().to_owned()],
            },
            None => return unusable("it needs node, which is not on PATH"),
        }
    } else if may_be_run(&metadata) {
        Launch {
            program: path.to_owned(),
            arguments: Vec::new(),
        }
    } else {
        return unusable("it is not executable");
    };
    Inspected::Usable {
        kind,
        launch,
        real_path: path.canonicalize().unwrap_or_else(|_| path.to_owned()),
    }
}

fn is_absence(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(256).read_to_end(&mut start)?;
    Ok(start)
}

/// The first bytes of Mach-O programs: 64-bit, and universal.
const MACH_O: [[u8; 4]; 2] = [[0xcf, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe]];

fn classify(start: &[u8], path: &Path) -> Result<ExecutableKind, &'static str> {
    let is_native = start.starts_with(b"\x7fELF")
        || start.starts_with(b"MZ")
        || MACH_O.iter().any(|magic| start.starts_with(magic));
    if is_native {
        return Ok(ExecutableKind::Native);
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if let Some(line) = start.strip_prefix(b"#!") {
        let line =
            String::from_utf8_lossy(line.split(|byte| *byte == b'\n').next().unwrap_or(line));
        let mut words = line.split(['/', ' ', '\t', '\r']);
        return Ok(if words.any(|word| word == "node" || word == "nodejs") {
            ExecutableKind::NodeScript
        } else {
            ExecutableKind::Script
        });
    }
    match extension {
        Some("js" | "mjs" | "cjs") => Ok(ExecutableKind::NodeScript),
        Some("cmd" | "bat") => Ok(ExecutableKind::Script),
        _ => Err("it is neither a program nor a script"),
    }
}

/// Returns why a native program cannot run on a platform.
///
/// Mach-O is not looked into: macOS runs both of its processor families through Rosetta.
fn mismatch(start: &[u8], platform: Platform) -> Option<&'static str> {
    let fits = match platform.system() {
        OperatingSystem::Linux => start.starts_with(b"\x7fELF"),
        OperatingSystem::Darwin => MACH_O.iter().any(|magic| start.starts_with(magic)),
        OperatingSystem::Windows => start.starts_with(b"MZ"),
    };
    if !fits {
        return Some("it is built for another operating system");
    }
    if platform.system() == OperatingSystem::Linux {
        // `e_machine` of the ELF header: 62 is x86-64, 183 is AArch64.
        let machine = match platform.architecture() {
            Architecture::X64 => [62, 0],
            Architecture::Arm64 => [183, 0],
        };
        if start.get(18..20) != Some(machine.as_slice()) {
            return Some("it is built for another processor");
        }
    }
    None
}

/// The most bytes of a `package.json` that are read.
const LONGEST_MANIFEST: u64 = 1024 * 1024;

/// Returns the version of the npm package that a file belongs to.
pub(super) fn packaged_version(path: &Path) -> Option<CliVersion> {
    #[derive(Deserialize)]
    struct Manifest {
        name: String,
        version: String,
    }
    // `bin/amp` and `dist/main.js` are one folder below the manifest, `amp` is beside it.
    path.ancestors().skip(1).take(2).find_map(|folder| {
        let bytes = bounded_file::read(&folder.join("package.json"), LONGEST_MANIFEST).ok()?;
        let manifest: Manifest = serde_json::from_slice(&bytes).ok()?;
        let is_amp =
            manifest.name == "@sourcegraph/amp" || manifest.name.starts_with("@ampcode/cli");
        is_amp.then(|| manifest.version.parse().ok())?
    })
}
