//! Layers that are taken away, one at a time: the start is refused with the reason, or best effort
//! says that the layer is missing.
//!
//! Those of bubblewrap are taken away by a wrapper in front of it, those of the kernel by calls that
//! fail, or that seem to work and do nothing.

use std::process::{Command, Output};

use amp_process::sandbox::{Absence, Backend, Layer, LayerStatus, Network, Policy};
use amp_process::{ErrorKind, ProcessSpec};

use super::{Place, asked, by, run};
use crate::support::{can_trace, example};

/// Puts a wrapper in front of bubblewrap and returns a `PATH` on which it comes first.
///
/// For each argument `$1` it runs `case`, which may put others after the rest.
fn wrapped(place: &Place, case: &str) -> String {
    let script = format!(
        "left=$#\nown=yes\nwhile [ $left -gt 0 ]; do\n\
         first=$1; shift; left=$((left - 1))\n\
         case \"$own$first\" in\nyes--) own=no; set -- \"$@\" --;;\n{case}\n\
         *) set -- \"$@\" \"$first\";;\nesac\ndone\nexec /usr/bin/bwrap \"$@\"\n"
    );
    place.script("bin/bwrap", &script);
    format!("{}:/usr/bin:/bin", place.root().join("bin").display())
}

/// The wrapper leaves out an option that takes so many values.
fn without(option: &str, values: u8) -> String {
    let skip = "shift; left=$((left - 1)); ".repeat(values.into());
    format!("yes{option}) {skip};;").replace("; ;;", ";;")
}

/// Describes a program that must not run behind a wrapper.
fn behind(place: &Place, policy: &Policy, case: &str) -> ProcessSpec {
    place
        .spec("/bin/sh", policy.clone())
        .with_sandbox(by(Backend::Bubblewrap, policy.clone()))
        .with_arguments(["-c", "echo ran > file.txt"])
        .with_variable("PATH", wrapped(place, case))
}

/// Starts it, and returns why that is refused; `None` where this machine has no sandbox anyway.
async fn refused(place: &Place, spec: ProcessSpec) -> Option<String> {
    run(place.spec("/bin/true", place.policy())).await?;
    let error = spec.spawn().await.expect_err("a layer is missing");
    assert_eq!(error.kind(), ErrorKind::SandboxRefused, "{error}");
    assert_eq!(place.read("home/project/file.txt"), "original");
    Some(error.to_string())
}

#[tokio::test]
async fn a_namespace_that_is_the_hosts_is_noticed_and_told() {
    let cases = [
        ("net", without("--unshare-net", 0)),
        ("ipc", without("--unshare-ipc", 0)),
        ("uts", without("--unshare-uts", 0)),
        (
            "pid",
            without("--unshare-pid", 0) + "\n" + &without("--as-pid-1", 0),
        ),
    ];
    for (kind, case) in cases {
        let place = Place::new();
        let spec = behind(&place, &place.policy(), &case);
        let found = format!("the {kind} namespace is the host's");
        let Some(reason) = refused(&place, spec.clone()).await else {
            return;
        };
        assert!(reason.contains(&found), "{reason}");

        let sandbox = by(Backend::Bubblewrap, place.policy()).best_effort();
        let layers = spec.with_sandbox(sandbox).probe_sandbox().await.unwrap();
        for layer in [Layer::PrivateFolders, Layer::Processes, Layer::Network] {
            let status = layers.iter().find(|status| status.layer == layer).unwrap();
            let absence = Absence::NotSeparate(found.clone());
            assert_eq!(status.absence, Some(absence), "{layer}");
        }
    }
}

#[tokio::test]
async fn an_open_network_needs_no_namespace_of_its_own() {
    let place = Place::new();
    let policy = place.policy().with_network(Network::Open);
    let spec = behind(&place, &policy, &without("--unshare-net", 0));
    if run(spec).await.is_some() {
        assert_eq!(place.read("home/project/file.txt"), "ran\n");
    }
}

