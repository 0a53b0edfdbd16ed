//! Files are written when they differ, or compared with.

use std::fs;

use xtask::record::keeper::{Keeper, Mode};

#[test]
fn writing_twice_changes_nothing_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(folder.path(), Mode::Write);
    keeper.keep("1/bash/stdout.jsonl", b"{}\n").unwrap();
    assert_eq!(keeper.differences().len(), 1);
    let path = folder.path().join("1/bash/stdout.jsonl");
    assert_eq!(fs::read(&path).unwrap(), b"{}\n");

    let mut again = Keeper::new(folder.path(), Mode::Write);
    again.keep("1/bash/stdout.jsonl", b"{}\n").unwrap();
    assert!(again.differences().is_empty());
}

#[test]
fn checking_shows_what_differs_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stdout.jsonl");
    fs::write(&path, "{\"num_turns\":1}\n").unwrap();

    let mut keeper = Keeper::new(folder.path(), Mode::Check);
    keeper.keep("stdout.jsonl", b"{\"num_turns\":2}\n").unwrap();
    keeper.keep("new.txt", b"new\n").unwrap();

    let [changed, new] = keeper.differences() else {
        panic!("{:?}", keeper.differences());
    };
    assert!(changed.contains("-  \"num_turns\": 1\n+  \"num_turns\": 2\n"));
    assert!(new.contains("+new"));
    assert_eq!(fs::read(&path).unwrap(), b"{\"num_turns\":1}\n");
    assert!(!folder.path().join("new.txt").exists());
}

#[test]
fn what_is_empty_has_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stderr.txt");
    for (bytes, changes) in [(b"" as &[u8], 0), (b"a word\n", 1), (b"", 1), (b"", 0)] {
        let mut keeper = Keeper::new(folder.path(), Mode::Write);
        keeper.keep("stderr.txt", bytes).unwrap();
        assert_eq!(keeper.differences().len(), changes);
        assert_eq!(path.exists(), !bytes.is_empty());
    }
}

#[test]
fn a_folder_that_nothing_makes_is_a_difference_until_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("old")).unwrap();
    for (mode, expected) in [(Mode::Check, 1), (Mode::Write, 1), (Mode::Check, 0)] {
        let mut keeper = Keeper::new(folder.path(), mode);
        keeper.remove_folder("old").unwrap();
        assert_eq!(keeper.differences().len(), expected, "{mode:?}");
    }
}
