//! Through proxies, and around them.

use std::fs;

use amp_bootstrap::ErrorKind;

use crate::support::certificates::Authority;
use crate::support::proxy::{Kind, Proxy, behind_tls};
use crate::support::server::Server;
use crate::support::world::World;

/// A world behind TLS, as the real publishers are.
fn secure_world() -> World {
    let authority = Authority::new();
    let mut world = World::with_server(Server::start_tls(authority.server(2000, 2100)));
    fs::write(world.path("ca.pem"), authority.pem()).unwrap();
    world.set("SSL_CERT_FILE", world.path("ca.pem"));
    world
}

#[test]
fn an_http_proxy_carries_everything() {
    let mut world = secure_world();
    let proxy = Proxy::start(Kind::Http);
    world.set("HTTPS_PROXY", proxy.url("http", ""));
    world.installs();
    let target = format!("localhost:{}", world.server.port());
    assert!(!proxy.targets().is_empty());
    assert!(proxy.targets().iter().all(|reached| *reached == target));
}

#[test]
fn a_plain_address_goes_through_the_http_proxy() {
    let mut world = World::new();
    let proxy = Proxy::start(Kind::Http);
    world.set("http_proxy", proxy.url("http", ""));
    world.installs();
    assert!(!proxy.targets().is_empty());
}

#[test]
fn credentials_in_the_proxy_url_are_used_and_never_shown() {
    let mut world = secure_world();
    let proxy = Proxy::start(Kind::HttpWithPassword);
    world.set("HTTPS_PROXY", proxy.url("http", "user:word@"));
    world.installs();
    let mut world = secure_world();
    world.set("HTTPS_PROXY", proxy.url("http", "user:wrong-secret@"));
    let error = world.install().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Proxy);
    let shown = format!(
        "{error} {error:?} {}",
        serde_json::to_string(&error.report()).unwrap()
    );
    assert!(shown.contains("407"), "{shown}");
    assert!(!shown.contains("wrong-secret"), "{shown}");
    assert_eq!(world.count("Retrying"), 0);
}

#[test]
fn a_dead_proxy_is_named() {
    let mut world = secure_world();
    world.set("HTTPS_PROXY", "http://127.0.0.1:1");
    world.fails(ErrorKind::Proxy).reads("proxy_dead");
    assert!(world.server.requests().is_empty());
}

#[test]
fn a_proxy_setting_that_is_no_url_is_an_error() {
    let mut world = secure_world();
    world.set("HTTPS_PROXY", "ftp://127.0.0.1:1");
    world.fails(ErrorKind::Proxy).reads("proxy_not_a_url");
}

#[test]
fn exceptions_go_around_the_proxy() {
    let mut world = secure_world();
    let proxy = Proxy::start(Kind::Http);
    world.set("HTTPS_PROXY", proxy.url("http", ""));
    world.set("NO_PROXY", "example.com, localhost");
    world.installs();
    assert!(proxy.targets().is_empty());
}

#[test]
fn socks_proxies_carry_everything() {
    for scheme in ["socks5", "socks5h"] {
        let mut world = secure_world();
        let proxy = Proxy::start(Kind::Socks5);
        world.set("ALL_PROXY", proxy.url(scheme, ""));
        world.installs();
        assert!(!proxy.targets().is_empty());
    }
}

#[test]
fn a_proxy_that_is_itself_behind_tls_carries_everything() {
    let authority = Authority::new();
    let mut world = World::with_server(Server::start_tls(authority.server(2000, 2100)));
    fs::write(world.path("ca.pem"), authority.pem()).unwrap();
    world.set("SSL_CERT_FILE", world.path("ca.pem"));
    let proxy = Proxy::start(Kind::Http);
    let port = behind_tls(&proxy, authority.server(2000, 2100));
    world.set("HTTPS_PROXY", format!("https://localhost:{port}"));
    world.installs();
    assert!(!proxy.targets().is_empty());
}
