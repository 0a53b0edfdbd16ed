//! Files: what can be read, what can be changed, and every way around it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;

use amp_process::ErrorKind;
use amp_process::sandbox::{Access, Policy};

use super::{Place, run, shell};

#[tokio::test]
async fn the_project_can_be_changed_and_nothing_else() {
    let place = Place::new();
    let outside = place.root().join("outside.txt");
    let script = format!(
        "echo new > file.txt; echo new > made.txt; mkdir -p a/b; mv made.txt a/b; \
         echo new > {}; echo new > /usr/new; echo new > /etc/new; echo new > /new",
        outside.display()
    );
    let Some(said) = shell(&place, place.policy(), &script).await else {
        return;
    };
    assert_eq!(place.read("home/project/file.txt"), "new\n");
    assert_eq!(place.read("home/project/a/b/made.txt"), "new\n");
    assert_eq!(place.read("outside.txt"), "original");
    assert!(!said.exit.status().is_success());
    assert!(
        said.text().contains("Read-only file system"),
        "{}",
        said.text()
    );
}

#[tokio::test]
async fn keys_and_other_folders_are_not_there() {
    let place = Place::new();
    let script = format!(
        "ls -A {home}; cat {home}/.ssh/id_rsa {root}/outside.txt; ls /root /home /srv /var/lib; \
         cat /etc/shadow",
        home = place.home.display(),
        root = place.root().display()
    );
    let Some(said) = shell(&place, place.policy(), &script).await else {
        return;
    };
    assert_eq!(said.lines, ["project"]);
    let text = said.text();
    assert!(
        !text.contains("a secret") && !text.contains("original"),
        "{text}"
    );
}

#[tokio::test]
async fn start_up_files_of_the_shell_are_the_programs_own() {
    let place = Place::new();
    let script = "echo evil > ~/.bashrc && echo evil > ~/.profile && cat ~/.bashrc";
    let Some(said) = shell(&place, place.policy(), script).await else {
        return;
    };
    assert_eq!(said.lines, ["evil"]);
    assert_eq!(place.read("home/.bashrc"), "original");
    assert!(!place.home.join(".profile").exists());
}

#[tokio::test]
async fn a_link_leads_to_nothing_outside() {
    let place = Place::new();
    symlink(place.root().join("outside.txt"), place.project.join("link")).unwrap();
    let script = format!(
        "cat link; echo new > link; ln -s {root}/outside.txt own; cat own; echo new > own; \
         cat ../../outside.txt //..//..{root}/outside.txt ./../../outside.txt",
        root = place.root().display()
    );
    let Some(said) = shell(&place, place.policy(), &script).await else {
        return;
    };
    assert!(!said.text().contains("original"), "{}", said.text());
    assert_eq!(place.read("outside.txt"), "original");
}

#[tokio::test]
async fn a_hard_link_leads_nowhere_else() {
    let place = Place::new();
    let script = "ln .git/config copy; ln /etc/passwd passwd; ln .git/hooks/../config again; ls";
    let Some(said) = shell(&place, place.policy(), script).await else {
        return;
    };
    assert_eq!(said.lines, ["file.txt"], "{}", said.text());
    assert_eq!(place.read("home/project/.git/config"), "original");
}

#[tokio::test]
async fn what_is_protected_can_be_neither_changed_nor_replaced() {
    let place = Place::new();
    let script = "echo evil > .git/hooks/pre-commit; echo evil > .git/config; rm -r .git/hooks; \
                  rm .git/config; mv file.txt .git/config; mv .git/hooks other; mv .git gone; \
                  rmdir .git; rm -rf .git; mkdir .git/hooks2 && echo made";
    let Some(said) = shell(&place, place.policy(), script).await else {
        return;
    };
    assert_eq!(said.lines, ["made"], "{}", said.text());
    assert_eq!(place.read("home/project/.git/config"), "original");
    let hooks = place.project.join(".git/hooks");
    assert_eq!(std::fs::read_dir(hooks).unwrap().count(), 0);
}

#[tokio::test]
async fn the_way_to_what_is_visible_cannot_be_replaced() {
    let place = Place::new();
    let program = place.home.join("own/programs/tool");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::fs::write(&program, "original\n").unwrap();
    let policy = place.policy().with_files(&program, Access::Readable);
    let script = "cd ~; mv own gone; mv own/programs own/gone; rm -rf own; \
                  mkdir -p own/programs; echo evil > own/programs/tool; cat own/programs/tool; \
                  echo own > own/programs/beside; cat own/programs/beside";
    let Some(said) = shell(&place, policy, script).await else {
        return;
    };
    assert_eq!(said.lines, ["original", "own"], "{}", said.text());
    assert!(!place.home.join("own/programs/beside").exists());
}

#[tokio::test]
async fn what_is_not_there_is_not_left_behind_by_its_protection() {
    let place = Place::new();
    let policy = place
        .policy()
        .with_files(place.project.join(".amp/settings.json"), Access::Readable);
    if shell(&place, policy, "ls -A").await.is_some() {
        assert!(!place.project.join(".amp").exists());
    }
}

