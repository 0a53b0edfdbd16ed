//! Imports point one way: no circle of files within a crate.
//!
//! A module's files are one family: a child may use what its parents hold. Every other import goes
//! to a file that does not lead back to it. It leads to the module whose path is written, and from
//! there on to the files below it, so that `crate::settings::File` stands for all of `settings` and
//! `crate::settings::file::File` for one file of it.
//!
//! Tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Meta, UseTree};

/// The crates of the workspace.
pub const CRATES: [&str; 7] = [
    "amp-bootstrap",
    "amp-cli",
    "amp-process",
    "amp-protocol",
    "amp-session",
    "fixtures",
    "xtask",
];

/// The names of a path, without `crate`.
type Names = Vec<String>;

/// Returns one line for each circle of files in the crates below `root`.
///
/// # Errors
/// When a file cannot be read or is no Rust.
pub fn violations(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in CRATES {
        let circles = circles(&root.join(name).join("src/lib.rs"))?;
        found.extend(circles.iter().map(|circle| format!("{name}: {circle}")));
    }
    Ok(found)
}

/// Returns the circles of a crate, such as `a.rs -> b.rs -> a.rs`, given its first file.
///
/// Of files that are in several circles, one of these is shown.
///
/// # Errors
/// When a file cannot be read or is no Rust.
pub fn circles(first: &Path) -> Result<Vec<String>> {
    let folder = first.parent().unwrap_or(first);
    let mut krate = Crate::default();
    krate.add(first, &[], folder)?;
    let graph = krate.graph();
    let name = |file: usize| {
        let path = krate.files[file].path.strip_prefix(folder);
        let path = path.unwrap_or(&krate.files[file].path);
        path.display().to_string().replace('\\', "/")
    };
    let circles = graph.circles().into_iter().map(|circle| {
        let names = circle.iter().chain(circle.first()).copied().map(name);
        names.collect::<Vec<_>>().join(" -> ")
    });
    Ok(circles.collect())
}

/// The files of a crate, and which of them a module is in: several where systems differ.
#[derive(Default)]
struct Crate {
    files: Vec<File>,
    modules: BTreeMap<Names, Vec<usize>>,
}

/// A file, and the paths that are written in it.
struct File {
    path: PathBuf,
    module: Names,
    paths: Vec<Written>,
}

/// A path, and the module it is written in: that of the file or one within it.
struct Written {
    module: Names,
    names: Names,
}

impl Crate {
    /// Adds a file and those of the modules it declares, which are in `folder`.
    fn add(&mut self, path: &Path, module: &[String], folder: &Path) -> Result<()> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let file =
            syn::parse_file(&text).with_context(|| format!("{} is no Rust", path.display()))?;
        let mut reader = Reader {
            module: module.to_vec(),
            paths: Vec::new(),
            declared: Vec::new(),
        };
        reader.visit_file(&file);
        self.files.push(File {
            path: path.to_path_buf(),
            module: module.to_vec(),
            paths: reader.paths,
        });
        let number = self.files.len() - 1;
        self.modules
            .entry(module.to_vec())
            .or_default()
            .push(number);
        for Declared { names, files } in reader.declared {
            if files.is_empty() {
                let own = names[module.len()..].iter().collect::<PathBuf>();
                let below = folder.join(own);
                let file = below.with_extension("rs");
                self.add(&file, &names, &below)?;
                continue;
            }
            // Such a path is told from the folder of the file itself.
            let beside = path.parent().unwrap_or(folder);
            for file in files {
                let file = beside.join(file);
                let below = file.with_extension("");
                self.add(&file, &names, &below)?;
            }
        }
        Ok(())
    }

    /// Returns which file leads to which.
    fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        for (number, file) in self.files.iter().enumerate() {
            let parent = file.module.split_last().map(|(_, parent)| parent);
            for parent in parent
                .and_then(|parent| self.modules.get(parent))
                .into_iter()
                .flatten()
            {
                graph.add(*parent, number);
            }
            for written in &file.paths {
                let Some(names) = self.absolute(written) else {
                    continue;
                };
                let module = self.module_of(&names);
                if file.module.starts_with(module) {
                    continue;
                }
                for target in &self.modules[module] {
                    graph.add(number, *target);
                }
            }
        }
        graph
    }

    /// Returns a path from the crate's root; `None` for one of another crate.
    fn absolute(&self, written: &Written) -> Option<Names> {
        let Written { module, names } = written;
        let ups = names.iter().take_while(|name| *name == "super").count();
        let (start, rest) = match names.first()?.as_str() {
            "crate" => (&[][..], &names[1..]),
            "self" => (&module[..], &names[1..]),
            "super" => (&module[..module.len().checked_sub(ups)?], &names[ups..]),
            _ => {
                let child = [module.as_slice(), &names[..1]].concat();
                self.modules.get(&child)?;
                (&module[..], &names[..])
            }
        };
        Some([start, rest].concat())
    }

    /// Returns the part of a path that names a module with a file.
    fn module_of<'a>(&self, names: &'a [String]) -> &'a [String] {
        let mut lengths = (0..=names.len()).rev();
        let length = lengths.find(|length| self.modules.contains_key(&names[..*length]));
        &names[..length.unwrap_or(0)]
    }
}

