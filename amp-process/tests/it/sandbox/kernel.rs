//! Ways into the kernel, other processes and other sockets.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use amp_process::sandbox::Policy;

use super::{Place, reach, run, shell};

#[tokio::test]
async fn system_calls_that_lead_out_fail() {
    let place = Place::new();
    let calls = [
        "unshare",
        "mount",
        "ptrace",
        "io_uring",
        "keyctl",
        "bpf",
        "chroot",
        "personality",
    ];
    let Some(said) = reach(&place, place.policy(), &calls).await else {
        return;
    };
    let expected = calls.map(|call| match call {
        "io_uring" => format!("{call}: Function not implemented (os error 38)"),
        _ => format!("{call}: Operation not permitted (os error 1)"),
    });
    assert_eq!(said.lines, expected);
}

#[tokio::test]
async fn other_kinds_of_sockets_cannot_be_made() {
    let place = Place::new();
    let kinds = ["vsock", "netlink", "packet", "raw", "unix"];
    let attempts = kinds.map(|kind| format!("socket:{kind}"));
    let attempts = attempts.each_ref().map(String::as_str);
    let Some(said) = reach(&place, place.policy(), &attempts).await else {
        return;
    };
    for line in &said.lines {
        assert!(!line.contains("reached"), "{line}");
    }
    assert_eq!(said.lines.len(), kinds.len());
}

#[tokio::test]
async fn sockets_of_the_host_cannot_be_reached_by_path_or_name() {
    let place = Place::new();
    // In the project, where its path is visible, as an agent of the host could leave one.
    let path = place.project.join("agent.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let name = format!("amp-process-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract = UnixListener::bind_addr(&address).unwrap();
    let attempts = [
        format!("unix:{}", path.display()),
        format!("abstract:{name}"),
    ];
    let attempts = attempts.each_ref().map(String::as_str);
    let Some(said) = reach(&place, place.policy(), &attempts).await else {
        return;
    };
    for line in &said.lines {
        assert!(line.contains("Address family not supported"), "{line}");
    }
    // With Unix sockets allowed, a name still belongs to another network.
    let policy = place.policy().with_unix_sockets();
    let said = reach(&place, policy, &attempts).await.unwrap();
    assert!(said.lines[0].contains("reached"), "{:?}", said.lines);
    assert!(said.lines[1].contains("refused"), "{:?}", said.lines);
}

#[tokio::test]
async fn processes_of_the_host_cannot_be_signalled() {
    let place = Place::new();
    let host = format!("kill:{}", std::process::id());
    let Some(said) = reach(&place, place.policy(), &[&host]).await else {
        return;
    };
    assert!(
        said.lines[0].ends_with("No such process (os error 3)"),
        "{:?}",
        said.lines
    );
}

#[tokio::test]
async fn nothing_within_gains_privileges() {
    let place = Place::new();
    let script = "grep -E '^(NoNewPrivs|CapEff|CapPrm|CapBnd|CapAmb|CapInh)' /proc/self/status";
    for transparent in [false, true] {
        let policy = place
            .policy()
            .with_network(amp_process::sandbox::Network::Hosts {
                rules: vec!["example.com=127.0.0.1:9".parse().unwrap()],
                transparent,
            });
        let Some(said) = shell(&place, policy, script).await else {
            return;
        };
        for line in &said.lines {
            let (name, value) = line.split_once(":\t").unwrap();
            let expected = if name == "NoNewPrivs" {
                "1"
            } else {
                "0000000000000000"
            };
            assert_eq!(value, expected, "{line}");
        }
        assert_eq!(said.lines.len(), 6);
    }
}

#[tokio::test]
async fn variables_that_are_not_allowed_are_not_seen() {
    let place = Place::new();
    let script = "env; tr '\\0' '\\n' < /proc/1/environ";
    let Some(said) = shell(&place, place.policy(), script).await else {
        return;
    };
    let text = said.text();
    assert!(text.contains("HOME=") && !text.contains("SECRET"), "{text}");
    let policy = place.policy().with_variable("SECRET");
    let said = shell(&place, policy, "echo $SECRET").await.unwrap();
    assert_eq!(said.lines, ["a secret"]);
}

#[tokio::test]
async fn a_variable_that_is_withheld_is_the_programs_and_no_commands() {
    let place = Place::new();
    let policy = place.policy().with_variable("SECRET");
    // The program is no shell; those that it starts look everywhere.
    let program = |policy: &Policy| {
        let script = "echo \"own [$SECRET]\"; cat /proc/[0-9]*/environ | tr '\\0' '\\n' | \
                      grep -c '^SECRET='; sh -c 'echo $0 $1' sh nested; \
                      bash -c 'kill -0 $PPID && exit 7'; echo $?; exit 3";
        let program = place.spec("/usr/bin/env", policy.clone());
        program.with_arguments(["/usr/bin/timeout", "60", "/bin/sh", "-c", script])
    };
    let Some(seen) = run(program(&policy)).await else {
        return;
    };
    assert_eq!(seen.lines[0], "own [a secret]", "{}", seen.text());
    assert_ne!(seen.lines[1], "0", "{}", seen.text());
    let withheld = policy.with_withheld_variable("SECRET");
    let said = run(program(&withheld)).await.expect("a sandbox");
    assert_eq!(
        said.lines,
        ["own []", "0", "sh nested", "7"],
        "{}",
        said.text()
    );
    assert_eq!(said.exit.status().code(), Some(3));
    let program = place.spec("/usr/bin/printenv", withheld);
    let said = run(program.with_argument("SECRET"))
        .await
        .expect("a sandbox");
    assert_eq!(said.lines, ["a secret"]);
}

#[tokio::test]
async fn a_descriptor_that_the_host_forgot_to_close_leads_nowhere() {
    let place = Place::new();
    let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY;
    let root = rustix::fs::open("/", flags, rustix::fs::Mode::empty()).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&root);
    let script = format!("ls /proc/self/fd/{number}/ && echo open; true");
    if let Some(said) = shell(&place, place.policy(), &script).await {
        assert_eq!(said.lines, [""; 0], "{}", said.text());
    }
}
