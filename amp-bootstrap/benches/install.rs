//! How long an installation takes, next to what a careful shell script would need.
//!
//! `cargo bench -p amp-bootstrap` measures a warm start and a cold installation of a package as
//! large as the real one from loopback. With `-- real` the cold installation is that of the
//! newest real package from npm. The yardstick is `curl`, `sha512sum` and `tar` on the same URL in
//! the same run, in turns.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark is a program: it reads the environment, and starts the yardstick"
)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use amp_bootstrap::{
    InstallRequest, Installed, Silent, Source, Store, Variables, VersionSpec, install,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fixtures::benchmark::Row;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha512};

const VERSION: &str = "0.0.1790142911-g7618fb";
const EXECUTABLE_BYTES: usize = 101_238_240;
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --all-targets` starts benchmarks too, without this.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let real = std::env::args().any(|argument| argument == "real");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut environment: Variables = std::env::vars_os().collect();
    if !real {
        let registry = serve_made_up_package();
        environment.insert("NPM_CONFIG_REGISTRY".into(), registry.into());
    }
    let request = InstallRequest::new(VersionSpec::Latest).with_sources([Source::Npm]);
    let installing = |store: &Store| {
        install(store, &request, &environment, &Silent).unwrap_or_else(|error| panic!("{error:?}"))
    };

    // The first round fills whatever caches lie between here and the registry.
    let warm_store = Store::at(folder.path().join("warm"));
    let installed = installing(&warm_store);
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for round in 0..ROUNDS {
        let store_folder = folder.path().join(format!("cold-{round}"));
        ours.push(time(|| installing(&Store::at(&store_folder))));
        std::fs::remove_dir_all(&store_folder).expect("the store can be removed");
        theirs.push(time(|| {
            yardstick(&installed, &folder.path().join(format!("script-{round}")));
        }));
    }
    let tools = "curl, sha512sum and tar";
    let cold = Row::of("cold installation", "ms", &ours, tools, &theirs);
    let warm: Vec<f64> = (0..2000)
        .map(|_| time(|| installing(&warm_store)))
        .collect();
    let again = vec![cold.ours; warm.len()];
    let rows = [
        cold,
        Row::of("warm start", "ms", &warm, "a cold installation", &again),
    ];
    for row in rows {
        row.print().expect("somebody reads it");
    }
}

/// Returns how many milliseconds some work takes.
fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64() * 1e3
}

/// Does the same with the usual tools, without the lock, the receipt and the durability.
fn yardstick(installed: &Installed, folder: &Path) {
    std::fs::create_dir(folder).expect("a folder");
    let script = "curl --silent --show-error --fail --location --output package.tgz \"$1\" \
                  && sha512sum package.tgz > digest && tar xzf package.tgz";
    let status = Command::new("sh")
        .args(["-ec", script, "sh", &installed.location])
        .current_dir(folder)
        .status()
        .expect("a shell");
    assert!(status.success());
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}

/// Serves a package of the real size and compressibility; returns the registry's URL.
fn serve_made_up_package() -> String {
    let mut executable = Vec::with_capacity(EXECUTABLE_BYTES);
    let mut state: u32 = 1;
    while executable.len() < EXECUTABLE_BYTES {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let random = (state >> 8).to_le_bytes();
        // Three bytes that do not compress and four that do give the real package's ratio.
        executable.extend_from_slice(&[random[0], random[1], random[2], 0x48, 0x89, 0xe5, 0x0f]);
    }
    let mut header = tar::Header::new_ustar();
    header.set_path("package/amp").expect("a short path");
    header.set_size(executable.len() as u64);
    header.set_mode(0o755);
    header.set_cksum();
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    builder
        .append(&header, executable.as_slice())
        .expect("an archive");
    let package = builder
        .into_inner()
        .and_then(GzEncoder::finish)
        .expect("an archive");

    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let integrity = format!(
        "sha512-{}",
        BASE64_STANDARD.encode(Sha512::digest(&package))
    );
    let document = serde_json::json!({
        "dist-tags": { "latest": VERSION },
        "versions": { VERSION: { "dist": {
            "integrity": integrity,
            "tarball": format!("{url}/package.tgz"),
        } } }
    });
    let document = document.to_string().into_bytes();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap_or(0);
            let wants_package = request[..count].starts_with(b"GET /package.tgz");
            let body = if wants_package { &package } else { &document };
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            // A client that leaves early shows up as a failed installation.
            drop(
                stream
                    .write_all(head.as_bytes())
                    .and_then(|()| stream.write_all(body)),
            );
        }
    });
    url
}
