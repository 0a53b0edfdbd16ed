//! The end of a sandbox: nothing of it is left, however its host ends.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use amp_process::ContainmentKind;
use amp_process::sandbox::{Access, Policy};

use super::{Place, run};
use crate::support::{Mark, example, start, wait_until};

#[tokio::test]
async fn a_sandbox_is_the_containment_too() {
    let place = Place::new();
    let mark = Mark::new();
    let script = "(setsid sleep 60 &) ; (trap '' TERM HUP; sleep 60) & echo ready; wait";
    let spec = place
        .spec("/bin/sh", place.policy())
        .with_arguments(["-c", script, mark.as_str()]);
    if run(place.spec("/bin/true", place.policy())).await.is_none() {
        return;
    }
    let mut process = start(&spec).await;
    assert_eq!(process.containment(), ContainmentKind::Namespace);
    let exit = process.kill().await;
    assert!(exit.is_proven_empty(), "{exit:?}");
    assert_eq!(mark.alive(), [0; 0]);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the host under test is killed")]
async fn with_its_host_killed_nothing_is_left() {
    let place = Place::new();
    if run(place.spec("/bin/true", place.policy())).await.is_none() {
        return;
    }
    let mark = Mark::new();
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    let mut host = Command::new(example("confine"))
        .args(["--host", "ampcode.example=127.0.0.1:9", "--write"])
        .arg(&place.project)
        .args(["--", "/bin/sh", "-c"])
        .arg("(trap '' TERM; setsid sleep 60) & echo ready; sleep 60")
        .arg(mark.as_str())
        .current_dir(&place.project)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let output = host.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    host.kill().unwrap();
    host.wait().unwrap();
    mark.wait_until_gone();
    assert_eq!(mounts(), before);
    let left = std::fs::read_dir(&place.project).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the host under test is killed")]
async fn without_namespaces_nothing_is_left_either() {
    let place = Place::new();
    let (mark, folder) = (Mark::new(), place.root().join("temporary"));
    std::fs::create_dir(&folder).unwrap();
    place.script("bin/bwrap", "exit 1");
    let path = format!("{}:/usr/bin:/bin", place.root().join("bin").display());
    let mut host = Command::new(example("confine"))
        .args(["--best-effort", "--variable", "TMPDIR", "--write"])
        .arg(&place.project)
        .args(["--", "/bin/sh", "-c"])
        .arg("(trap '' TERM; setsid sleep 60) & mkdir -p $TMPDIR/a/b; echo ready; sleep 60")
        .arg(mark.as_str())
        .env("PATH", path)
        .env("TMPDIR", &folder)
        .current_dir(&place.project)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let output = host.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let left = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(left(), 1);
    host.kill().unwrap();
    host.wait().unwrap();
    mark.wait_until_gone();
    wait_until("its folder is gone", || left() == 0);
}

#[tokio::test]
async fn secrets_are_in_no_argument() {
    let place = Place::new();
    let spec = place
        .spec("/bin/sh", place.policy().with_variable("SECRET"))
        .with_variable("SECRET", "a-very-secret-value")
        .with_arguments(["-c", "cat /proc/1/cmdline /proc/*/cmdline | tr '\\0' ' '"]);
    if let Some(said) = run(spec).await {
        assert!(!said.text().contains("a-very-secret-value"));
        assert!(said.text().contains("__confine"), "{}", said.text());
    }
}

#[tokio::test]
async fn a_folder_that_was_exchanged_is_noticed() {
    let place = Place::new();
    let policy = Policy::new().with_files(&place.project, Access::Writable);
    let spec = place.spec("/bin/true", policy);
    if run(spec.clone()).await.is_none() {
        return;
    }
    // A bubblewrap that is slow enough for somebody to exchange the project for a link.
    let script = format!(
        "case \"$*\" in *__probe*) ;; *) mv {project} {project}2; \
         ln -s {home}/.ssh {project};; esac\nexec /usr/bin/bwrap \"$@\"\n",
        project = place.project.display(),
        home = place.home.display()
    );
    place.script("bin/bwrap", &script);
    let path = format!("{}:/usr/bin:/bin", place.root().join("bin").display());
    let error = spec.with_variable("PATH", path).spawn().await.unwrap_err();
    assert!(
        error.to_string().contains("has taken the place of"),
        "{error}"
    );
}
