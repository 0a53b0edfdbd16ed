//! The process table, as `/proc` shows it: who descends from whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rustix::process::{Pid, PidfdFlags, Signal};

/// A process, told apart from a later one with the same id by its start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProcessKey {
    pub(crate) pid: i32,
    /// Clock ticks since boot.
    start: u64,
}

/// One process that is alive.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: ProcessKey,
    pub(crate) name: String,
    parent: i32,
    group: i32,
}

/// Returns everything alive that belongs to the tree of `leader`: its group, its descendants, and
/// of `seen` whatever is left, with descendants.
pub(crate) fn tree(leader: Pid, seen: &BTreeMap<ProcessKey, String>) -> Vec<Entry> {
    let table = read();
    let group = leader.as_raw_pid();
    let mut members: BTreeSet<i32> = table
        .iter()
        .filter(|entry| entry.group == group || seen.contains_key(&entry.key))
        .map(|entry| entry.key.pid)
        .collect();
    members.insert(group);
    close_over_children(&table, &mut members);
    let belongs = |entry: &Entry| members.contains(&entry.key.pid);
    table.into_iter().filter(belongs).collect()
}

/// Returns everything alive that descends from `ancestor`, itself not included.
pub(crate) fn descendants(ancestor: Pid) -> Vec<Entry> {
    let table = read();
    let ancestor = ancestor.as_raw_pid();
    let mut members = BTreeSet::from([ancestor]);
    close_over_children(&table, &mut members);
    members.remove(&ancestor);
    let belongs = |entry: &Entry| members.contains(&entry.key.pid);
    table.into_iter().filter(belongs).collect()
}

/// Sends a signal to exactly this process, never to one that got its id afterwards.
pub(crate) fn send(key: ProcessKey, signal: Signal) {
    // The descriptor pins the process; if it is still the one that was seen, the signal is right.
    if let Some(pid) = Pid::from_raw(key.pid)
        && let Ok(pidfd) = rustix::process::pidfd_open(pid, PidfdFlags::empty())
        && read_one(key.pid).is_some_and(|entry| entry.key == key)
    {
        // A process that is gone by now is what was wanted.
        let _ = rustix::process::pidfd_send_signal(pidfd, signal);
    }
}

/// Adds the children of members until there are no more.
fn close_over_children(table: &[Entry], members: &mut BTreeSet<i32>) {
    loop {
        let before = members.len();
        for entry in table {
            if members.contains(&entry.parent) {
                members.insert(entry.key.pid);
            }
        }
        if members.len() == before {
            return;
        }
    }
}

/// Returns every process that is alive; zombies are not.
fn read() -> Vec<Entry> {
    let Ok(folders) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    folders
        .filter_map(|folder| folder.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(read_one)
        .collect()
}

/// Returns the process `pid` if it is alive.
pub(crate) fn read_one(pid: i32) -> Option<Entry> {
    // A process that ended while it was read is no error.
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&stat))
}

/// Reads one `/proc/PID/stat`: `PID (NAME) STATE PARENT GROUP SESSION …`, the start time 22nd.
///
/// The name may hold spaces and parentheses; the last `)` ends it.
fn parse(stat: &str) -> Option<Entry> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let state = *fields.first()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    let key = ProcessKey {
        pid: pid.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    };
    Some(Entry {
        key,
        name: name.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{ProcessKey, parse, read_one, send};
    use rustix::process::Signal;

    #[test]
    fn a_name_with_parentheses_and_spaces_is_read_whole() {
        let stat = "42 (a) (b c) S 7 40 40 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 9876 1 1";
        let entry = parse(stat).unwrap();
        assert_eq!(entry.name, "a) (b c");
        assert_eq!((entry.parent, entry.group, entry.key.start), (7, 40, 9876));
    }

    #[test]
    fn a_zombie_is_not_alive() {
        assert!(parse("42 (x) Z 7 40 40 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 9876 1 1").is_none());
    }

    #[test]
    fn a_process_that_only_has_the_same_id_is_left_alone() {
        let me = read_one(rustix::process::getpid().as_raw_pid())
            .unwrap()
            .key;
        let before = ProcessKey {
            start: me.start - 1,
            ..me
        };
        // Were it not for the start time, this would be the end of the test.
        send(before, Signal::KILL);
        assert_eq!(read_one(me.pid).unwrap().key, me);
    }
}
