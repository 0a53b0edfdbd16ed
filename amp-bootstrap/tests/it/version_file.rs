//! Asking which version is the newest.

use std::time::{Duration, Instant, SystemTime};

use amp_bootstrap::{ErrorKind, Outcome, Warning};

use crate::support::server::Reply;
use crate::support::world::World;

const PATH: &str = "/cli/cli-version.txt";

fn answering(replies: impl IntoIterator<Item = Reply>) -> World {
    let world = World::new();
    world.server.route(PATH, replies);
    world
}

fn good(world: &World) -> Reply {
    Reply::body(world.release.version.to_string())
}

#[test]
fn a_missing_version_file_is_an_error_that_names_it() {
    answering([Reply::status(404)])
        .fails(ErrorKind::NotPublished)
        .reads("version_file_missing");
}

#[test]
fn two_server_errors_are_retried() {
    let world = World::new();
    world
        .server
        .route(PATH, [Reply::status(500), Reply::status(503), good(&world)]);
    world.installs();
    assert_eq!(world.server.requests_for(PATH).len(), 3);
    assert_eq!(world.count("Retrying"), 2);
}

#[test]
fn retries_end() {
    let world = answering([Reply::status(500)]);
    world
        .fails(ErrorKind::ServerError)
        .reads("version_file_server_error");
    assert_eq!(world.server.requests_for(PATH).len(), 3);
}

#[test]
fn retry_after_in_seconds_is_obeyed() {
    let world = World::new();
    let busy = Reply::status(429).header("retry-after", "1");
    world.server.route(PATH, [busy, good(&world)]);
    let start = Instant::now();
    world.installs();
    // The pause is the server's to choose; our own would have been a few milliseconds.
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn retry_after_as_a_date_is_obeyed() {
    let world = World::new();
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let busy = Reply::status(503).header("retry-after", &date);
    world.server.route(PATH, [busy, good(&world)]);
    let start = Instant::now();
    world.installs();
    assert!(start.elapsed() >= Duration::from_millis(900));
}

#[test]
fn a_server_that_asks_for_a_long_pause_is_not_waited_for() {
    let busy = Reply::status(429).header("retry-after", "3600");
    let world = answering([busy]);
    world
        .fails(ErrorKind::ServerError)
        .reads("version_file_retry_later");
    assert_eq!(world.server.requests_for(PATH).len(), 1);
}

#[test]
fn a_refused_request_is_not_retried() {
    let world = answering([Reply::status(403)]);
    world
        .fails(ErrorKind::Unauthorized)
        .reads("version_file_refused");
    assert_eq!(world.server.requests_for(PATH).len(), 1);
}

#[test]
fn an_empty_version_file_is_an_error() {
    answering([Reply::body("")])
        .fails(ErrorKind::UnexpectedResponse)
        .reads("version_file_empty");
}

#[test]
fn a_login_page_is_no_version() {
    let page =
        Reply::body("<!doctype html><title>Log in</title>").header("content-type", "text/html");
    answering([page])
        .fails(ErrorKind::UnexpectedResponse)
        .reads("version_file_login_page");
}

#[test]
fn white_space_around_the_version_is_ignored() {
    let world = World::new();
    let text = format!("  {} \r\n", world.release.version);
    world.server.route(PATH, [Reply::body(text)]);
    world.installs();
}

#[test]
fn a_version_that_climbs_out_of_the_store_is_refused() {
    answering([Reply::body("../../../etc/x")])
        .fails(ErrorKind::UnexpectedResponse)
        .reads("version_file_path");
    answering([Reply::body("0.0.1-g../../x")]).fails(ErrorKind::UnexpectedResponse);
}

#[test]
fn an_endless_version_file_is_cut_off() {
    answering([Reply::status(200).claiming(1_000_000_000)])
        .fails(ErrorKind::TooLarge)
        .reads("version_file_endless");
    answering([Reply::body(vec![b'0'; 10_000_000]).chunked()]).fails(ErrorKind::TooLarge);
}

#[test]
fn the_newest_installed_version_is_used_when_nobody_names_the_newest() {
    let mut world = World::new();
    world.request.latest_for = Duration::ZERO;
    world.installs();
    world.server.route(PATH, [Reply::status(500)]);
    let installed = world.installs();
    assert_eq!(installed.outcome, Outcome::AlreadyInstalled);
    assert!(matches!(
        installed.warnings[..],
        [Warning::NewestUnknown { .. }]
    ));
}

#[test]
fn the_answer_is_remembered_for_a_while() {
    let world = World::new();
    world.installs();
    assert_eq!(world.installs().outcome, Outcome::AlreadyInstalled);
    assert_eq!(world.server.requests_for(PATH).len(), 1);
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_not_waited_for() {
    let mut world = World::new();
    world.request.limits.deadlines.response = Duration::from_millis(200);
    world.request.limits.retry.retries = 1;
    world.server.hold(PATH);
    world
        .fails(ErrorKind::Timeout)
        .reads("version_file_silence");
    assert_eq!(world.server.requests_for(PATH).len(), 2);
}

#[test]
fn a_server_that_never_finishes_its_handshake_is_not_waited_for() {
    // The operating system accepts the connection; nobody will ever read from it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut world = World::new();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    world.set("AMP_STORAGE_BASE", url);
    world.request.limits.deadlines.connect = Duration::from_millis(300);
    world.request.limits.retry.retries = 0;
    world.fails(ErrorKind::Timeout);
}
