//! Machines that lack something: each gets the protection or the refusal, never silence.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use amp_process::sandbox::{Absence, Backend, Layer};
use amp_process::{Containment, ContainmentKind, ErrorKind, ProcessSpec};

use super::{Place, asked, by, run};
use crate::support::{example, lines, text};

/// The same run on a machine whose bubblewrap says `said` and fails.
fn where_bubblewrap_says(place: &Place, said: &str) -> ProcessSpec {
    place.script("bin/bwrap", &format!("echo '{said}' >&2\nexit 1"));
    let path = format!("{}:/usr/bin:/bin", place.root().join("bin").display());
    place
        .spec("/bin/sh", place.policy())
        .with_sandbox(by(Backend::Bubblewrap, place.policy()))
        .with_arguments([
            "-c",
            "echo ran; cat ~/.ssh/id_rsa; echo new > ../../outside.txt; \
             echo new > $TMPDIR/own && cat $TMPDIR/own && echo $TMPDIR",
        ])
        .with_variable("PATH", path)
}

#[tokio::test]
async fn a_bubblewrap_that_is_too_old_is_named() {
    let place = Place::new();
    let spec = where_bubblewrap_says(&place, "bwrap: Unknown option --size");
    let error = spec.spawn().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SandboxRefused);
    assert!(error.to_string().contains("older than 0.8"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_enforced_is_refused() {
    let place = Place::new();
    let spec = where_bubblewrap_says(&place, "bwrap: No permissions to create new namespace");
    let error = spec.spawn().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SandboxRefused);
    assert!(
        error
            .to_string()
            .contains("No permissions to create new namespace"),
        "{error}"
    );
    assert_eq!(place.read("outside.txt"), "original");
}

#[tokio::test]
async fn best_effort_protects_files_and_says_what_is_missing() {
    let place = Place::new();
    let spec = where_bubblewrap_says(&place, "bwrap: No permissions to create new namespace");
    let spec = spec.with_sandbox(by(Backend::Bubblewrap, place.policy()).best_effort());
    let layers = spec.probe_sandbox().await.unwrap();
    let missing = |layer| {
        layers
            .iter()
            .any(|status| status.layer == layer && status.is_missing())
    };
    for layer in [Layer::Network, Layer::Processes, Layer::PrivateFolders] {
        assert!(missing(layer), "{layer}");
    }
    let mut process = spec.spawn().await.unwrap();
    let found = lines(&mut process).await.unwrap();
    assert_eq!(process.sandbox().unwrap().layers(), layers);
    process.finish().await;
    drop(process);
    let old = Absence::Landlock { version: 0 };
    let without_landlock = layers
        .iter()
        .any(|status| status.absence.as_ref() == Some(&old));
    let said: Vec<_> = found.iter().map(text).collect();
    if without_landlock {
        assert!(missing(Layer::Files), "{layers:?}");
    } else {
        let [ran, own, folder] = &said[..] else {
            panic!("{said:?}")
        };
        assert_eq!([ran, own], ["ran", "new"]);
        assert!(!std::path::Path::new(folder).exists(), "{folder}");
        assert_eq!(place.read("outside.txt"), "original");
    }
}

#[tokio::test]
async fn a_sandbox_that_is_asked_for_with_another_containment_is_refused() {
    let place = Place::new();
    let spec = place.spec("/bin/true", place.policy());
    if run(spec.clone()).await.is_none() {
        return;
    }
    let spec = spec.with_containment(Containment::Require(ContainmentKind::Group));
    let error = spec.spawn().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SandboxRefused);
}

/// Runs the example that makes a sandbox of its own, in front of which stands `wrapper`.
#[expect(clippy::disallowed_methods, reason = "another host is under test")]
fn confined(place: &Place, wrapper: &[&str], options: &[&str]) -> Output {
    let confine = example("confine");
    let mut words: Vec<&std::ffi::OsStr> = wrapper.iter().map(AsRef::as_ref).collect();
    words.push(confine.as_os_str());
    Command::new(words[0])
        .args(&words[1..])
        .args(options)
        .arg("--write")
        .arg(&place.project)
        .args([
            "--",
            "/bin/sh",
            "-c",
            "id -u; echo new > file.txt; ls -A ..",
        ])
        .env("PATH", "/usr/bin:/bin")
        .current_dir(&place.project)
        .output()
        .expect("it can be started")
}

#[tokio::test]
async fn root_and_ordinary_users_get_the_same_protection() {
    let place = Place::new();
    if run(place.spec("/bin/true", place.policy())).await.is_none() {
        return;
    }
    let mut wrappers = vec![(vec![], rustix::process::geteuid().as_raw())];
    let open = std::fs::Permissions::from_mode(0o777);
    if rustix::process::geteuid().is_root() {
        for path in [place.root(), &place.home, &place.project] {
            std::fs::set_permissions(path, open.clone()).unwrap();
        }
        std::fs::set_permissions(place.project.join("file.txt"), open).unwrap();
        let other = "setpriv --reuid=65534 --regid=65534 --clear-groups";
        wrappers.push((other.split(' ').collect(), 65534));
    }
    for (wrapper, user) in wrappers {
        let output = confined(&place, &wrapper, &asked());
        let said = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, format!("{user}\nproject\n"), "{error}");
        assert_eq!(place.read("home/project/file.txt"), "new\n");
        place.write("home/project/file.txt", "original");
    }
}

#[tokio::test]
async fn within_another_sandbox_there_is_none_and_it_is_refused() {
    let place = Place::new();
    let confine = example("confine");
    let spec = place.spec(&confine, place.policy());
    let command = ["--", "/bin/sh", "-c", "echo ran"];
    let spec = spec.with_arguments(asked().into_iter().chain(command));
    if let Some(said) = run(spec).await {
        assert_eq!(said.lines, [""; 0], "{}", said.text());
        assert!(
            said.text().contains("a namespace cannot be made"),
            "{}",
            said.text()
        );
        assert_eq!(said.exit.status().code(), Some(125));
    }
}

#[tokio::test]
async fn where_bubblewrap_is_missing_that_is_the_reason_or_does_not_matter() {
    let place = Place::new();
    if run(place.spec("/bin/true", place.policy())).await.is_none() {
        return;
    }
    // The whole machine, but for bubblewrap.
    let hidden = [
        "bwrap",
        "--dev-bind",
        "/",
        "/",
        "--ro-bind",
        "/dev/null",
        "/usr/bin/bwrap",
    ];
    let output = confined(&place, &hidden, &["--backend", "bubblewrap"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("bubblewrap (bwrap) is not installed"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(125));
    assert_eq!(place.read("home/project/file.txt"), "original");
    // It is not needed where the kernel lets the shim do it.
    let output = confined(&place, &hidden, &["--backend", "namespaces"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(place.read("home/project/file.txt"), "new\n");
}
