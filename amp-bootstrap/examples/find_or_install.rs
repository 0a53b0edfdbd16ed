//! Takes the Amp that is there, or else installs the newest: the program of the front page.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "an example is a program: it reads the environment and prints"
)]

use amp_bootstrap::{InstallRequest, Platform, Silent, Store, VersionSpec, install, locate};

// Visible to the test that runs it.
pub(crate) fn main() -> Result<(), amp_bootstrap::Error> {
    let environment = std::env::vars_os().collect();
    let store = Store::from_environment(&environment)?;
    let newest = InstallRequest::new(VersionSpec::Latest);
    let path = match locate(&environment, Some(&store), Platform::detect()?).found {
        Some(found) => found.path,
        None => install(&store, &newest, &environment, &Silent)?.path,
    };
    println!("{}", path.display());
    Ok(())
}
