//! The program for Windows, under Wine.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::{LIMIT, mirror, recordings, untried};
use crate::command;
use crate::release::build::Checkout;
use crate::release::target::Target;
use crate::say;
use crate::windows::Wine;

/// Runs the program in a Windows of its own: it installs, runs, goes on with a thread, and finds
/// nothing wrong. Amp is the fake agent.
pub(super) async fn program(
    checkout: &Checkout,
    target: &Target,
    program: &Path,
    version: &str,
    required: bool,
) -> Result<()> {
    let prefix = tempfile::tempdir()?;
    let wine = match Wine::boot(prefix.path()).await {
        Ok(wine) => wine,
        Err(missing) => return untried(&format!("Windows: {missing:#}"), required),
    };
    let folder = tempfile::tempdir()?;
    let agent = fs::read(checkout.build_fake_agent(target).await?)?;
    // Which of the two Wine's processor gets is its own affair.
    for platform in ["windows-x64", "windows-x64-baseline"] {
        mirror(&folder.path().join("mirror"), &agent, platform, ".exe")?;
    }
    recordings(&folder.path().join("replay"))?;
    // Wine has the root of this machine as this drive.
    let windows_path = |below: &str| {
        let path = folder.path().join(below);
        format!("Z:{}", path.display()).replace('/', "\\")
    };
    let replay = [windows_path("replay/first"), windows_path("replay/second")].join(";");
    let run = async |arguments: &[&str]| -> Result<String> {
        let spec = wine
            .program(program)
            .with_arguments(arguments.iter().copied())
            .with_variable("AMP_API_KEY", "a-key-for-trials")
            .with_variable("FAKE_AGENT_REPLAY", &replay)
            .with_working_directory(folder.path());
        let finished = command::run(spec, LIMIT).await?;
        ensure!(
            finished.exit.status().is_success(),
            "`ampctl.exe` {arguments:?}: {}\n{}{}",
            finished.exit.status(),
            finished.stdout,
            finished.exit.stderr()
        );
        Ok(finished.stdout)
    };
    let said = run(&["--version"]).await?;
    ensure!(
        said.starts_with(&format!("ampctl {version}")),
        "it says {said:?}"
    );
    let installed = run(&["install", "--source", "mirror"]).await?;
    let which = run(&["which"]).await?;
    ensure!(which.trim() == installed.trim(), "it finds {which:?}");
    run(&["versions", "--verify"]).await?;
    for arguments in [["run", "hello"], ["continue", "and again"]] {
        let answer = run(&arguments).await?;
        ensure!(!answer.trim().is_empty(), "{arguments:?} answers nothing");
    }
    run(&["doctor"]).await?;
    say("tried under Wine: install, which, versions, run, continue, doctor");
    Ok(())
}