#[tokio::test]
async fn a_mount_that_is_left_out_is_noticed() {
    let home_as_outside = "yes--size) shift; left=$((left - 1));;\n\
                           yes--tmpfs) at=$1; shift; left=$((left - 1)); \
                           set -- \"$@\" --bind \"$at\" \"$at\";;";
    let cases = [
        ("is the host's", home_as_outside.to_owned()),
        (
            "can be changed",
            "yes--ro-bind) set -- \"$@\" --bind;;".to_owned(),
        ),
        ("can be changed", without("--remount-ro", 1)),
    ];
    for (expected, case) in cases {
        let place = Place::new();
        let spec = behind(&place, &place.policy(), &case);
        let Some(reason) = refused(&place, spec).await else {
            return;
        };
        assert!(reason.contains(expected), "{reason}");
    }
}

#[tokio::test]
async fn a_rule_that_is_left_out_on_the_way_to_the_shim_is_noticed() {
    for case in ["no--filter) ;;", "no--right) shift 2; left=$((left - 2));;"] {
        let place = Place::new();
        let spec = behind(&place, &place.policy(), case);
        let Some(reason) = refused(&place, spec).await else {
            return;
        };
        assert!(reason.contains("was changed on the way"), "{reason}");
    }
}

#[tokio::test]
async fn a_namespace_in_which_no_capability_counts_is_noticed_and_told() {
    // As AppArmor has it for what bubblewrap starts on Ubuntu 24.04.
    let place = Place::new();
    let rules = vec!["ampcode.example=127.0.0.1:9".parse().unwrap()];
    let transparent = Network::Hosts {
        rules,
        transparent: true,
    };
    let policy = place.policy().with_network(transparent);
    let spec = behind(&place, &policy, &without("--cap-add", 1));
    let Some(reason) = refused(&place, spec.clone()).await else {
        return;
    };
    assert!(reason.contains("no capability counts in it"), "{reason}");
    let sandbox = by(Backend::Bubblewrap, policy).best_effort();
    let layers = spec.with_sandbox(sandbox).probe_sandbox().await.unwrap();
    let is_network = |status: &&LayerStatus| status.layer == Layer::Network;
    let absence = layers.iter().find(is_network).unwrap().absence.clone();
    assert!(
        matches!(absence, Some(Absence::NoCapabilities(_))),
        "{absence:?}"
    );

    // An ordinary user needs none as long as nobody listens on a low port.
    let spec = behind(&place, &place.policy(), &without("--cap-add", 1));
    if rustix::process::geteuid().is_root() {
        let reason = refused(&place, spec).await.expect("a sandbox");
        assert!(reason.contains("no capability counts in it"), "{reason}");
    } else {
        let said = run(spec).await.expect("a sandbox");
        assert!(said.exit.status().is_success(), "{}", said.text());
    }
}

/// Runs a host in a sandbox of its own making, under faults of the kernel.
#[expect(clippy::disallowed_methods, reason = "another host is under test")]
fn under(place: &Place, fault: &str, options: &[&str]) -> Output {
    Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", fault])
        .arg(example("confine"))
        .args(options)
        .arg("--write")
        .arg(&place.project)
        .args(["--", "/bin/sh", "-c"])
        .arg("echo ran > file.txt; echo new > /usr/new; cat ../.ssh/id_rsa")
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", place.root().join("bin").display()),
        )
        .current_dir(&place.project)
        .output()
        .expect("it can be started")
}

/// Returns a place in which sandboxes can be had and calls be made to fail; nothing elsewhere.
async fn traceable() -> Option<Place> {
    let place = Place::new();
    run(place.spec("/bin/true", place.policy())).await?;
    can_trace().then_some(place)
}

fn refuses(output: &Output, place: &Place, reason: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(reason), "{said}");
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert_eq!(place.read("home/project/file.txt"), "original");
}

