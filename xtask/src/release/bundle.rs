//! What belongs to a program, and the archive that it comes in.

use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_process::ProcessSpec;
use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};

use super::build::Checkout;
use super::target::Target;
use crate::{command, machine};

/// Texts that go along as they are.
const TEXTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// A shell, and what a script of completions for it is called.
pub(super) const COMPLETIONS: [(&str, &str); 4] = [
    ("bash", "ampctl.bash"),
    ("zsh", "_ampctl"),
    ("fish", "ampctl.fish"),
    ("powershell", "ampctl.ps1"),
];

/// A file of an archive.
#[derive(Debug)]
pub(super) struct Item {
    /// Its path in the archive.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    pub(super) is_executable: bool,
}

/// Everything that a program is delivered with.
#[derive(Debug)]
pub(super) struct Content(pub(super) Vec<Item>);

impl Content {
    /// Collects the program, its texts, completions and manual pages.
    pub(super) async fn collect(
        checkout: &Checkout,
        target: &Target,
        executable: PathBuf,
    ) -> Result<Self> {
        let mut items = vec![Item {
            path: target.executable().to_owned(),
            bytes: fs::read(&executable).with_context(|| executable.display().to_string())?,
            is_executable: true,
        }];
        for text in TEXTS {
            items.push(Item {
                path: text.to_owned(),
                bytes: fs::read(checkout.source().join(text))?,
                is_executable: false,
            });
        }
        let asked = match target.runs_here() {
            true => ProcessSpec::new(executable).with_environment(machine::environment()),
            false => checkout.program_of_this_machine(),
        };
        for (shell, name) in COMPLETIONS {
            let ask = asked.clone().with_arguments(["completions", shell]);
            items.push(Item {
                path: format!("completions/{name}"),
                bytes: command::output(ask, LIMIT).await?.into_bytes(),
                is_executable: false,
            });
        }
        let pages = tempfile::tempdir()?;
        let ask = asked.with_arguments(["man", "--directory"]);
        command::output(ask.with_argument(pages.path()), LIMIT).await?;
        let mut names: Vec<PathBuf> = fs::read_dir(pages.path())?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        names.sort();
        for path in names {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            items.push(Item {
                path: format!("man/{name}"),
                bytes: fs::read(&path)?,
                is_executable: false,
            });
        }
        Ok(Self(items))
    }

    /// Writes the archive of a target: zip for Windows, a gzipped tar elsewhere.
    pub(super) fn write_archive(
        &self,
        target: &Target,
        version: &str,
        epoch: u64,
        out: &Path,
    ) -> Result<PathBuf> {
        let folder = format!("ampctl-{version}-{}", target.triple);
        let (name, bytes) = match target.system {
            "windows" => (format!("{folder}.zip"), self.zipped(&folder)?),
            _ => (format!("{folder}.tar.gz"), self.tarred(&folder, epoch)?),
        };
        let path = out.join(name);
        File::create(&path)?.write_all(&bytes)?;
        Ok(path)
    }

    /// Packs everything below a folder, with one time, no owner, and in one order.
    fn tarred(&self, folder: &str, epoch: u64) -> Result<Vec<u8>> {
        let packed = GzBuilder::new().write(Vec::new(), Compression::best());
        let mut archive = tar::Builder::new(packed);
        for item in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_size(item.bytes.len() as u64);
            header.set_mode(if item.is_executable { 0o755 } else { 0o644 });
            header.set_mtime(epoch);
            header.set_uid(0);
            header.set_gid(0);
            let path = format!("{folder}/{}", item.path);
            archive.append_data(&mut header, path, item.bytes.as_slice())?;
        }
        Ok(archive.into_inner()?.finish()?)
    }

    fn zipped(&self, folder: &str) -> Result<Vec<u8>> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for item in &self.0 {
            // Without a time: the oldest that the format knows.
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Deflated)
                .last_modified_time(zip::DateTime::default())
                .unix_permissions(if item.is_executable { 0o755 } else { 0o644 });
            archive.start_file(format!("{folder}/{}", item.path), options)?;
            archive.write_all(&item.bytes)?;
        }
        Ok(archive.finish()?.into_inner())
    }
}

/// Time for the program to write its pages, when it has to be built first.
const LIMIT: Duration = Duration::from_secs(20 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_is_the_same_archive() {
        let content = || {
            Content(vec![Item {
                path: "ampctl".to_owned(),
                bytes: b"program".to_vec(),
                is_executable: true,
            }])
        };
        let once = content().tarred("a", 1_790_000_000).expect("an archive");
        let again = content().tarred("a", 1_790_000_000).expect("an archive");
        assert!(once == again);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(once.as_slice()));
        let member = archive.entries().expect("members").next();
        let member = member.expect("a member").expect("a sound one");
        assert_eq!(member.header().mode().expect("a mode"), 0o755);
        assert_eq!(member.header().uid().expect("an owner"), 0);
        assert_eq!(member.header().mtime().expect("a time"), 1_790_000_000);
        let zipped = || content().zipped("a").expect("an archive");
        assert!(zipped() == zipped());
    }
}
