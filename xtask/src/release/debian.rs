//! The Debian package: one static program, where Debian has programs, pages and completions.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result, ensure};
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

/// Who is named in a package that is no release.
const NOBODY: &str = "A trial that nobody maintains <nobody@example.invalid>";

/// What the package says of itself.
pub(super) struct Control<'a> {
    pub(super) architecture: &'a str,
    pub(super) version: &'a str,
    /// Who answers for it, as [`maintainer`] has read it; nobody in a trial.
    pub(super) maintainer: Option<&'a str>,
}

/// Reads who maintains a package, in the form that Debian's policy asks for.
///
/// # Errors
/// When it is not `NAME <ADDRESS>`, or no mail can ever reach the address.
pub(super) fn maintainer(text: &str) -> Result<String> {
    let parts = text
        .strip_suffix('>')
        .and_then(|text| text.split_once(" <"));
    let (name, address) = parts.context("it is not NAME <ADDRESS>")?;
    let is_plain = |text: &str, also: &str| {
        let is_meant = |c: char| c.is_alphanumeric() || also.contains(c);
        !text.is_empty() && text == text.trim() && text.chars().all(is_meant)
    };
    // A comma would make two of one, and a line break another field.
    ensure!(
        is_plain(name, " .-'"),
        "the name {name:?} has more than words"
    );
    let (mailbox, host) = address.split_once('@').unwrap_or_default();
    ensure!(
        is_plain(mailbox, ".-_+[]") && is_plain(host, ".-") && host.contains('.'),
        "{address:?} is no address"
    );
    let reserved = ["invalid", "example", "test", "localhost"];
    let labels: Vec<&str> = host.rsplit('.').take(2).collect();
    ensure!(
        !labels.iter().any(|label| reserved.contains(label)),
        "no mail reaches {host}"
    );
    Ok(text.to_owned())
}

/// Writes the package.
pub(super) async fn write(
    content: &Content,
    control: &Control<'_>,
    checkout: &Checkout,
    out: &Path,
) -> Result<PathBuf> {
    let Control {
        architecture,
        version,
        maintainer,
    } = control;
    let maintainer = maintainer.unwrap_or(NOBODY);
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
         Maintainer: {maintainer}\nInstalled-Size: {kilobytes}\n\
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maintainer_is_a_name_and_an_address_that_mail_can_reach() {
        for known in [
            "Jo Meyer <jo@meyer.org>",
            "Zoë O'Neil-Lee <zoe+deb@mail.lee.dev>",
            "ampctl <49699333+ampctl[bot]@users.noreply.github.com>",
        ] {
            assert_eq!(maintainer(known).expect(known), known);
        }
        for refused in [
            "",
            "jo@meyer.org",
            "Jo Meyer",
            " <jo@meyer.org>",
            "Jo <jo>",
            "Jo <jo@localhost>",
            "Jo <jo@example.invalid>",
            "Jo <jo@example.com>",
            "Jo, Al <jo@meyer.org>",
            "Jo <jo@meyer.org>\nEssential: yes",
            "Jo\nEssential: yes\nX: <jo@meyer.org>",
        ] {
            assert!(maintainer(refused).is_err(), "{refused:?} was taken");
        }
    }
}
