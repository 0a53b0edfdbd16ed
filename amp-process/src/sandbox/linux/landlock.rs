//! The rules about files once more, by Landlock: in a namespace a second line of defence, without
//! one all there is.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};

use super::entry::{Entry, Kind};
use super::view::DEVICES;
use crate::sandbox::policy::Access;

/// The oldest version that has all rights about files: earlier ones cannot keep a file from being
/// cut short.
pub(crate) const NEEDED: u8 = 3;

/// The newest version whose rights are known here.
const NEWEST: ABI = ABI::V6;

/// What may be done below a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// See the names in folders.
    List,
    /// Read and execute.
    Read,
    /// Everything.
    Write,
}

/// Returns the rights that entries give; `own_view` tells whether mounts hide everything else.
///
/// Rights add up below a path, so that an exception cannot be stated; mounts do that.
pub(super) fn rights(entries: &[Entry], own_view: bool) -> Vec<(PathBuf, Right)> {
    let right = |entry: &Entry| match entry.access() {
        // The right would be one to what it leads to, which has its own.
        _ if matches!(entry.kind, Kind::Link(_)) => None,
        Access::Readable => Some(Right::Read),
        Access::Writable => Some(Right::Write),
        // Without mounts there are no private folders.
        Access::Private if own_view => Some(Right::Write),
        Access::Private | Access::Hidden => None,
    };
    let named = entries
        .iter()
        .filter_map(|entry| Some((entry.path.clone(), right(entry)?)));
    let mut rights: Vec<_> = named.collect();
    rights.push(("/proc".into(), Right::Read));
    if own_view {
        rights.push(("/dev".into(), Right::Write));
        rights.push(("/".into(), Right::List));
    } else {
        rights.extend(DEVICES.map(|name| (Path::new("/dev").join(name), Right::Write)));
    }
    rights
}

/// Returns the version of the interface that the kernel has; 0 when there is none.
pub(crate) fn version() -> u8 {
    let versions = [
        (6, ABI::V6),
        (5, ABI::V5),
        (4, ABI::V4),
        (3, ABI::V3),
        (2, ABI::V2),
        (1, ABI::V1),
    ];
    let is_known = |abi| {
        let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let rules = rules.handle_access(AccessFs::from_all(abi)).ok()?;
        let scopes = Scope::from_all(abi);
        let rules = match scopes.is_empty() {
            true => rules,
            false => rules.scope(scopes).ok()?,
        };
        rules.create().ok()
    };
    let found = versions.iter().find(|(_, abi)| is_known(*abi).is_some());
    found.map_or(0, |(number, _)| *number)
}

/// Restricts this thread, and all that it starts, to these rights.
pub(crate) fn restrict(rights: &[(PathBuf, Right)]) -> Result<(), String> {
    let access = |right: Right| -> BitFlags<AccessFs> {
        match right {
            Right::List => AccessFs::ReadDir.into(),
            Right::Read => AccessFs::from_read(NEWEST),
            Right::Write => AccessFs::from_all(NEWEST),
        }
    };
    let restrict = || {
        let mut rules = Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?;
        for (path, right) in rights {
            rules = rules.add_rules(path_beneath_rules([path], access(*right)))?;
        }
        rules.restrict_self()
    };
    match restrict() {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => check(rights),
        Ok(_) => Err("Landlock does not enforce the rules".to_owned()),
        Err(error) => Err(format!("Landlock refuses the rules: {error}")),
    }
}

/// Parts this thread, and all that it starts, from those in the same rules, who can then not be
/// looked into: by a layer that forbids what nobody in a sandbox can do, making block devices.
pub(crate) fn part() -> Result<(), String> {
    let part = || {
        let rules = Ruleset::default().handle_access(AccessFs::MakeBlock)?;
        rules.create()?.restrict_self()
    };
    match part() {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => Ok(()),
        Ok(_) => Err("Landlock does not part it from the program".to_owned()),
        Err(error) => Err(format!(
            "Landlock does not part it from the program: {error}"
        )),
    }
}

/// Looks at the root folder, which no rule lets anybody see where Landlock stands alone.
fn check(rights: &[(PathBuf, Right)]) -> Result<(), String> {
    let root = Path::new("/");
    let is_allowed = rights.iter().any(|(path, _)| path == root);
    match is_allowed || std::fs::read_dir(root).is_err() {
        true => Ok(()),
        false => Err("Landlock does not enforce the rules".to_owned()),
    }
}