const NO_LANDLOCK: &str = "inject=landlock_create_ruleset:error=EOPNOTSUPP";
const BUBBLEWRAP: &[&str] = &["--backend", "bubblewrap"];
const NO_FILTER: &str = "inject=seccomp:error=ENOSYS";

#[tokio::test]
async fn without_landlock_mounts_protect_files_and_it_is_told() {
    let Some(place) = traceable().await else {
        return;
    };
    let output = under(&place, NO_LANDLOCK, &asked());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Read-only file system"), "{said}");
    assert!(
        said.contains("no file rules: the kernel has no Landlock"),
        "{said}"
    );
    assert!(!String::from_utf8_lossy(&output.stdout).contains("a secret"));
    assert_eq!(place.read("home/project/file.txt"), "ran\n");
}

#[tokio::test]
async fn without_landlock_and_namespaces_nothing_protects_files_and_it_is_told() {
    let Some(place) = traceable().await else {
        return;
    };
    wrapped(&place, "*) echo 'bwrap: no namespace' >&2; exit 1;;");
    let output = under(&place, NO_LANDLOCK, BUBBLEWRAP);
    refuses(&output, &place, "no protection of files");
    let output = under(
        &place,
        NO_LANDLOCK,
        &[BUBBLEWRAP, &["--best-effort"]].concat(),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("no files: the kernel has no Landlock"),
        "{said}"
    );
    assert_eq!(place.read("home/project/file.txt"), "ran\n");
}

#[tokio::test]
async fn without_a_filter_of_system_calls_the_start_is_refused_or_it_is_told() {
    let Some(place) = traceable().await else {
        return;
    };
    let output = under(&place, NO_FILTER, &asked());
    refuses(
        &output,
        &place,
        "the kernel filters no system calls (seccomp)",
    );
    let output = under(
        &place,
        NO_FILTER,
        &[&asked()[..], &["--best-effort"]].concat(),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("no system calls: the kernel filters"),
        "{said}"
    );
    assert_eq!(place.read("home/project/file.txt"), "ran\n");
}

#[tokio::test]
async fn a_layer_that_only_seems_to_be_there_is_noticed() {
    let Some(place) = traceable().await else {
        return;
    };
    // All filters but the first: the host tries once, and so does the shim, with success.
    let fault = "inject=seccomp:retval=0:when=2+";
    let output = under(&place, fault, &asked());
    refuses(&output, &place, "the filter of system calls lets call");
    wrapped(&place, "*) echo 'bwrap: no namespace' >&2; exit 1;;");
    let fault = "inject=landlock_restrict_self:retval=0";
    let output = under(&place, fault, &[BUBBLEWRAP, &["--best-effort"]].concat());
    refuses(&output, &place, "Landlock does not enforce the rules");
}

#[tokio::test]
async fn what_the_kernel_refuses_the_shim_is_left_to_bubblewrap() {
    let Some(place) = traceable().await else {
        return;
    };
    let faults = [
        ("mount_setattr:error=ENOSYS", "lacks calls of Linux 5.12"),
        ("fsopen:error=EPERM", "Operation not permitted"),
    ];
    for (fault, reason) in faults {
        let fault = &format!("inject={fault}");
        let used = place.root().join("used");
        let script = format!("touch {}; exec /usr/bin/bwrap \"$@\"", used.display());
        place.script("bin/bwrap", &script);
        let output = under(&place, fault, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(place.read("home/project/file.txt"), "ran\n", "{said}");
        std::fs::remove_file(used).expect("it was used");
        place.write("home/project/file.txt", "original");
        // Where that is to be done by nobody else, it is refused.
        let output = under(&place, fault, &["--backend", "namespaces"]);
        refuses(&output, &place, "a namespace cannot be made: ");
        refuses(&output, &place, reason);
        wrapped(&place, "*) echo 'bwrap: no namespace' >&2; exit 1;;");
        let output = under(&place, fault, &[]);
        refuses(
            &output,
            &place,
            "a namespace cannot be made: bwrap: no namespace",
        );
    }
}
