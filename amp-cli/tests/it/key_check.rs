//! `credentials set --check`: a key is stored only when the service takes it.

use amp_cli::ExitCode;
use fixtures::backend::{Backend, Entry, Options};
use fixtures::scenario::ServiceHealth;

use crate::support::{Finished, World};

fn stand_in(health: ServiceHealth) -> Backend {
    let mut options = Options::default();
    options.health = health;
    Backend::start_blocking(options).expect("a stand-in")
}

/// A world without a key, at a service.
fn world_at(service: &Backend) -> World {
    World::new()
        .without("AMP_API_KEY")
        .with("AMP_URL", &service.url())
}

fn set_checked(world: &World) -> Finished {
    world.run_with_input(&["credentials", "set", "--check"], "a-secret-for-tests\n")
}

#[test]
fn a_key_that_the_service_takes_is_stored() {
    let service = stand_in(ServiceHealth::Well);
    // Amp asks no proxy for `http`, so neither does the check.
    let world = world_at(&service).with("HTTP_PROXY", "http://127.0.0.1:9");
    let finished = set_checked(&world);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    assert!(
        finished
            .stderr()
            .contains("it works, and belongs to user\n")
    );
    assert_eq!(world.run(&["credentials", "status"]).code, ExitCode::Done);
    let journal = service.journal();
    let [
        Entry::Request {
            method,
            path,
            authorized,
            ..
        },
    ] = journal.as_slice()
    else {
        panic!("{journal:?}");
    };
    assert_eq!(
        (method.as_str(), path.as_str()),
        ("POST", "/api/internal?getUserInfo")
    );
    assert!(authorized);
}

#[test]
fn a_key_that_the_service_rejects_is_not_stored() {
    let service = stand_in(ServiceHealth::RefusesKeys);
    let world = world_at(&service);
    let finished = set_checked(&world);
    let document = finished.document().replace(&service.url(), "[service]");
    insta::assert_snapshot!(document, @r"
    exit code: 3
    ----- stderr
    error: [service] rejects the key
      why: it answers HTTP 401: Unauthorized
      hint: keys are made at [service]/settings, and belong to one service
    ");
    assert_eq!(
        world.run(&["credentials", "status"]).code,
        ExitCode::Credentials
    );
}

#[test]
fn where_it_cannot_be_told_nothing_is_stored() {
    let service = stand_in(ServiceHealth::Fails);
    let nobody = world_at(&service).with("AMP_URL", "http://127.0.0.1:9/");
    for world in [world_at(&service), nobody] {
        let finished = set_checked(&world);
        assert_eq!(finished.code, ExitCode::Failed, "{}", finished.document());
        assert!(!finished.document().contains("a-secret-for-tests"));
        assert_eq!(
            world.run(&["credentials", "status"]).code,
            ExitCode::Credentials
        );
    }
}
