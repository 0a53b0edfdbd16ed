//! Folders of runs beside others, and beside what only looks like one.

use super::*;

fn folder_in(base: &TempDir) -> RunFolder {
    RunFolder::within(&[("TMPDIR".into(), base.path().into())].into())
}

fn filled(folder: &RunFolder) -> (PathBuf, RunFiles) {
    let path = folder.path().to_path_buf();
    let file = RunFile {
        path: path.join("settings.json"),
        content: "{}".to_owned(),
    };
    (path, folder.fill(&[file]).unwrap().unwrap())
}

#[cfg(unix)]
fn make_old(folder: &Path) {
    let yesterday = std::time::SystemTime::now() - 24 * YOUNG;
    File::open(folder).unwrap().set_modified(yesterday).unwrap();
}

#[test]
fn without_files_there_is_no_folder() {
    let base = TempDir::new().unwrap();
    assert!(folder_in(&base).fill(&[]).unwrap().is_none());
    assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
}

#[test]
fn a_name_that_somebody_else_has_taken_is_not_used() {
    let base = TempDir::new().unwrap();
    let folder = folder_in(&base);
    fs::create_dir(folder.path()).unwrap();
    let file = RunFile {
        path: folder.path().join("settings.json"),
        content: "{}".to_owned(),
    };
    assert!(folder.fill(&[file]).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn files_are_gone_with_their_owner() {
    let base = TempDir::new().unwrap();
    let (path, files) = filled(&folder_in(&base));
    assert_eq!(fs::read(path.join("settings.json")).unwrap(), b"{}");
    drop(files);
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn the_next_run_removes_what_a_killed_host_has_left() {
    let base = TempDir::new().unwrap();
    let (abandoned, files) = filled(&folder_in(&base));
    let RunFiles {
        _folder: folder,
        _lock: lock,
    } = files;
    let _ = folder.keep();
    drop(lock);
    make_old(&abandoned);
    let _next = filled(&folder_in(&base));
    assert!(!abandoned.exists());
}

#[cfg(unix)]
#[test]
fn a_long_run_and_a_young_folder_keep_their_files() {
    let base = TempDir::new().unwrap();
    let (long, _files) = filled(&folder_in(&base));
    make_old(&long);
    let young = folder_in(&base).make().unwrap();
    fs::write(young.path().join(LOCK), "").unwrap();
    let _next = filled(&folder_in(&base));
    assert!(long.join("settings.json").exists() && young.path().exists());
}

#[cfg(unix)]
#[test]
fn a_link_on_the_way_is_not_part_of_its_name() {
    let base = TempDir::new().unwrap();
    let (real, link) = (base.path().join("real"), base.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let folder = RunFolder::within(&[("TMPDIR".into(), link.into())].into());
    assert_eq!(
        folder.path().parent(),
        Some(real.canonicalize().unwrap().as_path())
    );
}

#[cfg(unix)]
#[test]
fn a_folder_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let base = TempDir::new().unwrap();
    let (path, _files) = filled(&folder_in(&base));
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// Makes something that is named like an abandoned folder of ours, and takes the next run.
#[cfg(target_os = "linux")]
fn left_alone(make: impl FnOnce(&Path)) {
    let base = TempDir::new().unwrap();
    let lure = base.path().join("amp-session-lure");
    make(&lure);
    let (done, waited) = std::sync::mpsc::channel();
    let folder = folder_in(&base);
    std::thread::spawn(move || done.send(filled(&folder)));
    let next = waited.recv_timeout(Duration::from_secs(60));
    assert!(next.is_ok(), "the run waits for what is not its own");
    assert!(
        fs::symlink_metadata(&lure).is_ok(),
        "somebody's folder is gone"
    );
}

#[cfg(target_os = "linux")]
fn make_fifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_in_place_of_the_lock_does_not_hold_a_run_up() {
    left_alone(|lure| {
        fs::create_dir(lure).unwrap();
        make_fifo(&lure.join(LOCK));
        make_old(lure);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_in_place_of_the_folder_does_not_hold_a_run_up() {
    left_alone(|lure| {
        make_fifo(lure);
        let yesterday = std::time::SystemTime::now() - 24 * YOUNG;
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NONBLOCK;
        let pipe = rustix::fs::open(lure, flags, rustix::fs::Mode::empty()).unwrap();
        File::from(pipe).set_modified(yesterday).unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_in_place_of_the_folder_is_not_followed() {
    let elsewhere = TempDir::new().unwrap();
    fs::write(elsewhere.path().join(LOCK), "").unwrap();
    let target = elsewhere.path().to_path_buf();
    left_alone(|lure| {
        use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
        std::os::unix::fs::symlink(&target, lure).unwrap();
        let long_ago = Timespec {
            tv_sec: 1,
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: long_ago,
            last_modification: long_ago,
        };
        utimensat(CWD, lure, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    });
    assert!(elsewhere.path().join(LOCK).exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_of_somebody_else_is_not_removed() {
    use std::os::unix::fs::chown;
    left_alone(|lure| {
        fs::create_dir(lure).unwrap();
        fs::write(lure.join(LOCK), "").unwrap();
        match chown(lure, Some(65_533), None) {
            Ok(()) => make_old(lure),
            Err(error) => fixtures::Requirement::Root.is_missing(error),
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_others_may_write_to_is_not_removed() {
    use std::os::unix::fs::PermissionsExt;
    left_alone(|lure| {
        fs::create_dir(lure).unwrap();
        fs::write(lure.join(LOCK), "").unwrap();
        fs::set_permissions(lure, fs::Permissions::from_mode(0o777)).unwrap();
        make_old(lure);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_in_place_of_the_lock_is_not_followed() {
    let elsewhere = TempDir::new().unwrap();
    fs::write(elsewhere.path().join(LOCK), "").unwrap();
    make_old(elsewhere.path());
    let target = elsewhere.path().to_path_buf();
    left_alone(|lure| {
        fs::create_dir(lure).unwrap();
        std::os::unix::fs::symlink(target.join(LOCK), lure.join(LOCK)).unwrap();
        make_old(lure);
    });
    assert!(elsewhere.path().join(LOCK).exists());
}
