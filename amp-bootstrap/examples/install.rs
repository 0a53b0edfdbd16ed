//! Installs a real Amp and asks it for its version: `install [VERSION] [SOURCE]`.
//!
//! Without arguments this is the newest version from npm. The report goes to standard output as
//! JSON; the exit status is 0 only when the installed executable says that it is the version
//! that was installed.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "an example is a program: it reads the environment, prints and runs what it installed"
)]

use std::error::Error;
use std::process::Command;
use std::time::Instant;

use amp_bootstrap::{Event, InstallRequest, Source, Store, VersionSpec, install};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let version: VersionSpec = arguments.next().as_deref().unwrap_or("latest").parse()?;
    let source: Source = arguments.next().as_deref().unwrap_or("npm").parse()?;
    let environment = std::env::vars_os().collect();
    let store = Store::from_environment(&environment)?;
    let request = InstallRequest::new(version).with_sources([source]);

    let start = Instant::now();
    let installed = match install(&store, &request, &environment, &show) {
        Ok(installed) => installed,
        Err(error) => {
            println!("{}", serde_json::to_string_pretty(&error.report())?);
            return Err(error.into());
        }
    };
    eprintln!("ready after {:.3} s", start.elapsed().as_secs_f64());
    println!("{}", serde_json::to_string_pretty(&installed)?);

    let lease = store.lease(&installed.version, amp_bootstrap::Platform::detect()?)?;
    let home = tempfile::tempdir()?;
    let output = Command::new(lease.path())
        .arg("--version")
        .env("HOME", home.path())
        .env("AMP_SKIP_UPDATE_CHECK", "1")
        .output()?;
    let answer = String::from_utf8_lossy(&output.stdout);
    eprintln!("{}", answer.trim());
    if !output.status.success() || !answer.starts_with(&installed.version.to_string()) {
        return Err(format!(
            "{} answered {answer:?}, {}",
            installed.version, output.status
        )
        .into());
    }
    Ok(())
}

fn show(event: &Event<'_>) {
    if !matches!(event, Event::Advanced { .. }) {
        eprintln!("{event:?}");
    }
}
