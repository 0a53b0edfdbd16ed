//! Redirects: followed where that is safe.

use amp_bootstrap::ErrorKind;

use crate::support::certificates::Authority;
use crate::support::server::{Reply, Server};
use crate::support::world::World;

#[test]
fn redirects_to_other_paths_and_hosts_are_followed() {
    let world = World::new();
    let other = Server::start();
    world.release.serve(&other);
    let elsewhere = format!("{}{}", other.url(), world.release.gzip_path());
    world
        .server
        .route(&world.release.gzip_path(), [Reply::redirect(302, "/moved")]);
    world
        .server
        .route("/moved", [Reply::redirect(307, &elsewhere)]);
    world.installs();
    assert_eq!(other.requests_for(&world.release.gzip_path()).len(), 1);
}

#[test]
fn a_redirect_loop_ends_in_an_error() {
    let world = World::new();
    world.server.route(
        "/cli/cli-version.txt",
        [Reply::redirect(301, "/cli/cli-version.txt")],
    );
    world.fails(ErrorKind::Redirect).reads("redirect_loop");
}

#[test]
fn a_redirect_never_leaves_https() {
    let authority = Authority::new();
    let mut world = World::with_server(Server::start_tls(authority.server(2000, 2100)));
    std::fs::write(world.path("ca.pem"), authority.pem()).unwrap();
    world.set("SSL_CERT_FILE", world.path("ca.pem"));
    let plain = Server::start();
    world.release.serve(&plain);
    let target = format!("{}{}", plain.url(), world.release.gzip_path());
    world
        .server
        .route(&world.release.gzip_path(), [Reply::redirect(302, &target)]);
    world.fails(ErrorKind::Redirect);
    assert!(plain.requests().is_empty());
}