/// A module that is declared and stands in another file.
struct Declared {
    names: Names,
    /// The files that an attribute names.
    files: Vec<String>,
}

/// Collects the paths of a file and the modules that it declares.
struct Reader {
    module: Names,
    paths: Vec<Written>,
    declared: Vec<Declared>,
}

impl Reader {
    fn add(&mut self, names: Names) {
        let module = self.module.clone();
        self.paths.push(Written { module, names });
    }

    /// Adds every path that a `use` names.
    fn add_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(before, tree);
                }
            }
            UseTree::Name(name) => self.add(with(&name.ident)),
            UseTree::Rename(rename) => self.add(with(&rename.ident)),
            UseTree::Glob(_) => self.add(before.to_vec()),
        }
    }
}

impl Visit<'_> for Reader {
    fn visit_item(&mut self, item: &Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &ItemMod) {
        self.module.push(module.ident.to_string());
        match &module.content {
            Some(_) => visit::visit_item_mod(self, module),
            None => self.declared.push(Declared {
                names: self.module.clone(),
                files: module.attrs.iter().filter_map(named_file).collect(),
            }),
        }
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let names = path.segments.iter().map(|part| part.ident.to_string());
            self.add(names.collect());
        }
        visit::visit_path(self, path);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Tells whether something is there for tests alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        let condition = list.tokens.to_string();
        list.path.is_ident("cfg")
            && (condition == "test" || condition.replace(' ', "").starts_with("all(test,"))
    })
}

/// Returns the file that `path = "…"` names, alone or on some systems.
fn named_file(attribute: &Attribute) -> Option<String> {
    let tokens = match &attribute.meta {
        Meta::NameValue(named) if named.path.is_ident("path") => {
            return match &named.value {
                syn::Expr::Lit(literal) => match &literal.lit {
                    syn::Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            };
        }
        Meta::List(list) if list.path.is_ident("cfg_attr") => list.tokens.to_string(),
        _ => return None,
    };
    let (_, file) = tokens.split_once("path = \"")?;
    file.split_once('"').map(|(file, _)| file.to_owned())
}

/// Which file leads to which, by their numbers.
#[derive(Default)]
struct Graph {
    edges: BTreeMap<usize, BTreeSet<usize>>,
}

impl Graph {
    fn add(&mut self, from: usize, to: usize) {
        self.edges.entry(from).or_default().insert(to);
    }

    /// Returns a shortest circle through each file that is in one and in none before it.
    fn circles(&self) -> Vec<Vec<usize>> {
        let mut circles: Vec<Vec<usize>> = Vec::new();
        for file in self.edges.keys() {
            if circles.iter().flatten().any(|known| known == file) {
                continue;
            }
            circles.extend(self.circle_of(*file));
        }
        circles
    }

    /// Returns the files on a shortest way from a file back to it.
    fn circle_of(&self, file: usize) -> Option<Vec<usize>> {
        let mut ways = vec![vec![file]];
        let mut seen = BTreeSet::new();
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                let last = way.last()?;
                for next in self.edges.get(last).into_iter().flatten() {
                    if *next == file {
                        return Some(way);
                    }
                    if seen.insert(*next) {
                        longer.push([way.as_slice(), &[*next]].concat());
                    }
                }
            }
            ways = longer;
        }
        None
    }
}
