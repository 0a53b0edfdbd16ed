//! Runs a command in a sandbox, and says afterwards what its network was asked for.
//!
//! ```text
//! confine [--read PATH] [--write PATH] [--hide PATH] [--host RULE] [--variable NAME] [--open]
//!         [--transparent] [--best-effort] [--backend NAME] -- COMMAND ARGUMENTS…
//! ```
//!
//! The exit code is the command's own; 125 when it could not be started.

use std::io::Write;
use std::process::ExitCode;

use amp_process::ProcessSpec;
use amp_process::sandbox::{Access, Backend, HostRule, Network, Policy, Sandbox, SandboxStatus};

fn main() -> ExitCode {
    amp_process::run_shim_if_requested();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    match runtime.block_on(run(std::env::args().skip(1))) {
        Ok(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            say(&format!("confine: {error}"));
            ExitCode::from(125)
        }
    }
}

async fn run(arguments: impl Iterator<Item = String>) -> Result<i32, Box<dyn std::error::Error>> {
    let mut process = spec(arguments)?.spawn().await?;
    let mut output = std::io::stdout();
    while let Some(line) = process.next_line().await? {
        output.write_all(line.bytes())?;
        output.write_all(b"\n")?;
    }
    let status = process.sandbox().cloned();
    let exit = process.finish().await;
    say(exit.stderr().to_string().trim_end());
    for layer in status.iter().flat_map(SandboxStatus::layers) {
        if let Some(absence) = &layer.absence {
            say(&format!("confine: no {}: {absence}", layer.layer));
        }
    }
    for decision in status
        .iter()
        .flat_map(|status| status.network().decisions())
    {
        say(&format!("confine: {decision}"));
    }
    Ok(exit.status().code().unwrap_or(1))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program hands on what it was given"
)]
fn spec(
    mut arguments: impl Iterator<Item = String>,
) -> Result<ProcessSpec, Box<dyn std::error::Error>> {
    let mut policy = Policy::new().with_variable("PATH");
    let mut rules: Vec<HostRule> = Vec::new();
    let (mut open, mut transparent, mut best_effort) = (false, false, false);
    let mut backend = None;
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or("an option lacks its value");
        match option.as_str() {
            "--read" => policy = policy.with_files(value()?, Access::Readable),
            "--write" => policy = policy.with_files(value()?, Access::Writable),
            "--hide" => policy = policy.with_files(value()?, Access::Hidden),
            "--host" => rules.push(value()?.parse()?),
            "--variable" => policy = policy.with_variable(value()?),
            "--open" => open = true,
            "--transparent" => transparent = true,
            "--best-effort" => best_effort = true,
            "--backend" => {
                let name = value()?;
                let known = [Backend::Namespaces, Backend::Bubblewrap];
                let named = known.into_iter().find(|known| known.as_str() == name);
                backend = Some(named.ok_or("there is no such backend")?);
            }
            "--" => break,
            _ => return Err(format!("{option} is no option").into()),
        }
    }
    policy = policy.with_network(match open {
        true => Network::Open,
        false => Network::Hosts { rules, transparent },
    });
    let mut sandbox = Sandbox::new(policy);
    if best_effort {
        sandbox = sandbox.best_effort();
    }
    if let Some(backend) = backend {
        sandbox = sandbox.with_backend(backend);
    }
    let command = arguments.next().ok_or("there is no command")?;
    Ok(ProcessSpec::new(command)
        .with_arguments(arguments)
        .with_environment(std::env::vars_os().collect())
        .with_sandbox(sandbox))
}

fn say(line: &str) {
    if !line.is_empty() {
        // Nobody who reads is nobody to complain to.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