#[tokio::test]
async fn processes_and_files_of_the_host_are_not_in_proc() {
    let place = Place::new();
    let pid = std::process::id();
    let script = format!(
        "ls /proc/{pid}/root/ /proc/1/root/ /proc/1/cwd/; readlink /proc/1/fd/*; cat /proc/1/environ; \
         cat /proc/{pid}/cmdline; ls -A /dev/shm; echo x > /dev/shm/x && echo own"
    );
    let Some(said) = shell(&place, place.policy(), &script).await else {
        return;
    };
    assert_eq!(said.lines, ["own"], "{}", said.text());
    assert!(!std::path::Path::new("/dev/shm/x").exists());
}

#[tokio::test]
async fn settings_of_the_kernel_cannot_be_changed() {
    let place = Place::new();
    let script = "for file in kernel/core_pattern kernel/modprobe vm/overcommit_memory \
                  net/ipv4/ip_forward; do cat /proc/sys/$file > /proc/sys/$file && echo written; \
                  done; echo h > /proc/sysrq-trigger && echo written; true";
    let Some(said) = shell(&place, place.policy(), script).await else {
        return;
    };
    assert_eq!(said.lines, [""; 0], "{}", said.text());
}

#[tokio::test]
async fn devices_can_be_used_and_not_changed() {
    let place = Place::new();
    // To what they have already, so that nothing happens to this machine should it work.
    let script = "for file in /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; do \
                  chmod $(stat -c %a $file) $file && echo mode; touch -r $file $file && echo times; \
                  chown $(stat -c %u:%g $file) $file && echo owner; done; \
                  chmod 700 /dev && echo own; echo lost > /dev/null && head -c 3 /dev/zero | wc -c";
    let Some(said) = shell(&place, place.policy(), script).await else {
        return;
    };
    assert_eq!(said.lines, ["own", "3"], "{}", said.text());
}

#[tokio::test]
async fn paths_of_any_bytes_are_kept_apart() {
    let place = Place::new();
    let odd = OsString::from_vec(b"odd \"name\"\n--bind \xff".to_vec());
    let (writable, long) = (place.root().join(&odd), place.root().join("l".repeat(250)));
    for folder in [&writable, &long] {
        std::fs::create_dir(folder).unwrap();
    }
    let policy = place
        .policy()
        .with_files(&writable, Access::Writable)
        .with_files(&long, Access::Readable);
    let spec = place.spec("/bin/sh", policy).with_arguments([
        OsString::from("-c"),
        "touch \"$1/new\"; touch \"$2/new\"".into(),
        "sh".into(),
        writable.clone().into(),
        long.clone().into(),
    ]);
    if run(spec).await.is_some() {
        assert!(writable.join("new").exists() && !long.join("new").exists());
    }
}

#[tokio::test]
async fn a_file_can_be_allowed_by_itself() {
    let place = Place::new();
    let policy = place
        .policy()
        .with_files(place.home.join(".bashrc"), Access::Readable)
        .with_files(place.root().join("outside.txt"), Access::Writable);
    let script = "cat ~/.bashrc; echo new > ../../outside.txt; echo evil > ~/.bashrc";
    let Some(said) = shell(&place, policy, script).await else {
        return;
    };
    assert_eq!(said.lines, ["original"]);
    assert_eq!(place.read("outside.txt"), "new\n");
    assert_eq!(place.read("home/.bashrc"), "original");
}

#[tokio::test]
async fn temporary_files_are_private_and_limited() {
    let place = Place::new();
    let policy = place.policy().with_private_bytes(1 << 20);
    let script = "head -c 4000000 /dev/zero > /tmp/large; head -c 4000000 /dev/zero > /dev/shm/large; \
                  head -c 4000000 /dev/zero > ~/large; stat -c %s /tmp/large /dev/shm/large ~/large";
    let Some(said) = shell(&place, policy, script).await else {
        return;
    };
    assert_eq!(said.lines.len(), 3, "{}", said.text());
    for size in &said.lines {
        assert!(size.parse::<u64>().unwrap() <= 1 << 20, "{size}");
    }
    assert!(!std::path::Path::new("/tmp/large").exists());
}

#[tokio::test]
async fn a_policy_that_cannot_be_kept_is_refused() {
    let place = Place::new();
    symlink("elsewhere", place.project.join("link")).unwrap();
    let policies = [
        Policy::new().with_files("relative", Access::Readable),
        Policy::new().with_files("/a/../b", Access::Readable),
        place.policy().with_files("/is/not/there", Access::Writable),
        place
            .policy()
            .with_files(place.project.join("link"), Access::Readable),
        // The project itself is not allowed, so there is nowhere to start in.
        Policy::new(),
    ];
    for policy in policies {
        let error = place.spec("/bin/true", policy).spawn().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SandboxRefused, "{error}");
    }
}
