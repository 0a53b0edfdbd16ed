//! The Debian package: one static program, where Debian has programs, pages and completions.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::Result;
use flate2::{Compression, GzBuilder};

use super::build::Checkout;
use super::bundle::Content;
use crate::{command, machine};

/// Returns where a file of the archive goes on Debian; others stay behind.
fn place(path: &str) -> Option<String> {
    Some(match path {
        "ampctl" => "usr/bin/ampctl".to_owned(),
        "CHANGELOG.md" => "usr/share/doc/ampctl/changelog.gz".to_owned(),
        "completions/ampctl.bash" => "usr/share/bash-completion/completions/ampctl".to_owned(),
        "completions/_ampctl" => "usr/share/zsh/vendor-completions/_ampctl".to_owned(),
        "completions/ampctl.fish" => "usr/share/fish/vendor_completions.d/ampctl.fish".to_owned(),
        _ => format!("usr/share/man/man1/{}.gz", path.strip_prefix("man/")?),
    })
}

/// Writes the package.
pub(super) async fn write(
    content: &Content,
    architecture: &str,
    version: &str,
    checkout: &Checkout,
    out: &Path,
) -> Result<PathBuf> {
    let root = tempfile::tempdir()?;
    let mut kilobytes = 0;
    for item in &content.0 {
        let Some(place) = place(&item.path) else {
            continue;
        };
        let bytes = match place.ends_with(".gz") {
            true => packed(&item.bytes)?,
            false => item.bytes.clone(),
        };
        kilobytes += bytes.len().div_ceil(1024);
        put(root.path(), &place, &bytes, item.is_executable)?;
    }
    put(
        root.path(),
        "usr/share/doc/ampctl/copyright",
        copyright(content).as_bytes(),
        false,
    )?;
    let control = format!(
        "Package: ampctl\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: The ampctl developers <ampctl@example.invalid>\nInstalled-Size: {kilobytes}\n\
         Recommends: bubblewrap, ca-certificates\nSection: devel\nPriority: optional\n\
         Description: install, run and continue the Amp coding agent\n \
         ampctl finds or installs a verified Amp, runs it, shows what it does, keeps a\n \
         record and goes on with a thread later.\n"
    );
    put(root.path(), "DEBIAN/control", control.as_bytes(), false)?;
    let package = out.join(format!("ampctl_{version}_{architecture}.deb"));
    // Times later than the commit's are set to it.
    let build = ProcessSpec::new("dpkg-deb")
        .with_environment(machine::environment())
        .with_variable("SOURCE_DATE_EPOCH", checkout.epoch.to_string())
        .with_arguments(["--root-owner-group", "-Zxz", "--build"])
        .with_argument(root.path())
        .with_argument(&package);
    command::output(build, Duration::from_secs(300)).await?;
    Ok(package)
}

/// Returns the file on licences: both, whole.
fn copyright(content: &Content) -> String {
    let mut text = "ampctl is licensed under either of the following, at your option.\n".to_owned();
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let item = content.0.iter().find(|item| item.path == name);
        if let Some(item) = item {
            text.push_str(&format!(
                "\n{name}\n\n{}",
                String::from_utf8_lossy(&item.bytes)
            ));
        }
    }
    text
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn put(root: &Path, path: &str, bytes: &[u8], is_executable: bool) -> Result<()> {
    let path = root.join(path);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder)?;
    fs::write(&path, bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |mode| fs::Permissions::from_mode(mode);
        fs::set_permissions(&path, mode(if is_executable { 0o755 } else { 0o644 }))?;
        // Whatever the mask of this user is.
        for folder in folder
            .ancestors()
            .take_while(|folder| folder.starts_with(root))
        {
            fs::set_permissions(folder, mode(0o755))?;
        }
    }
    #[cfg(not(unix))]
    let _ = is_executable;
    Ok(())
}
