//! The edges between crates, checked as a positive list from `cargo metadata`.
//!
//! A crate that is not in the list below fails the check, and so does an edge that is not listed: a
//! new edge is a decision about the architecture and is made here, in the open.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// What one workspace crate may depend on inside the workspace.
struct Layer {
    name: &'static str,
    normal: &'static [&'static str],
    development: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "amp-protocol",
        normal: &[],
        development: &["fixtures"],
    },
    Layer {
        name: "amp-process",
        normal: &[],
        development: &["fixtures"],
    },
    Layer {
        name: "amp-bootstrap",
        normal: &[],
        development: &["fixtures"],
    },
    Layer {
        name: "amp-session",
        normal: &["amp-process", "amp-protocol"],
        // Itself, for its tests to have all of its features.
        development: &["amp-session", "fixtures"],
    },
    Layer {
        name: "amp-cli",
        normal: &["amp-bootstrap", "amp-session"],
        development: &["fixtures"],
    },
    Layer {
        name: "fixtures",
        normal: &[],
        development: &[],
    },
    Layer {
        name: "xtask",
        normal: &[
            "amp-bootstrap",
            "amp-cli",
            "amp-process",
            "amp-protocol",
            "amp-session",
            "fixtures",
        ],
        development: &[],
    },
];

/// The direct dependencies that users of the wire types pay for.
const PROTOCOL_DEPENDENCIES: &[&str] = &[
    "memchr",
    "safe_arch",
    "serde",
    "serde_json",
    "simdutf8",
    "thiserror",
];

/// Crates that run futures; none may come with the wire types.
const ASYNC_RUNTIMES: &[&str] = &[
    "async-executor",
    "async-std",
    "futures-executor",
    "glommio",
    "mio",
    "monoio",
    "smol",
    "tokio",
];

/// Checks every edge between workspace crates and prints what is wrong.
pub fn run() -> Result<()> {
    let violations = violations(&MetadataCommand::new().exec().context("cargo metadata")?)?;
    if violations.is_empty() {
        crate::say("the layers hold");
        return Ok(());
    }
    bail!("the layers are broken:\n  {}", violations.join("\n  "))
}

/// Returns one sentence for each edge that the design does not allow.
pub fn violations(metadata: &Metadata) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let members: BTreeMap<&str, &Package> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| (package.name.as_str(), package))
        .collect();
    for name in members.keys() {
        if !LAYERS.iter().any(|layer| layer.name == *name) {
            found.push(format!("`{name}` has no place in the layers"));
        }
    }
    for layer in LAYERS {
        let Some(package) = members.get(layer.name) else {
            found.push(format!("`{}` is not a workspace member", layer.name));
            continue;
        };
        for dependency in &package.dependencies {
            if !members.contains_key(dependency.name.as_str()) {
                continue;
            }
            let allowed = match dependency.kind {
                DependencyKind::Development => {
                    layer.development.contains(&dependency.name.as_str())
                        || layer.normal.contains(&dependency.name.as_str())
                }
                _ => layer.normal.contains(&dependency.name.as_str()),
            };
            if !allowed {
                found.push(format!(
                    "`{}` may not depend on `{}` ({})",
                    layer.name, dependency.name, dependency.kind
                ));
            }
        }
    }
    found.extend(protocol_violations(metadata)?);
    Ok(found)
}

/// Returns what is wrong with the dependency tree of the wire types.
fn protocol_violations(metadata: &Metadata) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let package = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_str() == "amp-protocol")
        .context("no amp-protocol in the workspace")?;
    for dependency in &package.dependencies {
        if dependency.kind == DependencyKind::Normal
            && !dependency.optional
            && !PROTOCOL_DEPENDENCIES.contains(&dependency.name.as_str())
        {
            found.push(format!(
                "`amp-protocol` may not depend on `{}`",
                dependency.name
            ));
        }
    }
    for name in normal_tree(metadata, &package.id)? {
        if ASYNC_RUNTIMES.contains(&name.as_str()) {
            found.push(format!(
                "`amp-protocol` pulls in the async runtime `{name}`"
            ));
        }
    }
    Ok(found)
}

/// Returns the names of all packages in the normal dependency tree below `root`, `root` included.
pub fn normal_tree(metadata: &Metadata, root: &PackageId) -> Result<BTreeSet<String>> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("cargo metadata gave no resolution")?;
    let mut names = BTreeSet::new();
    let mut queue = vec![root];
    while let Some(id) = queue.pop() {
        if !names.insert(metadata[id].name.to_string()) {
            continue;
        }
        let node = resolve
            .nodes
            .iter()
            .find(|node| node.id == *id)
            .context("unresolved package")?;
        queue.extend(
            node.deps
                .iter()
                .filter(|edge| {
                    edge.dep_kinds
                        .iter()
                        .any(|kind| kind.kind == DependencyKind::Normal)
                })
                .map(|edge| &edge.pkg),
        );
    }
    Ok(names)
}
