//! Certificates: only those that somebody trusted vouches for.

use std::fs;

use amp_bootstrap::ErrorKind;

use crate::support::certificates::Authority;
use crate::support::server::Server;
use crate::support::world::World;

fn world_of(authority: &Authority, from: i32, to: i32) -> World {
    World::with_server(Server::start_tls(authority.server(from, to)))
}

#[test]
fn a_private_authority_is_believed_when_it_is_named() {
    for variable in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
        let authority = Authority::new();
        let mut world = world_of(&authority, 2000, 2100);
        fs::write(world.path("ca.pem"), authority.pem()).unwrap();
        world.set(variable, world.path("ca.pem"));
        world.installs();
    }
}

#[test]
fn a_folder_of_authorities_is_believed_when_it_is_named() {
    let authority = Authority::new();
    let mut world = world_of(&authority, 2000, 2100);
    let folder = world.path("certificates");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("0a1b2c3d.0"), authority.pem()).unwrap();
    world.set("SSL_CERT_DIR", &folder);
    world.installs();
}

#[test]
fn an_unknown_authority_is_refused_at_once() {
    let world = world_of(&Authority::new(), 2000, 2100);
    world.fails(ErrorKind::Tls).reads("trust_unknown_authority");
    assert_eq!(world.count("Retrying"), 0);
    assert!(world.server.requests().is_empty());
}

#[test]
fn another_authority_of_the_same_kind_is_refused() {
    let mut world = world_of(&Authority::new(), 2000, 2100);
    fs::write(world.path("ca.pem"), Authority::new().pem()).unwrap();
    world.set("SSL_CERT_FILE", world.path("ca.pem"));
    world.fails(ErrorKind::Tls);
}

#[test]
fn a_certificate_outside_of_its_time_is_refused() {
    for (from, to, reason) in [(2000, 2001, "expired"), (2090, 2100, "not valid yet")] {
        let authority = Authority::new();
        let mut world = world_of(&authority, from, to);
        fs::write(world.path("ca.pem"), authority.pem()).unwrap();
        world.set("SSL_CERT_FILE", world.path("ca.pem"));
        let report = world.install().unwrap_err().report();
        assert_eq!(report.kind, ErrorKind::Tls);
        assert!(report.causes[0].contains(reason), "{report:?}");
        world.holds_nothing_executable();
    }
}

#[test]
fn a_file_without_certificates_is_named() {
    let mut world = world_of(&Authority::new(), 2000, 2100);
    fs::write(world.path("bad.pem"), "no certificate").unwrap();
    world.set("SSL_CERT_FILE", world.path("bad.pem"));
    world.fails(ErrorKind::Tls).reads("trust_bad_file");
    world.set("SSL_CERT_FILE", world.path("missing.pem"));
    world.fails(ErrorKind::Tls).reads("trust_missing_file");
}
