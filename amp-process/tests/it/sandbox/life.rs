//! The end of a sandbox: nothing of it is left, however its host ends.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use amp_process::sandbox::{Access, Backend, Policy};
use amp_process::{ContainmentKind, ErrorKind};

use super::{Place, by, confine, run};
use crate::support::{Mark, example, start, supervise, wait_until};

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
async fn with_its_host_killed_nothing_is_left() {
    let place = Place::new();
    if run(place.spec("/bin/true", place.policy())).await.is_none() {
        return;
    }
    let mark = Mark::new();
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    let mut host = confine()
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
        .args([
            "--backend",
            "bubblewrap",
            "--best-effort",
            "--variable",
            "TMPDIR",
            "--write",
        ])
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

/// Describes a run whose project is exchanged, by `exchange`, as soon as it was looked at: somebody
/// is faster than `slow`, which makes the view.
async fn exchanged(place: &Place, exchange: &str, slow: Backend, policy: Policy) -> Option<String> {
    let sandbox = by(slow, policy);
    let spec = place.spec("/bin/true", Policy::new()).with_sandbox(sandbox);
    run(spec.clone()).await?;
    let next = match slow {
        Backend::Bubblewrap => std::path::Path::new("/usr/bin/bwrap"),
        _ => supervise(),
    };
    let script = format!(
        "case \"$*\" in *__probe*) ;; *) cd {}; {exchange};; esac\nexec {} \"$@\"\n",
        place.root().display(),
        next.display()
    );
    let slow_one = place.script("bin/bwrap", &script);
    let spec = match slow {
        Backend::Bubblewrap => {
            let path = format!("{}:/usr/bin:/bin", place.root().join("bin").display());
            spec.with_variable("PATH", path)
        }
        _ => spec.with_shim_program(slow_one),
    };
    let error = spec.spawn().await.expect_err("it is noticed");
    assert_eq!(error.kind(), ErrorKind::SandboxRefused, "{error}");
    Some(error.to_string())
}

#[tokio::test]
async fn a_folder_that_was_exchanged_is_noticed() {
    let cases = [
        // The shim follows no link, wherever it leads.
        (
            "ln -s",
            Backend::Namespaces,
            "Too many levels of symbolic links",
        ),
        ("cp -r", Backend::Namespaces, "has taken the place of"),
        ("ln -s", Backend::Bubblewrap, "has taken the place of"),
    ];
    for (put, slow, expected) in cases {
        let place = Place::new();
        let exchange = format!("mv home/project gone; {put} $PWD/home/.ssh home/project");
        let policy = Policy::new().with_files(&place.project, Access::Writable);
        let Some(reason) = exchanged(&place, &exchange, slow, policy).await else {
            return;
        };
        assert!(reason.contains(expected), "{reason}");
    }
}

#[tokio::test]
async fn nothing_is_put_behind_a_link_nor_made_in_a_folder_of_the_host() {
    let cases = [
        // To where the protection would do nothing.
        (
            "ln -s other home/project/a",
            "Too many levels of symbolic links",
        ),
        ("true", "No such file or directory"),
    ];
    for (put, expected) in cases {
        let place = Place::new();
        place.write("home/project/a/file", "original");
        place.write("home/project/other/file", "original");
        let policy = Policy::new()
            .with_files(&place.project, Access::Writable)
            .with_substitute(
                place.project.join("a/file"),
                place.root().join("outside.txt"),
            );
        let exchange = format!("rm -r home/project/a; {put}");
        let exchanged = exchanged(&place, &exchange, Backend::Namespaces, policy);
        let Some(reason) = exchanged.await else {
            return;
        };
        assert!(reason.contains(expected), "{reason}");
        assert!(!place.project.join("a").is_dir() || put != "true");
    }
}
