//! `cargo xtask hot-functions`: notes the functions that `ampctl run` calls, for `amp-cli/build.rs`,
//! which lets the linker lay them side by side.
//!
//! The kernel maps 64 KiB around each function that is called. Where those few are far apart, two
//! thirds of the program are in memory; side by side, they are a quarter.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Result, ensure};

use crate::agent_script::agent_that_writes;
use crate::callgrind::callgrind;
use crate::{command, machine, workspace_root};

/// The longest time to build `ampctl`, or to run it in valgrind.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// The ways to run it that are looked at.
const WAYS: [&[&str]; 3] = [&[], &["--no-record"], &["--json"]];

/// Where the names are kept.
const KEPT: &str = "amp-cli/hot-functions.txt";

/// Builds `ampctl`, runs it in valgrind and keeps the names of the functions that it called.
///
/// # Errors
/// When it cannot be built or run, or valgrind is not there.
pub fn run() -> Result<()> {
    let names = machine::runtime()?.block_on(called())?;
    ensure!(!names.is_empty(), "no function has a name");
    let mut text = String::new();
    for name in &names {
        text.push_str(name);
        text.push('\n');
    }
    std::fs::write(workspace_root().join(KEPT), text)?;
    crate::say(format!("{} functions are in {KEPT}", names.len()));
    Ok(())
}

async fn called() -> Result<BTreeSet<String>> {
    let target = workspace_root().join("target/hot-functions");
    let cargo = ProcessSpec::new("cargo")
        .with_arguments(["build", "--release", "--locked", "--package", "amp-cli"])
        .with_environment(machine::environment())
        .with_variable("CARGO_TARGET_DIR", &target)
        .with_variable("CARGO_PROFILE_RELEASE_STRIP", "none")
        .with_working_directory(workspace_root());
    command::output(cargo, LIMIT).await?;
    let ampctl = target.join("release/ampctl");
    let folder = tempfile::tempdir()?;
    let agent = write_agent(folder.path())?;
    let mut names = BTreeSet::new();
    for way in WAYS {
        let seen = folder.path().join("seen");
        let spec = callgrind(&seen)?
            .with_argument(&ampctl)
            .with_arguments(["run", "hi", "--amp"])
            .with_argument(&agent)
            .with_arguments(way.iter().copied())
            .with_variable("HOME", folder.path())
            .with_variable("AMP_API_KEY", "fake")
            .with_working_directory(folder.path());
        command::output(spec, LIMIT).await?;
        let seen = std::fs::read_to_string(&seen)?;
        names.extend(seen.lines().filter_map(function).map(without_hashes));
    }
    Ok(names)
}

/// Writes an agent that answers as one once did.
fn write_agent(folder: &Path) -> Result<std::path::PathBuf> {
    let recording = fixtures::recording(fixtures::NEWEST_VERSION, "text")?;
    let agent = folder.join("amp");
    let stream = recording.folder.join("stdout.jsonl");
    fixtures::write_script(&agent, &agent_that_writes(&stream));
    Ok(agent)
}

/// Returns the name of a function of Rust that valgrind tells of in a line, where it is told first:
/// `fn=(12) NAME`, or `cfn=(12) NAME`.
fn function(line: &str) -> Option<&str> {
    let (what, name) = line.split_once(") ")?;
    let (what, _) = what.split_once("=(")?;
    // A function that calls itself is told once more for each depth.
    let name = name.split_once('\'').map_or(name, |(name, _)| name);
    let is_rust = name.starts_with("_ZN") || name.starts_with("_R");
    (matches!(what, "fn" | "cfn") && is_rust).then_some(name)
}

/// Returns a name with `*` for what differs from build to build: the hash at the end of one form,
/// and those of crates in the other.
fn without_hashes(name: &str) -> String {
    const HASH: usize = "17h0123456789abcdefE".len();
    if let Some(name) = name.strip_prefix("_ZN") {
        let end = name.len().saturating_sub(HASH);
        return match name.get(end..) {
            Some(hash) if hash.starts_with("17h") => format!("_ZN{}17h*E", &name[..end]),
            _ => format!("_ZN{name}"),
        };
    }
    let mut parts = name.split("Cs");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("Cs");
        match part.split_once('_') {
            Some((hash, rest)) if hash.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                shown.push_str("*_");
                shown.push_str(rest);
            }
            _ => shown.push_str(part),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{function, without_hashes};

    #[test]
    fn functions_of_rust_are_told_by_valgrind_in_two_kinds_of_line() {
        let name = "_ZN7ampctl4main17h0123456789abcdefE";
        assert_eq!(function(&format!("fn=(12) {name}")), Some(name));
        assert_eq!(function(&format!("cfn=(3) {name}'2")), Some(name));
        assert_eq!(function("fn=(12)"), None);
        assert_eq!(function("fn=(12) memcpy"), None);
        assert_eq!(function(&format!("ob=(1) {name}")), None);
    }

    #[test]
    fn what_differs_from_build_to_build_is_left_open() {
        let cases = [
            (
                "_ZN7ampctl4main17h0123456789abcdefE",
                "_ZN7ampctl4main17h*E",
            ),
            ("_ZN7ampctl4mainE", "_ZN7ampctl4mainE"),
            (
                "_RNvCslNYArtu3iFV_5alloc3newECs4X4_6ampctl",
                "_RNvCs*_5alloc3newECs*_6ampctl",
            ),
        ];
        for (name, expected) in cases {
            assert_eq!(without_hashes(name), expected);
        }
    }
}
