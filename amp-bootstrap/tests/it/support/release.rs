//! A made-up release in every form that publishers offer.

use std::io::Write;

use amp_bootstrap::{CliVersion, Platform};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256, Sha512};

use super::server::{Reply, Server};
use super::world::LINUX;

const NPM_PLATFORM: &str = "linux-x64";

/// One version of an executable that prints its version.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) version: CliVersion,
    pub(crate) platform: Platform,
    pub(crate) executable: Vec<u8>,
    pub(crate) gzipped: Vec<u8>,
}

impl Release {
    /// Makes a release whose executable has about `size` bytes that hardly compress.
    pub(crate) fn new(version: &str, size: usize) -> Self {
        let mut executable = format!("#!/bin/sh\necho {version}\nexit 0\n").into_bytes();
        let mut state: u32 = version.bytes().map(u32::from).sum();
        while executable.len() < size {
            // A linear congruential generator: the same bytes on every run.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            executable.push((state >> 24) as u8);
        }
        Self {
            version: version.parse().unwrap(),
            platform: LINUX,
            gzipped: gzip(&executable),
            executable,
        }
    }

    pub(crate) fn sha256(&self) -> String {
        hexadecimal(&Sha256::digest(&self.executable))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        format!("/cli/{}/{name}", self.version)
    }

    pub(crate) fn gzip_path(&self) -> String {
        format!("{}.gz", self.raw_path())
    }

    pub(crate) fn raw_path(&self) -> String {
        let suffix = self.platform.executable_name().trim_start_matches("amp");
        self.path(&format!("amp-{}{suffix}", self.platform))
    }

    pub(crate) fn checksum_path(&self) -> String {
        self.path(&format!("{}-amp.sha256", self.platform))
    }

    /// Serves the release in the official layout.
    pub(crate) fn serve(&self, server: &Server) {
        server.route(
            "/cli/cli-version.txt",
            [Reply::body(format!("{}\n", self.version))],
        );
        server.route(&self.checksum_path(), [Reply::body(self.sha256())]);
        server.route(
            &self.gzip_path(),
            [Reply::file(self.gzipped.clone(), "\"g1\"")],
        );
        server.route(
            &self.raw_path(),
            [Reply::file(self.executable.clone(), "\"r1\"")],
        );
    }

    /// Packs the executable as npm's platform packages do.
    pub(crate) fn package(&self) -> Vec<u8> {
        let manifest = format!("{{\"version\":\"{}\"}}", self.version);
        tarball(&[
            Member::file("package/package.json", manifest.as_bytes()),
            Member::file("package/amp", &self.executable),
        ])
    }

    /// Serves a tarball as the only version of npm's platform package.
    pub(crate) fn serve_package(&self, server: &Server, tarball: &[u8]) {
        self.serve_document(server, &integrity(tarball));
        server.route(&self.tarball_path(), [Reply::file(tarball, "\"t1\"")]);
    }

    pub(crate) fn serve_document(&self, server: &Server, integrity: &str) {
        let document = serde_json::json!({
            "name": format!("@ampcode/cli-{NPM_PLATFORM}"),
            "dist-tags": { "latest": self.version.to_string() },
            "versions": {
                self.version.to_string(): {
                    "dist": {
                        "integrity": integrity,
                        "tarball": format!("{}{}", server.url(), self.tarball_path()),
                    }
                }
            }
        });
        server.route(DOCUMENT_PATH, [Reply::body(document.to_string())]);
    }

    pub(crate) fn tarball_path(&self) -> String {
        format!(
            "/@ampcode/cli-{NPM_PLATFORM}/-/cli-{NPM_PLATFORM}-{}.tgz",
            self.version
        )
    }
}

pub(crate) const DOCUMENT_PATH: &str = "/@ampcode%2fcli-linux-x64";

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha512-{}", BASE64_STANDARD.encode(Sha512::digest(bytes)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A member of a tar archive, as hostile as it may be.
pub(crate) struct Member<'a> {
    path: &'a str,
    content: Content<'a>,
    kind: tar::EntryType,
    link: Option<&'a str>,
}

enum Content<'a> {
    Bytes(&'a [u8]),
    /// So many MiB of one value.
    Repeated(u8, u32),
}

impl<'a> Member<'a> {
    pub(crate) fn file(path: &'a str, content: &'a [u8]) -> Self {
        Self::of_kind(tar::EntryType::Regular, path, content)
    }

    pub(crate) fn of_kind(kind: tar::EntryType, path: &'a str, content: &'a [u8]) -> Self {
        Self {
            path,
            content: Content::Bytes(content),
            kind,
            link: None,
        }
    }

    /// A member whose content is so many MiB of one byte.
    pub(crate) fn repeated(kind: tar::EntryType, path: &'a str, byte: u8, mebibytes: u32) -> Self {
        Self {
            content: Content::Repeated(byte, mebibytes),
            ..Self::of_kind(kind, path, &[])
        }
    }

    pub(crate) fn symlink(path: &'a str, target: &'a str) -> Self {
        Self::link(tar::EntryType::Symlink, path, target)
    }

    pub(crate) fn link(kind: tar::EntryType, path: &'a str, target: &'a str) -> Self {
        Self {
            link: Some(target),
            ..Self::of_kind(kind, path, &[])
        }
    }
}

/// Packs members without any of the checks that an honest packer makes.
pub(crate) fn tarball(members: &[Member<'_>]) -> Vec<u8> {
    let mut tarball = Vec::new();
    for member in members {
        let mut header = tar::Header::new_ustar();
        let name = member.path.as_bytes();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_mode(0o755);
        if member.kind != tar::EntryType::Regular {
            header.set_entry_type(member.kind);
        }
        if let Some(target) = member.link {
            header.set_link_name(target).unwrap();
        }
        let size = match member.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Repeated(_, mebibytes) => u64::from(mebibytes) << 20,
        };
        header.set_size(size);
        header.set_cksum();
        tarball.extend(match member.content {
            Content::Bytes(bytes) => {
                let padding = vec![0; bytes.len().next_multiple_of(512) - bytes.len()];
                gzip(&[header.as_bytes(), bytes, &padding].concat())
            }
            Content::Repeated(byte, mebibytes) => {
                let one = gzip(&vec![byte; 1 << 20]);
                let all = one.repeat(mebibytes as usize);
                [gzip(header.as_bytes()), all].concat()
            }
        });
    }
    tarball.extend(gzip(&[0; 1024]));
    tarball
}
