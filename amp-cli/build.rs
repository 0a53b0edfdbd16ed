//! Lets the linker lay the functions that a run calls side by side, so that few pages of the program
//! are in memory: `hot-functions.txt` has their names, which `cargo xtask hot-functions` notes.
//!
//! A name that no function has any more is passed over. Nothing else depends on the order.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a build script is asked by variables and answers on standard output"
)]

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

const NAMES: &str = "hot-functions.txt";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={NAMES}");
    println!("cargo::rerun-if-changed=build.rs");
    if !is_understood() {
        return Ok(());
    }
    let mut script = String::from("SECTIONS {\n.text.hot : {\n");
    for name in fs::read_to_string(NAMES)?.lines() {
        writeln!(script, "*(.text.{name} .text.unlikely.{name})")?;
    }
    script.push_str("}\n} INSERT BEFORE .text;\n");
    let path = PathBuf::from(env::var("OUT_DIR")?).join("hot-functions.ld");
    fs::write(&path, script)?;
    println!("cargo::rustc-link-arg-bin=ampctl=-Wl,-T,{}", path.display());
    Ok(())
}

/// Returns whether the linker is one that reads the script: those that Rust chooses by itself for
/// Linux on x86-64, called through a C compiler. It costs seconds, which only a release is worth.
fn is_understood() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && env::var_os("RUSTC_LINKER").is_none()
        && !["linker", "fuse-ld", "link-self-contained"]
            .iter()
            .any(|chosen| flags.contains(chosen))
}
