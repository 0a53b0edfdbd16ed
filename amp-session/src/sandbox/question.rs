//! The sandbox of a question to an executable about itself: it sees the system, its own files and a
//! home of its own, and reaches nobody.

use std::path::{Path, PathBuf};

use amp_process::sandbox::{Access, Policy, Sandbox};

use super::config::SandboxConfig;
use super::default::{package_of, program_in_path, with_name, with_readable};
use crate::environment::Environment;

/// Returns the variables that a configuration allows by name.
pub(crate) fn allowed_variables(config: &SandboxConfig, environment: &Environment) -> Environment {
    let names = config.variables.iter().cloned();
    let policy = names.fold(Policy::new(), Policy::with_variable);
    let allowed = environment
        .iter()
        .filter(|(name, _)| policy.variables().allows(name));
    allowed
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Makes the sandbox for an executable, and what stands in front of its arguments, that is asked in
/// `home`, in this environment; of the configuration what can be read and best effort count.
pub(crate) fn question_sandbox(
    config: &SandboxConfig,
    programs: &[PathBuf],
    environment: &Environment,
    home: &Path,
) -> Sandbox {
    let packages = programs
        .iter()
        .filter_map(|path| package_of(&path.canonicalize().ok()?));
    // A JavaScript build is started by it; which build this is, nobody knows yet.
    let node = program_in_path("node", environment);
    let read = programs.iter().cloned().chain(packages).chain(node);
    let policy = environment
        .keys()
        .fold(Policy::new(), Policy::with_variable);
    let policy = with_readable(policy, read.chain(config.readable.iter().cloned()));
    let canonical = home.canonicalize();
    let policy = with_name(policy, home);
    let policy = policy.with_files(canonical.as_deref().unwrap_or(home), Access::Writable);
    let sandbox = Sandbox::new(policy);
    match config.best_effort {
        true => sandbox.best_effort(),
        false => sandbox,
    }
}
