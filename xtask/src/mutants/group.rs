//! What is mutated, file by file, and the few tests that should notice.

use std::path::Path;

use anyhow::{Result, bail};

/// Files that belong together and the tests that hold them.
#[derive(Debug)]
pub struct Group {
    /// Its name on the command line.
    pub name: &'static str,
    /// The package the files and the tests are in.
    pub package: &'static str,
    /// The module that is mutated, with those below it: its file from the root of the workspace,
    /// without `.rs`.
    pub module: &'static str,
    /// The test targets in the order in which they are tried, as arguments of `cargo test`.
    ///
    /// What one of them notices is not built for the next, and most is noticed by the first.
    pub targets: &'static [&'static str],
    /// Parts of the names of the tests that run; a test runs when it has one of them.
    pub tests: &'static [&'static str],
}

/// Code that was not compiled here has no test here either.
pub const NOT_COMPILED_HERE: &str = "**/windows.rs";

/// Code that checks the promises of the code beside it, for its tests and its fuzz target alone.
pub const CHECKS: &str = "**/promises.rs";

const LIBRARY: &[&str] = &["--lib"];
const OUTSIDE: &[&str] = &["--test=it"];
const BOTH: &[&str] = &["--lib", "--test=it"];

/// Every group, in the order in which the night runs them.
pub const GROUPS: &[Group] = &[
    Group {
        name: "decode",
        package: "amp-protocol",
        module: "amp-protocol/src/decode",
        targets: BOTH,
        tests: &[
            "decode",
            "malformed",
            "forward",
            "nesting",
            "promises",
            "repair",
        ],
    },
    Group {
        name: "repair",
        package: "amp-protocol",
        module: "amp-protocol/src/repair",
        targets: OUTSIDE,
        tests: &["repair", "malformed", "promises"],
    },
    Group {
        name: "lines",
        package: "amp-process",
        module: "amp-process/src/lines",
        targets: BOTH,
        tests: &["lines", "bytes::"],
    },
    Group {
        name: "escalation",
        package: "amp-process",
        module: "amp-process/src/escalation",
        targets: LIBRARY,
        tests: &["escalation"],
    },
    Group {
        name: "outcome",
        package: "amp-session",
        module: "amp-session/src/outcome",
        targets: BOTH,
        tests: &["outcome", "turn::"],
    },
    Group {
        name: "invocation",
        package: "amp-session",
        module: "amp-session/src/invocation",
        targets: BOTH,
        tests: &["invocation", "a_title_is_for_the_first_turn"],
    },
    Group {
        name: "credentials",
        package: "amp-session",
        module: "amp-session/src/credentials",
        targets: BOTH,
        tests: &["credentials", "service", "only_amp_reads"],
    },
    Group {
        name: "guard",
        package: "amp-session",
        module: "amp-session/src/guard",
        targets: BOTH,
        tests: &["rules", "guard"],
    },
    Group {
        name: "secrets",
        package: "amp-session",
        module: "amp-session/src/secrets",
        targets: BOTH,
        tests: &["secret"],
    },
    Group {
        name: "settings",
        package: "amp-session",
        module: "amp-session/src/settings",
        targets: BOTH,
        tests: &["settings", "invocation", "rules", "service"],
    },
    Group {
        name: "unpack",
        package: "amp-bootstrap",
        module: "amp-bootstrap/src/unpack",
        targets: OUTSIDE,
        tests: &["unpack", "tampering", "npm", "body"],
    },
    Group {
        name: "digest",
        package: "amp-bootstrap",
        module: "amp-bootstrap/src/digest",
        targets: BOTH,
        tests: &["digest", "checksum"],
    },
    Group {
        name: "store",
        package: "amp-bootstrap",
        module: "amp-bootstrap/src/store",
        targets: BOTH,
        tests: &[
            "store",
            "concurrency",
            "housekeeping",
            "killed",
            "running",
            "offline",
            "resume",
            "file_system_without",
        ],
    },
];

/// Returns the groups with these names, or all of them without names.
///
/// # Errors
/// When there is no group of a name.
pub fn named(names: &[String]) -> Result<Vec<&'static Group>> {
    if names.is_empty() {
        return Ok(GROUPS.iter().collect());
    }
    let find = |name: &String| {
        let found = GROUPS.iter().find(|group| group.name == name);
        let Some(found) = found else {
            let known: Vec<_> = GROUPS.iter().map(|group| group.name).collect();
            bail!("there is no group {name}; there are {}", known.join(", "));
        };
        Ok(found)
    };
    names.iter().map(find).collect()
}

impl Group {
    /// Returns whether a file, from the root of the workspace, is one of this group's.
    #[must_use]
    pub fn has(&self, file: &Path) -> bool {
        file.starts_with(self.module) || file == Path::new(self.module).with_extension("rs")
    }

    /// Returns the arguments of `cargo mutants` that choose this group's mutants.
    #[must_use]
    pub fn selection(&self) -> Vec<String> {
        let mut arguments = vec!["--package".into(), self.package.into()];
        for glob in [".rs", "/**/*.rs"] {
            arguments.extend(["--file".into(), format!("{}{glob}", self.module)]);
        }
        for glob in [NOT_COMPILED_HERE, CHECKS] {
            arguments.extend(["--exclude".into(), glob.into()]);
        }
        arguments
    }

    /// Returns the arguments of `cargo mutants` that choose the tests: the target for the build and
    /// the run, then the names for the run alone.
    #[must_use]
    pub fn testing(&self, target: &str) -> Vec<String> {
        let names = self.tests.iter().map(ToString::to_string);
        [format!("--cargo-arg={target}"), "--".into(), "--".into()]
            .into_iter()
            .chain(names)
            .collect()
    }
}
