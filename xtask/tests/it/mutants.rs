//! `cargo xtask mutants`: what it reads and how it judges, on a report written by hand.

use std::path::Path;

use xtask::mutants::group::{GROUPS, Group};
use xtask::mutants::kept::{Entry, Kept};
use xtask::mutants::tally::Tally;
use xtask::mutants::{group, outdated, unexpected};
use xtask::{tidy, workspace_root};

const CODE: &str = "fn room() {\n    self.used < self.limit\n}\n";

/// A workspace with one file, and what `cargo mutants` wrote about it.
fn workspace(missed: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("amp-process/src/lines.rs", CODE);
    let caught = "amp-process/src/lines.rs:1:1: replace room with ()\n".repeat(20);
    write("mutants.out/caught.txt", &caught);
    write("mutants.out/missed.txt", missed);
    write("mutants.out/timeout.txt", "");
    write("mutants.out/unviable.txt", "");
    folder
}

const SURVIVOR: &str =
    "amp-process/src/lines.rs:2:15: replace < with <= in LineBuffer<'a, Bytes>::room\n";

fn lines() -> &'static Group {
    let named = group::named(&["lines".to_owned()]).expect("there is one");
    named[0]
}

fn judge(tally: &Tally, kept: &Kept) -> Vec<String> {
    let mut problems = unexpected(tally, kept);
    problems.extend(outdated(lines(), tally, kept));
    problems
}

fn verdict(missed: &str, kept: &Kept) -> Vec<String> {
    let folder = workspace(missed);
    let tally = Tally::read(folder.path(), folder.path()).expect("a report");
    judge(&tally, kept)
}

fn kept(text: &str) -> Kept {
    toml::from_str(text).expect("a list")
}

#[test]
fn a_survivor_nobody_explained_is_a_problem_that_says_what_to_do() {
    let problems = verdict(SURVIVOR, &Kept::default());
    let [problem] = &problems[..] else {
        panic!("one problem: {problems:?}");
    };
    assert!(problem.contains("lines.rs:2"), "{problem}");
    assert!(problem.contains("[[kept]]"), "{problem}");
}

#[test]
fn a_proposed_entry_keeps_the_survivor_it_was_made_for_wherever_its_line_moves() {
    let folder = workspace(SURVIVOR);
    let tally = Tally::read(folder.path(), folder.path()).expect("a report");
    let list = kept(&Entry::proposal(&tally.missed[0]));
    assert_eq!(judge(&tally, &list), Vec::<String>::new());

    let code = folder.path().join("amp-process/src/lines.rs");
    std::fs::write(code, format!("\n{CODE}")).expect("a file");
    let moved = folder.path().join("mutants.out/missed.txt");
    std::fs::write(moved, SURVIVOR.replace(":2:", ":3:")).expect("a file");
    let tally = Tally::read(folder.path(), folder.path()).expect("a report");
    assert_eq!(judge(&tally, &list), Vec::<String>::new());
}

#[test]
fn an_entry_does_not_keep_the_same_change_of_another_line() {
    let folder = workspace(SURVIVOR);
    let tally = Tally::read(folder.path(), folder.path()).expect("a report");
    let mut list = kept(&Entry::proposal(&tally.missed[0]));
    list.kept[0].line = "self.used < other".into();
    // The survivor, and the entry that speaks of none.
    assert_eq!(judge(&tally, &list).len(), 2);
}

#[test]
fn an_entry_whose_mutant_is_caught_has_to_go() {
    let folder = workspace(SURVIVOR);
    let tally = Tally::read(folder.path(), folder.path()).expect("a report");
    let list = kept(&Entry::proposal(&tally.missed[0]));
    let problems = verdict("", &list);
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn hanging_counts_as_noticed_and_what_does_not_compile_counts_for_nothing() {
    let folder = workspace(SURVIVOR);
    let out = folder.path().join("mutants.out");
    std::fs::write(out.join("timeout.txt"), SURVIVOR.repeat(4)).expect("a file");
    std::fs::write(out.join("unviable.txt"), SURVIVOR.repeat(100)).expect("a file");
    let tally = Tally::read(folder.path(), folder.path()).expect("a report");
    assert_eq!(tally.viable(), 25);
    assert_eq!(
        tally.to_string(),
        "20 caught, 1 missed, 4 timeouts, 100 unviable: 96.0 % of 25 viable"
    );
}

#[test]
fn further_tests_are_counted_only_for_what_the_first_let_pass() {
    let line = |number: usize| format!("amp-process/src/lines.rs:{number}:1: replace it\n");
    let first = workspace(&[line(1), line(2)].concat());
    let hung = first.path().join("mutants.out/timeout.txt");
    std::fs::write(hung, line(3)).expect("a file");
    // Tried again are the two that passed, of which one is noticed now, and the one that hung.
    let second = workspace(&[line(2), line(3)].concat());
    let caught = second.path().join("mutants.out/caught.txt");
    std::fs::write(caught, line(1)).expect("a file");

    let read = |folder: &tempfile::TempDir| Tally::read(folder.path(), folder.path());
    let mut tally = read(&first).expect("a report");
    tally.retry(read(&second).expect("a report"));
    let missed: Vec<_> = tally.missed.iter().map(|mutant| mutant.number).collect();
    assert_eq!(missed, [2]);
    assert_eq!((tally.caught, tally.viable()), (22, 23));
}

#[test]
fn every_group_names_files_that_are_there_and_a_name_of_its_own() {
    for group in GROUPS {
        let file = Path::new(group.module).with_extension("rs");
        assert!(workspace_root().join(&file).is_file(), "{}", file.display());
        assert!(group.module.starts_with(group.package), "{}", group.name);
        let same = GROUPS.iter().filter(|other| other.name == group.name);
        assert_eq!(same.count(), 1, "{}", group.name);
    }
}

// cargo-mutants follows `path` to the file of a module, but not within `cfg_attr`.
#[test]
fn no_file_of_a_group_is_hidden_from_the_mutants() {
    let root = workspace_root();
    let files = tidy::files(&root).expect("a list");
    for group in GROUPS {
        let mut read = 0;
        for path in &files {
            let file = path.strip_prefix(&root).expect("a file of the workspace");
            if group.has(file) {
                let code = std::fs::read_to_string(path).expect("a source");
                let hides = |line: &str| line.contains("cfg_attr(") && line.contains("path =");
                assert!(!code.lines().any(hides), "{}", file.display());
                read += 1;
            }
        }
        assert!(read > 0, "{}", group.name);
    }
}

#[test]
fn every_kept_mutant_has_a_reason_and_a_line_that_is_there() {
    for entry in Kept::read(&workspace_root()).expect("the list").kept {
        let name = format!("{}: {}", entry.file.display(), entry.mutant);
        assert!(!entry.reason.trim().is_empty(), "{name}");
        assert!(GROUPS.iter().any(|group| group.has(&entry.file)), "{name}");
        let code = std::fs::read_to_string(workspace_root().join(&entry.file)).expect(&name);
        let there = code.lines().any(|line| line.trim() == entry.line);
        assert!(there, "{name}: no line `{}`", entry.line);
    }
}
